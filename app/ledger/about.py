"""Everything that the ledger has about one patient, some entries at a time."""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, bindparam

from app.auth.actors import named
from app.core.operation import Operation, rows
from app.core.values.problems import LedgerDamaged, Unreadable
from app.ledger.models import LedgerEntry
from app.ledger.queries import change_of, disclosure_of
from app.ledger.schemas import ChangeView, DisclosureView

AT_ONCE: Final = 50
"""Entries in memory at once. The body of one may have a megabyte."""
_ABOUT = (
    rows(LedgerEntry)
    .where(LedgerEntry.patient_id == bindparam("patient_id"), LedgerEntry.kind == bindparam("kind"))
    .order_by(LedgerEntry.number)
)


def changes(op: Operation, patient_id: UUID) -> Iterator[ChangeView]:
    """Yield each change of a record that named the patient then, oldest first.

    Raises `LedgerDamaged` if an entry was altered.
    """
    for some in _entries(op, patient_id, "change"):
        yield from map(change_of, some)


def disclosures(op: Operation, patient_id: UUID) -> Iterator[DisclosureView]:
    """Yield each read of the patient's data, oldest first."""
    for some in _entries(op, patient_id, "access"):
        names = named(op, {row.actor for row in some}, {row.client for row in some})
        yield from (disclosure_of(row, names) for row in some)


def _entries(op: Operation, patient_id: UUID, kind: str) -> Iterator[Sequence[Row[Any]]]:
    try:
        yield from op.partitions(_ABOUT, AT_ONCE, patient_id=patient_id, kind=kind)
    except Unreadable as error:
        raise LedgerDamaged("An entry can't be read.") from error
