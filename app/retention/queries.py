"""Reads what an erasure depends on."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func

from app.core.operation import Operation, rows
from app.core.values.clock import clinic_day
from app.ledger.models import LedgerEntry
from app.patients.rules.birth_dates import last_day
from app.patients.service import PATIENTS
from app.records.queries import record
from app.records.registry import registry
from app.retention.errors import NoPolicy
from app.retention.models import LegalHold, RetentionPolicy
from app.retention.rules import erasable_on

_POLICY = rows(RetentionPolicy)
_HOLD = rows(LegalHold).where(LegalHold.patient_id == bindparam("patient_id"))
_LAST_CHANGE = rows(LedgerEntry, func.max(LedgerEntry.at)).where(
    LedgerEntry.patient_id == bindparam("patient_id"), LedgerEntry.kind == "change"
)


def due(op: Operation, patient_id: UUID) -> date:
    """The first day on which a patient may be erased. Raises `NotFound` or `NoPolicy`."""
    policy = op.first(_POLICY)
    if policy is None:
        raise NoPolicy
    patient = record(op, PATIENTS, patient_id)
    last = max(_contacts(op, patient_id))
    # The database counts days in UTC, so the later one of the two days counts.
    last_contact = max(clinic_day(last, op.zone), last.date())
    born = patient["birth_date"]
    # Of a birth date that is known in part, the last day counts: they may be a child for longer.
    born_on = None if born is None else last_day(born)
    return erasable_on(last_contact, born_on, policy.years, policy.majority_years)


def held(op: Operation, patient_id: UUID) -> bool:
    """Whether a legal hold is on the patient's record."""
    return op.first(_HOLD, patient_id=patient_id) is not None


def _contacts(op: Operation, patient_id: UUID) -> Iterator[datetime]:
    """The last times in a patient's records, and the time of the last change of any of them.

    The last change counts too, so that nobody can shorten the period by backdating a visit.
    """
    for statement in (_LAST_CHANGE, *_events()):
        [found] = op.first(statement, patient_id=patient_id) or [None]
        if found is not None:
            yield found


def _events() -> Iterator[Select[Any]]:
    for kind in registry.values():
        columns = kind.table.__table__.c
        if "patient_id" in columns:
            for name in kind.moments:
                yield rows(kind.table, func.max(columns[name])).where(
                    columns["patient_id"] == bindparam("patient_id")
                )
