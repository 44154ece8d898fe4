"""The last visit, the complaints and the consents of a patient, as the chart shows them first."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from sqlalchemy import bindparam, not_

from app.clinics.queries import clinic
from app.core.db.dialects import among
from app.core.operation import Operation, rows
from app.core.values.access import Scope
from app.core.values.clock import clinic_day
from app.episodes.schemas import EpisodeFilters
from app.episodes.service import EPISODES
from app.languages.queries import NOTES, languages
from app.languages.rules.choice import chosen
from app.measurements.schemas import MeasurementFilters
from app.measurements.service import MEASUREMENTS
from app.measurements.views import MeasurementView
from app.notes.queries import words_of
from app.notes.rules.measured import beside, finding, in_session
from app.notes.rules.needlings import needling
from app.notes.rules.visit import NoteRecords, Visit
from app.records.queries import record_for_answer, records
from app.safety.views import AdverseEventView
from app.sessions.models import TreatmentSession
from app.sessions.service import SESSIONS
from app.sessions.views import SessionView
from app.signing import queries as signing
from app.signing.rules import TREATMENT, last_decisions
from app.signing.rules import Visit as VisitToSign
from app.web.console import begun
from app.web.console.access import practitioners
from app.web.console.chart import plain

ENGLISH: Final = chosen(["en"], languages(NOTES))
"""The language of the console."""
NEEDLING: Final = "needling"
EPISODES_MAX: Final = 200
MEASUREMENTS_MAX: Final = 50
_LAST: Final = (
    SESSIONS.select.where(
        TreatmentSession.patient_id == bindparam("patient_id"),
        TreatmentSession.attendance == "attended",
        TreatmentSession.status != "void",
        not_(among(TreatmentSession.id, "without")),
    )
    .order_by(TreatmentSession.occurred_at.desc(), TreatmentSession.id.desc())
    .limit(1)
)
_PLANNED: Final = (
    rows(TreatmentSession, TreatmentSession.occurred_at, TreatmentSession.plan)
    .where(
        TreatmentSession.patient_id == bindparam("patient_id"),
        TreatmentSession.occurred_at < bindparam("at"),
        TreatmentSession.status != "void",
        TreatmentSession.plan.is_not(None),
    )
    .order_by(TreatmentSession.occurred_at.desc(), TreatmentSession.id.desc())
    .limit(1)
)


class Planned(NamedTuple):
    """A plan, and when it was written."""

    at: str
    plan: str


class Seen(NamedTuple):
    """A session as a page shows it."""

    session: Any
    """As JSON."""
    by: str
    """Who treated."""
    findings: list[str]
    """A line for each segmental sign."""
    needlings: list[str]
    """A line for each needling, in the words of the note."""
    before: list[str]
    """A line for each value from before the needles."""
    after: list[str]
    """A line for each value from after the needles."""
    others: list[str]
    """A line, with its time, for each value that was recorded beside the visit or after it."""
    earlier_plan: Planned | None
    """The last plan before, where the session has none: nobody has said that it is done."""


class Begun(NamedTuple):
    """A draft of today without needles, with which a visit goes on."""

    id: str
    at: str
    by: str
    """Who treats."""


class Decided(NamedTuple):
    """The patient's last decision on one kind of treatment."""

    kind: str
    decision: str
    at: str


def last_visit(op: Operation, patient_id: UUID, but: UUID | None = None) -> Seen | None:
    """Return the newest attended session; None if there is none.

    A draft counts, unless it is `but`, is empty, or was begun today and has no needles yet. The
    caller has checked that the client may read sessions.
    """
    without = begun.not_yet_visits(op, begun.drafts(op, patient_id))
    left_out = without if but is None else [*without, but]
    found = op.first(_LAST, patient_id=patient_id, without=left_out)
    return None if found is None else _seen(op, record_for_answer(op, SESSIONS, found.id))


def to_go_on_with(op: Operation, drafts: Iterable[SessionView]) -> list[Begun]:
    """Return the drafts of today without needles. The caller has recorded the access."""
    found = list(begun.begun(op, drafts, op.at, None))
    names = practitioners(op, {one["practitioner_id"] for one in found})
    return [
        Begun(str(one["id"]), plain(one["occurred_at"]), names.get(str(one["practitioner_id"]), ""))
        for one in found
    ]


def _seen(op: Operation, session: SessionView) -> Seen:
    """Return a session as a page shows it. The access was recorded before."""
    nothing = cast("NoteRecords", dict.fromkeys(NoteRecords.__annotations__))
    visit = Visit(clinic(op)["name"], session, nothing, (), differs=False)
    words = words_of(op, visit, ENGLISH)
    by = words.actor(f"practitioner:{session['practitioner_id']}")
    taken = session["measurements"]
    return Seen(
        session=plain(session),
        by=by,
        findings=[finding(each, words) for each in session["findings"]],
        needlings=[needling(each, words) for each in session["needlings"]],
        before=in_session(taken, "before", words),
        after=in_session(taken, "after", words),
        others=[beside(each, words) for each in _others(op, session)],
        earlier_plan=None if session["plan"] else _earlier_plan(op, session),
    )


def _earlier_plan(op: Operation, session: SessionView) -> Planned | None:
    found = op.first(_PLANNED, patient_id=session["patient_id"], at=session["occurred_at"])
    return None if found is None else Planned(plain(found.occurred_at), found.plan)


def _others(op: Operation, session: SessionView) -> Iterator[MeasurementView]:
    """Yield the values that belong to a session from outside it, and later ones, newest first."""
    if not op.caller.may(Scope.MEASUREMENTS_READ):
        return
    wanted = MeasurementFilters(patient_id=session["patient_id"], limit=MEASUREMENTS_MAX)
    for each in records(op, MEASUREMENTS, wanted)[0]:
        if each["session_id"] == session["id"] or each["taken_at"] >= session["occurred_at"]:
            yield each


def is_since(session: Any, event: AdverseEventView) -> bool:
    """Return whether an event names a session, which is JSON, or happened after it."""
    if event["session_id"] is not None and str(event["session_id"]) == session["id"]:
        return True
    return event["occurred_at"] >= datetime.fromisoformat(session["occurred_at"])


def open_episodes(op: Operation, patient_id: UUID) -> list[Any] | None:
    """Return the open episodes as JSON; None if the client may not read episodes."""
    if not op.caller.may(Scope.EPISODES_READ):
        return None
    filters = EpisodeFilters(patient_id=patient_id, status="active", limit=EPISODES_MAX)
    return list(plain(records(op, EPISODES, filters)[0]))


def consents(op: Operation, patient_id: UUID, episodes: list[Any] | None) -> list[Decided] | None:
    """Return what the patient decided last on each kind of treatment; None if it can't be read.

    A consent that has expired, or that is for an episode that is closed, doesn't count.
    """
    if not op.caller.may(Scope.CONSENTS_READ):
        return None
    every = signing.consents(op, patient_id)
    found: dict[tuple[str, str], Decided] = {}
    for episode_id in (None, *(UUID(one["id"]) for one in episodes or ())):
        visit = VisitToSign(op.at, clinic_day(op.at, op.zone), episode_id)
        for kind, (consent, decision) in last_decisions(every, visit).items():
            at = consent.withdrawn_at if decision == "withdrawn" else consent.obtained_at
            found[kind, decision] = Decided(kind, decision, plain(at))
    return list(_in_order(found.values()))


def _in_order(found: Iterable[Decided]) -> Iterator[Decided]:
    """Yield decisions in the order of the kinds; what stops a treatment comes first."""
    listed = list(found)
    for kind in sorted(TREATMENT, key=lambda kind: (kind != NEEDLING, kind)):
        of_kind = [one for one in listed if one.kind == kind]
        yield from sorted(of_kind, key=lambda one: (one.decision == "given", one.at))
