"""Cases: the courses of care of a cohort, each with what is counted of it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from app.progress.rules.courses import Care, cares_of, started
from app.progress.rules.events import Placed, placed
from app.progress.rules.history import Clock, History, course_of

Severity = Literal["mild", "significant", "serious"]
SEVERITIES: Final[tuple[Severity, ...]] = ("mild", "significant", "serious")


class Harm(NamedTuple):
    """An adverse event that was no close call."""

    id: str
    severity: str
    session_id: str | None  # the attended visit that it is counted with; None: there is none
    by_date: bool = False


class Case(NamedTuple):
    """A course of care, up to the end of the period."""

    patient_id: str
    care: Care
    diagnoses: Sequence[str]
    techniques: Sequence[str]
    insertions: int
    harms: Sequence[Harm]

    @property
    def practitioners(self) -> set[str]:
        """Who treated the patient."""
        return {visit.practitioner_id for visit in self.care.course.values()}


class Patient(NamedTuple):
    """All that is known of one patient of a cohort, up to the end of the period."""

    patient_id: str
    history: History
    """Its events are no close calls."""
    event_ids: Sequence[str]  # of the events of the history, in their order
    techniques: Mapping[str, str | None]  # by session
    diagnoses: Mapping[str, Sequence[str]]  # by episode
    insertions: Mapping[str, int]  # by session, of any patient; without needlings left out


def cases_of(patient: Patient, begin: int, end: int, clock: Clock) -> Iterator[Case]:
    """The courses of care of one patient that started from the instant `begin` on."""
    history = patient.history
    course = course_of(history.visits, clock, history.readings)
    cares = cares_of(history, course, end, clock, patient.insertions.keys())
    events = placed(history, cares.courses, course, clock)
    for number, care in enumerate(cares.courses):
        start = started(care)
        if start is not None and start >= begin:
            yield Case(
                patient.patient_id,
                care,
                patient.diagnoses.get(care.episode_id or "", ()),
                sorted({one for id in care.course if (one := patient.techniques[id])}),
                sum(patient.insertions.get(id, 0) for id in care.course),
                _harms(events, patient.event_ids, number),
            )


def _harms(events: Sequence[Placed], ids: Collection[str], number: int) -> list[Harm]:
    return [
        Harm(id, one.event.severity, one.session_id, one.by_date)
        for one, id in zip(events, ids, strict=True)
        if one.course == number
    ]
