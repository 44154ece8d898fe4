"""Visits with needles about which no message asks: the patients whom only a call reaches."""

from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, func

from app.asks import queries, rules
from app.asks.models import Ask
from app.core.http.pages import Filters, Order, page
from app.core.operation import CLINIC, Operation, rows
from app.core.values.access import Scope
from app.core.values.clock import clinic_day
from app.followups.models import FollowUp
from app.followups.rules import ASKED_AFTER_H
from app.patients.models import Patient
from app.patients.service import PATIENTS
from app.records.queries import records_for_answer
from app.sessions.models import TreatmentSession
from app.web.console import access
from app.web.console.chart import plain
from app.web.console.follow_ups import REASONS, speaks, when

SHOW: Final = "not_asked"
"""The value of `show` for this list."""
LABEL: Final = "Not asked"
FROM: Final = timedelta(hours=ASKED_AFTER_H)
"""How long after a visit it is time to ask: as for a message."""
UNTIL: Final = timedelta(days=7)
"""How long after a visit a call is on the list."""
_UNSIGNED: Final = "The visit is not signed yet, so no message was planned."
_TOO_LATE: Final = "The visit was stored too late for a message."
_ORDER: Final = Order((TreatmentSession.occurred_at, TreatmentSession.id), descending=True)


def _none_of(table: Any, *which: Any) -> Any:
    """Whether a visit has no row of a table."""
    return ~rows(table, table.clinic_id).where(*which).correlate(TreatmentSession).exists()


_IS_MISSED: Final = (
    TreatmentSession.occurred_at >= bindparam("since"),
    TreatmentSession.occurred_at <= bindparam("until"),
    TreatmentSession.attendance == "attended",
    TreatmentSession.status != "void",
    Patient.status == "active",
    Patient.deceased_on.is_(None),
    queries.NEEDLED,
    _none_of(
        FollowUp,
        FollowUp.session_id == TreatmentSession.id,
        FollowUp.hours_after >= ASKED_AFTER_H,
    ),
    _none_of(
        Ask,
        Ask.session_id == TreatmentSession.id,
        Ask.patient_id == TreatmentSession.patient_id,
    ),
)
_OF_PATIENT: Final = and_(Patient.clinic_id == CLINIC, Patient.id == TreatmentSession.patient_id)
_FOUND: Final = (
    rows(
        TreatmentSession,
        *(TreatmentSession.id, TreatmentSession.patient_id, TreatmentSession.practitioner_id),
        *(TreatmentSession.occurred_at, TreatmentSession.status, TreatmentSession.episode_id),
    )
    .select_from(TreatmentSession)
    .join(Patient, _OF_PATIENT)
    .where(*_IS_MISSED)
)
_LIST: Final = (_ORDER.start(_FOUND), _ORDER.after(_FOUND))
_COUNT: Final = (
    rows(TreatmentSession, func.count())
    .select_from(TreatmentSession)
    .join(Patient, _OF_PATIENT)
    .where(*_IS_MISSED)
)


class Missed(NamedTuple):
    """A visit about which nobody was asked, as the list shows it."""

    session_id: str
    person: Any
    """The patient as JSON."""
    visit_at: str
    practitioner: str | None
    speaks: str | None
    reason: str
    """Why no message asks, in words."""


def may_see(op: Operation) -> bool:
    """Return whether the client may see the list: those who may enter what a patient says."""
    return all(map(op.caller.may, (Scope.FOLLOW_UPS_WRITE, Scope.PATIENTS_READ)))


def count(op: Operation) -> int:
    """Return how many visits the list has."""
    number: int = op.one(_COUNT, **_between(op))[0]
    return number


def listed(op: Operation, filters: Filters) -> tuple[list[Missed], str | None]:
    """Return a page of the list, the newest visit first, and the cursor of what follows it."""
    statement = _LIST[0 if filters.cursor is None else 1]
    found, cursor = page(op, statement, _ORDER, filters, **_between(op))
    ids = sorted({row.patient_id for row in found})
    people = {one["id"]: plain(one) for one in records_for_answer(op, PATIENTS, ids)}
    names = access.practitioners(op, [row.practitioner_id for row in found])
    return [_missed(op, row, people, names) for row in found], cursor


def _missed(op: Operation, row: Row[Any], people: dict[UUID, Any], names: Any) -> Missed:
    person = people.get(row.patient_id)
    return Missed(
        session_id=str(row.id),
        person=person,
        visit_at=when(op, row.occurred_at),
        practitioner=names.get(str(row.practitioner_id)),
        speaks=speaks(person),
        reason=_reason(op, row),
    )


def _reason(op: Operation, row: Row[Any]) -> str:
    consents = queries.message_consents(op, row.patient_id)
    decided = rules.in_force(consents, clinic_day(op.at, op.zone), row.episode_id)
    if not isinstance(decided, rules.MessageConsent):
        return REASONS[decided]
    return _UNSIGNED if row.status == "draft" else _TOO_LATE


def _between(op: Operation) -> dict[str, Any]:
    return {"since": op.at - UNTIL, "until": op.at - FROM}
