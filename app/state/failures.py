"""After an operation that failed: whether a record that it needed differs from the ledger."""

from collections.abc import Collection, Iterator
from uuid import UUID

from sqlalchemy import or_

from app.core.db.database import Database
from app.core.db.dialects import among
from app.core.operation import Operation, perform, rows
from app.kinds import KINDS
from app.ledger.models import LedgerEntry
from app.records.reports import Difference, report
from app.state import compare

_PATIENTS = (
    rows(LedgerEntry, LedgerEntry.patient_id)
    .where(
        or_(among(LedgerEntry.resource_id, "ids"), among(LedgerEntry.patient_id, "ids")),
        LedgerEntry.patient_id.is_not(None),
    )
    .distinct()
)
_OF_PATIENTS = (
    rows(LedgerEntry, LedgerEntry.resource_id)
    .where(among(LedgerEntry.patient_id, "patients"), LedgerEntry.body_digest.is_not(None))
    .distinct()
)
_ROWS = [
    rows(kind.table, kind.table.id).where(among(kind.table.__table__.c.patient_id, "patients"))
    for kind in KINDS
    if "patient_id" in kind.table.__table__.c
]
"""Rows that somebody gave to one of the patients are theirs, too, whatever the ledger states."""


def report_differing(op: Operation, ids: Collection[UUID]) -> None:
    """Report every difference among these records and all others of their patients."""
    report(op, list(_differences(op, ids)))


def find_differing(database: Database, op: Operation, named: Collection[UUID]) -> bool:
    """Return whether a record differs among these and all others of their patients.

    Every difference is reported, in a transaction of its own.
    """
    own = Operation(op.name, op.caller, op.request_id, op.at)
    with database.snapshot(own.clinic_id) as db:
        own.begin(db)
        found = list(_differences(own, named)) if named else []
    if found:
        perform(database, own, lambda: report(own, found))
    return bool(found)


def _differences(op: Operation, named: Collection[UUID]) -> Iterator[Difference]:
    patients = [id_ for (id_,) in op.all(_PATIENTS, ids=list(named))]
    ids = {*named, *patients, op.clinic_id}
    if patients:
        for statement in (_OF_PATIENTS, *_ROWS):
            ids.update(id_ for (id_,) in op.all(statement, patients=patients))
    ordered = sorted(ids)
    for first in range(0, len(ordered), compare.AT_ONCE):
        yield from compare.among(op, ordered[first : first + compare.AT_ONCE])
