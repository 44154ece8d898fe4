"""The words and the head of a letter, from the clinic, its record and the request."""

from collections.abc import Sequence
from typing import Any

from app.auth.actors import named
from app.clinics.queries import clinic
from app.core.operation import Operation
from app.core.values.faults import Fault
from app.core.values.problems import Invalid
from app.languages.queries import NOTES, languages, translations
from app.languages.rules.choice import SOURCE, Language, chosen, look_up
from app.notes.queries import names
from app.notes.rules import actors
from app.notes.rules.words import Words
from app.practitioners.views import PractitionerView
from app.summaries.rules.content import Chart, Release, name_of
from app.summaries.rules.letter import Head, letter_content
from app.summaries.rules.words import listed_texts, printable
from app.summaries.schemas import LetterBody


def language(asked: str | None) -> Language:
    """The language of a letter. Raises `Invalid` for another than notes have."""
    known = languages(NOTES)
    tag = look_up(asked or SOURCE, [each.tag for each in known])
    if tag is None:
        detail = f"Letters exist in these languages: {', '.join(each.tag for each in known)}."
        raise Invalid([Fault("/language", "unknown_language", detail)])
    return chosen([tag], known)


def content(
    op: Operation,
    chart: Chart,
    release: Release,
    body: LetterBody,
    practitioners: Sequence[PractitionerView],
) -> dict[str, Any]:
    """Everything that a letter prints. `practitioners` has those who treated, and the caller."""
    said, here = language(body.language), printable(clinic(op))
    words = _words(op, release, said)
    head = Head(
        here["name"],
        [each for each in (here["address"], here["phone"]) if each],
        [release.recipient.name or name_of(chart.patient), *printable(body.address)],
        _signer(op, chart, practitioners, words),
        said.reviewed,
        said.direction,
    )
    return letter_content(chart, release, head, words)


def _signer(
    op: Operation, chart: Chart, practitioners: Sequence[PractitionerView], words: Words
) -> str:
    """Who signs: the practitioner who asks for the letter, or the last who treated."""
    last = chart.sessions[-1]["practitioner_id"] if chart.sessions else None
    wanted = op.caller.practitioner_id or last
    found = next((each for each in practitioners if each["id"] == wanted), None)
    if found is None:
        return ""
    held = dict.fromkeys(words.code("credential", each["kind"]) for each in found["credentials"])
    return listed_texts([name_of(found), *held])


def _words(op: Operation, release: Release, said: Language) -> Words:
    say = translations(NOTES, said.tag).gettext
    name = named(op, {release.by}).actor
    known = names(op, say, printable)
    return Words(
        tag=said.tag,
        gettext=say,
        zone=op.zone,
        visit_at=op.at,
        muscle=known.muscle,
        scale=known.scale,
        term=known.term,
        actor=lambda who: str(printable(actors.actor(who, name, say))),
    )
