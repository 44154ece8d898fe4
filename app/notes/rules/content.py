"""The content of a note: the same visit gives the same note. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from app.notes.rules import beside, measured, needlings
from app.notes.rules.head import head, running
from app.notes.rules.visit import Note, Section, Visit
from app.notes.rules.words import Words, written
from app.records.views import IdentifierView
from app.sessions.views import NeedleCountView

T = TypeVar("T")


def note(visit: Visit, words: Words, direction: str, *, reviewed: bool) -> Note:
    """Return the note of a visit.

    `reviewed` says whether a clinician has read the words of its language.
    """
    _, at = words.gettext, words.moment(visit.session["occurred_at"])
    title = _("Session of %(at)s") % {"at": at}
    said = tuple(_said(sections(visit, words), words))
    foot = tuple(_foot(visit, words, reviewed=reviewed))
    first = tuple(head(visit, words))
    return Note(words.tag, direction, running(visit, words), title, first, said, foot)


def _said(every: Iterable[Section], words: Words) -> Iterator[Section]:
    """Return the sections that have lines, and one that names the others."""
    missing = []
    for section in every:
        if section.lines:
            yield section
        else:
            missing.append(section.title)
    if missing:
        yield Section(words.gettext("Not recorded"), ["; ".join(missing)])


def sections(visit: Visit, words: Words) -> Iterator[Section]:
    """Return every section. One of which nothing was recorded has no lines."""
    _, session, records = words.gettext, visit.session, visit.records
    yield _beside(_("Consent"), records["consents"], beside.consent, words)
    yield _beside(_("Screening"), records["screenings"], beside.screening, words)
    taken, counted = session["measurements"], session["needle_count"]
    yield Section(_("Measured before the needles"), measured.in_session(taken, "before", words))
    findings = [measured.finding(each, words) for each in session["findings"]]
    yield Section(_("Findings by segment"), findings)
    yield Section(_("Needling"), needlings.lines(session["needlings"], words))
    yield Section(_("Needle count"), [] if counted is None else [_counts(counted, words)])
    yield Section(_("Measured after the needles"), measured.in_session(taken, "after", words))
    done = [words.term("co_interventions", each) for each in session["co_interventions"]]
    yield Section(_("Also done"), done)
    yield Section(_("Aftercare"), [words.term("aftercare", each) for each in session["aftercare"]])
    yield Section(_("Note"), [written(session["note"])] if session["note"] else [])
    yield Section(_("Plan"), [written(session["plan"])] if session["plan"] else [])
    yield _beside(_("Follow-ups"), records["follow_ups"], beside.follow_up, words)
    more = _("Measurements beside the session")
    yield _beside(more, records["measurements"], measured.beside, words)
    yield _beside(_("Adverse events"), records["adverse_events"], beside.adverse_event, words)


def _beside(
    title: str, records: Sequence[T] | None, line: Callable[[T, Words], str], words: Words
) -> Section:
    """Return a section of other records, or say that the client may not read them."""
    if records is None:
        return Section(title, [words.gettext("not shown to this client")])
    return Section(title, [line(each, words) for each in records])


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
    if session["identifiers"]:
        yield words.labelled(_("In other systems"), _identifiers(session["identifiers"]))
    yield _("L and R are the patient's own sides. Times are on the clinic's clock.")
    if not reviewed:
        yield _("No clinician has reviewed this translation yet.")
    told = {"id": session["id"], "patient": session["patient_id"], "version": session["version"]}
    yield _("For the system: session %(id)s, patient %(patient)s, version %(version)s") % told


def _identifiers(identifiers: Iterable[IdentifierView]) -> str:
    return "; ".join(written(f"{each['value']} ({each['system']})") for each in identifiers)
