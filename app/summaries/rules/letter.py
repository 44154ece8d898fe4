"""A letter of one page about a patient: what it says, at its full length and shortened. Pure.

Its words are those of notes, in the same languages. Measures are told as progress tells them: what
changed, from how many values, never why.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from app.alerts.views import AlertView
from app.episodes.views import EpisodeView
from app.languages.queries import message
from app.notes.rules.beside import adverse_event
from app.notes.rules.codes import CODES
from app.notes.rules.words import Words
from app.progress.rules.wording import Json, count, signed
from app.sessions.views import SessionView
from app.summaries.rules.content import Chart, Release, name_of
from app.summaries.rules.words import listed_texts

ALERTED: Final = {
    "serious_adverse_event": message("a serious adverse event"),
    "differs_from_ledger": message("a record that is not as the ledger states it"),
    "before_alerts": message("marked before there were alerts"),
}
"""Reasons of alerts that are no red flags."""


class Limit(NamedTuple):
    """How much of a section stands in a letter."""

    items: int
    letters: int
    """Of each item."""


MOST: Final = 10_000
"""More than any section has."""
LIMITS: Final = (
    Limit(MOST, MOST),
    Limit(24, 1_200),
    *(Limit(12, 600), Limit(8, 300), Limit(4, 150), Limit(2, 80)),
)
"""From the whole to the shortest. The paper takes the first that fits on one page."""


class Item(NamedTuple):
    """A text that may be shortened, and figures that stand after it whole."""

    text: str
    figures: str


class Section(NamedTuple):
    """A part of a letter: its title, and its items."""

    title: str
    items: Sequence[str | Item]
    is_running: bool = False
    """Whether the items are short, and stand behind each other."""
    is_grave: bool = False
    """Whether it is about harm. Of it, four times as much stands in a letter."""


class Head(NamedTuple):
    """What surrounds a letter's sections."""

    clinic: str
    lines: Sequence[str]
    """The clinic's address and telephone number."""
    to: Sequence[str]
    """The recipient and their address."""
    signer: str
    """Who signs: their name and credentials."""
    reviewed: bool
    """Whether a clinician has read the words of its language."""
    direction: str


def letter_content(chart: Chart, release: Release, head: Head, words: Words) -> dict[str, Any]:
    """Everything that is printed, except the digest of the content."""
    _ = words.gettext
    sections = list(_sections(chart, words))
    person = chart.patient
    who = [name_of(person), person["birth_date"] and _("born %(day)s") % person_day(person)]
    who += [each["value"] for each in person["identifiers"][:1]]
    return {
        "clinic": head.clinic,
        "lines": head.lines,
        "language": words.tag,
        "direction": head.direction,
        "day": f"{release.at:%Y-%m-%d}",
        "to": head.to,
        "title": _("Letter about a patient"),
        "about": words.labelled(_("About"), " · ".join(filter(None, who))),
        "variants": [_shortened(sections, limit, words) for limit in LIMITS],
        "signature": words.labelled(_("Signature"), head.signer),
        "foot": list(_foot(release, head, words)),
    }


def person_day(person: Any) -> dict[str, str]:
    """The birth date, for a sentence."""
    return {"day": str(person["birth_date"])}


def _foot(release: Release, head: Head, words: Words) -> Iterator[str]:
    _ = words.gettext
    made = {"at": words.moment(release.at), "by": words.actor(release.by)}
    yield _("Written %(at)s by %(by)s from the clinic's record. Page 1 of 1.") % made
    yield _(
        "“Changed by” says how much a value changed, not why; n is the number of values. L and R"
        " are the patient's own sides."
    )
    if not head.reviewed:
        yield _("No clinician has reviewed this translation yet.")


def _sections(chart: Chart, words: Words) -> Iterator[Section]:
    _ = words.gettext
    attended = [
        each
        for each in chart.sessions
        if each["attendance"] == "attended" and each["status"] != "void"
    ]
    if chart.differing:
        warning = _(
            "Warning: a record of this note is not as the clinic's ledger states it. Somebody"
            " changed it outside the program."
        )
        yield Section(_("Warning"), [warning])
    yield Section(_("Complaint"), [_complaint(each, words) for each in chart.episodes])
    alerts = [each for each in chart.records["alerts"] if each["status"] == "open"]
    yield Section(_("Open alerts"), [_alert(each, words) for each in alerts], is_grave=True)
    yield Section(_("Visits"), list(_visits(attended, words)), is_running=True)
    yield Section(_("Needled"), list(_needled(attended, words)), is_running=True)
    measures: list[str | Item] = [_measure(each, words) for each in chart.progress["measures"]]
    if any(each["baseline"] and each["baseline"]["n"] == 1 for each in chart.progress["measures"]):
        measures.append(
            _(
                "A baseline of one value: a first value that was picked because it was high falls"
                " by itself."
            )
        )
    yield Section(_("Measures"), measures)
    events = chart.records["adverse_events"]
    harms = [adverse_event(each, words) for each in events]
    yield Section(_("Adverse events"), harms, is_grave=True)
    yield Section(_("Plan"), list(_plans(chart, attended, words)))


def _alert(alert: AlertView, words: Words) -> str:
    why = listed_texts(_why(reason, words) for reason in alert["reasons"])
    return words.labelled(words.moment(alert["raised_at"]), why)


def _why(reason: str, words: Words) -> str:
    if reason in CODES["red_flag"]:
        return words.code("red_flag", reason)
    return words.gettext(ALERTED[reason]) if reason in ALERTED else reason.replace("_", " ")


def _complaint(episode: EpisodeView, words: Words) -> str:
    _, region, side, onset, closed = (
        words.gettext,
        episode["region"],
        episode["side"],
        episode["onset_on"],
        episode["closed_at"],
    )
    parts = [
        episode["complaint"],
        region and words.term("regions", region),
        side and words.code("side", side),
        None if onset is None else _("since %(day)s") % {"day": onset},
        None if closed is None else _("closed %(day)s") % {"day": f"{closed:%Y-%m-%d}"},
    ]
    return listed_texts(parts)


def _visits(attended: Sequence[SessionView], words: Words) -> Iterator[str]:
    _ = words.gettext
    if not attended:
        return
    days = [f"{each['occurred_at']:%Y-%m-%d}" for each in attended]
    many = words.counted(len(days), _("%(n)s visit"), _("%(n)s visits"))
    drafts = sum(each["status"] == "draft" for each in attended)
    if drafts:
        many += " " + _("(%(n)s not signed yet)") % {"n": drafts}
    yield _("%(visits)s, %(first)s to %(last)s") % {
        "visits": many,
        "first": days[0],
        "last": days[-1],
    }
    yield from days[1:-1]


def _needled(attended: Sequence[SessionView], words: Words) -> Iterator[str]:
    """The muscles with their sides, most often needled first, each with its number of visits."""
    _ = words.gettext
    counted: Counter[str] = Counter()
    for each in attended:
        rows = each["needlings"]
        placed = (words.placed(row["muscle"], row["side"], row["spinal_level"]) for row in rows)
        counted.update([*dict.fromkeys(placed)])
    for place, times in counted.most_common():
        yield _("%(muscle)s (%(n)s of %(all)s visits)") % {
            "muscle": place,
            "n": times,
            "all": len(attended),
        }


def _measure(measure: Json, words: Words) -> Item:
    _ = words.gettext
    side, muscle, moved = measure["side"], measure["muscle"], measure["movement"]
    what = [
        words.code("instrument", measure["instrument"]),
        measure["activity"],
        moved and words.term("movements", moved),
        words.placed(muscle, side) if muscle else side and words.code("side", side),
    ]
    return Item(listed_texts(what), "; ".join(_figures(measure, words)))


def _figures(measure: Json, words: Words) -> Iterator[str]:
    _, first, last = words.gettext, measure["baseline"], measure["latest"]
    if first is not None:
        told = {"value": words.number(first["value"]), "day": first["at"][:10], "n": first["n"]}
        yield _("baseline %(value)s from %(day)s (days: %(n)s)") % told
    if last is not None:
        told = {"value": words.number(last["value"]), "day": last["at"][:10]}
        yield _("latest %(value)s on %(day)s") % told
    if measure["change"] is not None:
        change = signed(round(measure["change"], 2) + 0.0)
        told = {"change": change.replace(".", words.number(0.5)[1]), "n": count(measure)}
        yield _("changed by %(change)s, n = %(n)s") % told


def _plans(chart: Chart, attended: Sequence[SessionView], words: Words) -> Iterator[str]:
    _ = words.gettext
    last = next((each for each in reversed(attended) if each["plan"]), None)
    if last is not None:
        label = _("Visit of %(day)s") % {"day": f"{last['occurred_at']:%Y-%m-%d}"}
        yield words.labelled(label, str(last["plan"]))
    for episode in chart.episodes:
        plan = episode["plan"]
        if episode["closed_at"] is None and plan["sessions"]:
            agreed = words.counted(plan["sessions"], _("%(n)s visit"), _("%(n)s visits"))
            yield words.labelled(_("Agreed"), agreed)


def _shortened(sections: Sequence[Section], limit: Limit, words: Words) -> dict[str, Any]:
    """The sections with at most so much of each. It says what is missing, and where it is."""
    _ = words.gettext
    shown, is_less = [], False
    for title, items, is_running, is_grave in sections:
        times = 4 if is_grave else 1
        first = [*items[: limit.items * times]]
        whole = [_cut(each, MOST, words) for each in first]
        kept = [_cut(each, limit.letters * times, words) for each in first]
        more = len(items) - len(kept)
        is_less = is_less or bool(more) or kept != whole
        if more:
            kept.append(_("and %(n)s more") % {"n": more})
        empty = _("None recorded.")
        lines = [" · ".join(kept)] if is_running and kept else kept or [empty]
        shown.append({"title": title, "lines": lines})
    told = _(
        "Shortened to one page: “[…]” and “and … more” stand where something is left out. The"
        " clinic's record has all of it, and the clinic can send the whole summary."
    )
    return {"sections": shown, "shortened": told if is_less else ""}


def _cut(item: str | Item, letters: int, words: Words) -> str:
    """An item whose text has at most so many letters, and says where something is left out."""
    text = item if isinstance(item, str) else item.text
    if len(text) > letters:
        text = f"{text[:letters].rstrip()} […]"
    return text if isinstance(item, str) else words.labelled(text, item.figures)
