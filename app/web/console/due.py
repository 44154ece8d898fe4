"""What is due of a clinic's patients: drafts to sign, calls, alerts, and nobody's first visit."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select

from app.alerts.models import Alert
from app.asks.models import Ask
from app.core.db.dialects import unindexed
from app.core.http.pages import Filters, Order, page
from app.core.operation import Operation, rows
from app.core.values.access import Scope
from app.core.values.problems import Forbidden
from app.patients.models import Patient
from app.sessions.models import TreatmentSession
from app.web.console import follow_ups

COUNTED_MAX: Final = 100
"""Drafts are counted up to here, so that a bar costs the same in a clinic that never signs."""
IS_DRAFT: Final = (TreatmentSession.status == "draft", TreatmentSession.attendance == "attended")
"""Which sessions somebody has to sign."""


# By the index of the state, few rows are read. By that of a patient or practitioner, all are.
_IS_MINE: Final = unindexed(TreatmentSession.practitioner_id) == bindparam("own")
IS_VISIT: Final = (TreatmentSession.attendance == "attended", TreatmentSession.status != "void")
"""Whether a session is a visit of the patient."""
BEFORE_ALL: Final = datetime(1900, 1, 1, tzinfo=UTC)

Show = Literal["all", "mine", "sign", "call", "alert", "new"]
"""Which patients a list has."""


class _Due(NamedTuple):
    label: str
    scope: Scope
    order: Order
    start: Select[Any]
    after: Select[Any]


def _due(label: str, scope: Scope, statement: Select[Any]) -> _Due:
    """One of the lists: `statement` selects patients as `id`, and `at`, since when it is due."""
    due = statement.subquery()
    order = Order((due.c.at, due.c.id))
    return _Due(label, scope, order, order.start(select(due)), order.after(select(due)))


def _since(table: Any, at: Any, *which: Any) -> Select[Any]:
    """Return the patients of some rows, each with the earliest time of theirs."""
    patient = unindexed(table.patient_id)
    found = rows(table, patient.label("id"), func.min(at).label("at"))
    return found.where(*which).group_by(patient)


def _drafts(*more: Any) -> Select[Any]:
    return _since(TreatmentSession, TreatmentSession.occurred_at, *IS_DRAFT, *more)


_LISTS: Final[Mapping[str, _Due]] = {
    "mine": _due("Yours to sign", Scope.SESSIONS_READ, _drafts(_IS_MINE)),
    "sign": _due("Drafts to sign", Scope.SESSIONS_READ, _drafts()),
    "call": _due(
        "To call",
        Scope.ASKS_READ,
        _since(Ask, Ask.due_at, follow_ups.TO_CALL),
    ),
    "alert": _due(
        "Open alert",
        Scope.ALERTS_READ,
        _since(
            Alert,
            Alert.raised_at,
            Alert.status == "open",
            unindexed(Alert.patient_id).is_not(None),
        ),
    ),
    "new": _due(
        "No visit yet",
        Scope.SESSIONS_READ,
        rows(Patient, Patient.id, Patient.created_at.label("at")).where(
            Patient.status == "active",
            ~rows(TreatmentSession, TreatmentSession.id)
            .where(TreatmentSession.patient_id == Patient.id, *IS_VISIT)
            .correlate(Patient)
            .exists(),
        ),
    ),
}
_COUNTS: Final = {
    name: select(func.count()).select_from(
        rows(TreatmentSession, TreatmentSession.id)
        .where(*IS_DRAFT, *more)
        .limit(COUNTED_MAX)
        .subquery()
    )
    for name, more in (("mine", (_IS_MINE,)), ("sign", ()))
}


class Drafts(NamedTuple):
    """How many sessions wait for a signature, at most `COUNTED_MAX`, and the list of them."""

    number: int
    show: Show


def drafts(op: Operation) -> Drafts | None:
    """Return the drafts of the practitioner who is signed in; everybody's for anybody else.

    None for those who may not read sessions and patients.
    """
    if not (op.caller.may(Scope.SESSIONS_READ) and op.caller.may(Scope.PATIENTS_READ)):
        return None
    show: Show = "sign" if op.caller.practitioner_id is None else "mine"
    return Drafts(_count(op, show), show)


def _count(op: Operation, show: str) -> int:
    own = {"own": op.caller.practitioner_id} if show == "mine" else {}
    number: int = op.one(_COUNTS[show], **own)[0]
    return number


def _of_my_visits(table: Any, which: Any) -> Select[Any]:
    """Count the rows of a table that meet a condition, of the sessions of one practitioner."""
    visit = rows(TreatmentSession, TreatmentSession.id).where(
        TreatmentSession.id == unindexed(table.session_id), _IS_MINE
    )
    return rows(table, func.count()).where(which, visit.correlate(table).exists())


_LEFT_DRAFTS: Final = rows(TreatmentSession, func.count()).where(*IS_DRAFT, _IS_MINE)
_LEFT_ALERTS: Final = _of_my_visits(Alert, Alert.status == "open")
_LEFT_CALLS: Final = _of_my_visits(Ask, follow_ups.TO_CALL)


def left_by(op: Operation, practitioner_id: UUID) -> list[str]:
    """Return in words what waits for a practitioner, before they leave or are inactive.

    It counts as far as the client may read: drafts, open alerts of their visits, and calls.
    """
    found: tuple[tuple[Scope, Select[Any], Mapping[str, UUID], str, str], ...] = (
        (Scope.SESSIONS_READ, _LEFT_DRAFTS, {}, "session", "not signed yet"),
        (Scope.ALERTS_READ, _LEFT_ALERTS, {}, "open alert", "of their visits"),
        (Scope.ASKS_READ, _LEFT_CALLS, follow_ups.called(op), "patient", "of theirs to call"),
    )
    told = []
    for scope, statement, values, noun, rest in found:
        if op.caller.may(scope):
            number: int = op.one(statement, own=practitioner_id, **values)[0]
            if number:
                told.append(f"{number} {noun}{'' if number == 1 else 's'} {rest}")
    return told


def tabs(op: Operation) -> dict[str, str]:
    """Return the labels of the lists that the client may see, by the value of `show`."""
    return {"all": "Everybody"} | {
        name: due.label
        for name, due in _LISTS.items()
        if op.caller.may(due.scope) and (name != "mine" or op.caller.practitioner_id)
    }


def counts(op: Operation) -> dict[str, int]:
    """Return how many drafts the lists of drafts have, as far as the client may read them."""
    return {name: _count(op, name) for name in tabs(op) if name in _COUNTS}


def patients(op: Operation, show: Show, filters: Filters) -> tuple[list[UUID], str | None]:
    """Return a page of the patients of whom something is due, for the longest time first.

    Raises `Forbidden` for a list that the client may not see.
    """
    due = _LISTS[show]
    if show not in tabs(op):
        raise Forbidden("You may not see this list.", scope=due.scope)
    values: dict[str, object] = {}
    if show == "mine":
        values["own"] = op.caller.practitioner_id
    if show == "call":
        values |= follow_ups.called(op)
    found, cursor = page(
        op, due.start if filters.cursor is None else due.after, due.order, filters, **values
    )
    return [row.id for row in found], cursor
