"""Set the policy, hold and release a record, erase a patient."""

from collections.abc import Iterator
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Delete,
    Row,
    String,
    cast,
    delete,
    false,
    insert,
    select,
    text,
    update,
)

from app.core.db.tables import ClinicOwned, Table
from app.core.http.retries import StoredAnswer
from app.core.operation import Operation
from app.core.values.clock import clinic_day
from app.deliveries.models import Delivery, OutboxItem
from app.ledger import service as ledger
from app.ledger.models import LedgerEntry
from app.patients.service import PATIENTS
from app.records.queries import record
from app.records.registry import registry
from app.records.service import lock_record
from app.retention import queries
from app.retention.errors import OnHold, TooEarly
from app.retention.models import LegalHold, RetentionPolicy

ERASE = "patients.erase"
_BLANK = text("SELECT erase_ledger_bodies(:clinic, :patient)")


class PolicyView(TypedDict):
    """How long a clinic keeps records; its id is the clinic's."""

    id: UUID
    years: int
    majority_years: int


def view(row: Row[Any]) -> PolicyView:
    """The view of a clinic's policy."""
    return {"id": row.clinic_id, "years": row.years, "majority_years": row.majority_years}


def set_policy(op: Operation, years: int, majority_years: int) -> PolicyView:
    """Set how long the clinic keeps records."""
    row = {"clinic_id": op.clinic_id, "years": years, "majority_years": majority_years}
    op.db.execute(delete(RetentionPolicy).where(RetentionPolicy.clinic_id == op.clinic_id))
    op.db.execute(insert(RetentionPolicy), row)
    policy = PolicyView(id=op.clinic_id, years=years, majority_years=majority_years)
    ledger.record(op, "retention_policies", policy)
    return policy


def hold(op: Operation, patient_id: UUID, reason: str) -> None:
    """Put a patient's record on hold; `NotFound` if this clinic has no such patient. Idempotent."""
    record(op, PATIENTS, patient_id)
    if not queries.held(op, patient_id):
        row = {"clinic_id": op.clinic_id, "patient_id": patient_id, "reason": reason}
        op.db.execute(insert(LegalHold), row | {"since": op.at})
        _record_hold(op, patient_id, reason, held=True)


def release(op: Operation, patient_id: UUID, reason: str) -> None:
    """Release a hold; `NotFound` if this clinic has no such patient. Idempotent."""
    record(op, PATIENTS, patient_id)
    if queries.held(op, patient_id):
        op.db.execute(delete(LegalHold).where(*_of_patient(LegalHold, op, patient_id)))
        _record_hold(op, patient_id, reason, held=False)


def _record_hold(op: Operation, patient_id: UUID, reason: str, *, held: bool) -> None:
    view = {"id": patient_id, "held": held}
    ledger.record(op, "legal_holds", view, patient_id=patient_id, reason=reason)


def erase(op: Operation, patient_id: UUID, reason: str) -> None:
    """Erase a patient: their records' rows, and the bodies of their ledger entries.

    The rest of each entry stays, because the ledger's tree covers it: that there was a record, who
    changed or read it and when, and the digest of the body. Raises `NotFound`, `NoPolicy`, `OnHold`
    or `TooEarly`. The transaction must be an `owning` one: no serving role may blank a body. The
    database itself checks the policy, the hold and the last change once more.
    """
    patient = lock_record(op, PATIENTS, patient_id)
    due = queries.due(op, patient_id)
    if queries.held(op, patient_id):
        raise OnHold
    if min(clinic_day(op.at, op.zone), op.at.date()) < due:
        raise TooEarly(due)
    for statement in _deletions(op, patient_id):
        op.db.execute(statement)
    view = {"id": patient_id, "version": patient["version"] + 1, "erased_at": op.at}
    ledger.record(op, PATIENTS.noun, view, patient_id=patient_id, operation=ERASE, reason=reason)
    # After the erasure's own entry: without that the database refuses to blank any body.
    op.before_commit.append(lambda: _blank(op, patient_id))


def _deletions(op: Operation, patient_id: UUID) -> Iterator[Delete]:
    yield delete(StoredAnswer).where(
        StoredAnswer.clinic_id == op.clinic_id,
        cast(StoredAnswer.shown, String).contains(str(patient_id)),
    )
    # Delete referring rows before the rows they refer to.
    order = [table.name for table in reversed(Table.metadata.sorted_tables)]
    for kind in sorted(registry.values(), key=lambda kind: order.index(kind.table.__tablename__)):
        whose = tuple(_of_patient(kind.table, op, patient_id))
        told = select(kind.table.id).where(*whose)
        for table in (Delivery, OutboxItem):
            yield delete(table).where(
                table.clinic_id == op.clinic_id,
                table.resource == kind.noun,
                table.resource_id.in_(told),
            )
        for child in kind.children:
            parent = child.table.__table__.c[child.parent]
            ids = select(kind.table.id).where(*whose)
            yield delete(child.table).where(child.table.clinic_id == op.clinic_id, parent.in_(ids))
        yield delete(kind.table).where(*whose)


def _of_patient(
    table: type[ClinicOwned], op: Operation, patient_id: UUID
) -> Iterator[ColumnElement[bool]]:
    columns = table.__table__.c
    yield table.clinic_id == op.clinic_id
    if table is PATIENTS.table:
        yield columns.id == patient_id
    else:
        yield columns.patient_id == patient_id if "patient_id" in columns else false()


def _blank(op: Operation, patient_id: UUID) -> None:
    if op.db.dialect.name == "postgresql":
        op.db.execute(_BLANK, {"clinic": op.clinic_id, "patient": patient_id})
        return
    op.db.execute(
        update(LedgerEntry)
        .where(
            LedgerEntry.clinic_id == op.clinic_id,
            LedgerEntry.patient_id == patient_id,
            LedgerEntry.operation != ERASE,
            LedgerEntry.body.is_not(None),
        )
        .values(body=None, salt=None)
    )
