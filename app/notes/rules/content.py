"""The content of a note: the same visit gives the same note. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from app.notes.rules import beside, measured, needlings
from app.notes.rules.head import head
from app.notes.rules.visit import Note, Section, Visit
from app.notes.rules.words import Words, listed, written
from app.records.views import IdentifierView
from app.sessions.views import NeedleCountView

T = TypeVar("T")


def note(visit: Visit, words: Words, direction: str, *, reviewed: bool) -> Note:
    """Return the note of a visit.

    `reviewed` says whether a clinician has read the words of its language.
    """
    _, at = words.gettext, words.moment(visit.session["occurred_at"])
    title = _("Session of %(at)s") % {"at": at}
    sections = tuple(_sections(visit, words))
    foot = tuple(_foot(visit, words, reviewed=reviewed))
    return Note(words.tag, direction, title, tuple(head(visit, words)), sections, foot)


def _sections(visit: Visit, words: Words) -> Iterator[Section]:
    _, session, records = words.gettext, visit.session, visit.records
    yield _beside(_("Consent"), records["consents"], beside.consent, words)
    yield _beside(_("Screening"), records["screenings"], beside.screening, words)
    taken = session["measurements"]
    yield _own(_("Measured before the needles"), measured.in_session(taken, "before", words), words)
    findings = [measured.finding(each, words) for each in session["findings"]]
    yield _own(_("Findings by segment"), findings, words)
    yield _own(_("Needling"), needlings.lines(session["needlings"], words), words)
    counted = session["needle_count"]
    yield _own(_("Needle count"), [] if counted is None else [_counts(counted, words)], words)
    yield _own(_("Measured after the needles"), measured.in_session(taken, "after", words), words)
    done = listed(words.term("co_interventions", each) for each in session["co_interventions"])
    yield _own(_("Also done"), [done] if done else [], words)
    told = listed(words.term("aftercare", each) for each in session["aftercare"])
    yield _own(_("Aftercare"), [told] if told else [], words)
    yield _own(_("Note"), [written(session["note"])] if session["note"] else [], words)
    yield _own(_("Plan"), [written(session["plan"])] if session["plan"] else [], words)
    yield _beside(_("Follow-ups"), records["follow_ups"], beside.follow_up, words)
    more = _("Measurements beside the session")
    yield _beside(more, records["measurements"], measured.beside, words)
    yield _beside(_("Adverse events"), records["adverse_events"], beside.adverse_event, words)


def _own(title: str, lines: Sequence[str], words: Words) -> Section:
    """Return a section of the session's own content. That nothing was recorded is said."""
    return Section(title, lines or [words.gettext("not recorded")])


def _beside(
    title: str, records: Sequence[T] | None, line: Callable[[T, Words], str], words: Words
) -> Section:
    """Return a section of other records, or say that the client may not read them."""
    if records is None:
        return Section(title, [words.gettext("not shown to this client")])
    return _own(title, [line(each, words) for each in records], words)


def _counts(count: NeedleCountView, words: Words) -> str:
    _ = words.gettext
    said = _(
        "%(opened)s opened, %(inserted)s inserted, %(removed)s removed, %(disposed)s disposed of"
    )
    counts = said % count
    why = count["mismatch_reason"]
    if why is None:
        return counts
    return f"{counts}; " + words.labelled(_("reason for the difference"), written(why))


def _foot(visit: Visit, words: Words, *, reviewed: bool) -> Iterator[str]:
    _, session = words.gettext, visit.session
    told = {"id": session["id"], "version": session["version"]}
    yield _("Session %(id)s, version %(version)s") % told
    if session["identifiers"]:
        yield words.labelled(_("In other systems"), _identifiers(session["identifiers"]))
    yield _("L and R are the patient's own sides. Times are on the clinic's clock.")
    if not reviewed:
        yield _("No clinician has reviewed this translation yet.")


def _identifiers(identifiers: Iterable[IdentifierView]) -> str:
    return "; ".join(written(f"{each['value']} ({each['system']})") for each in identifiers)
