"""Compare the stored records with their versions in the ledger.

This finds rows that somebody changed in a backup: the ledger doesn't have such a change.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from pydantic_core import from_json, to_jsonable_python
from sqlalchemy import Row, bindparam, exists

from app.core.db.dialects import among
from app.core.operation import CLINIC, Operation, rows
from app.ledger.models import LedgerEntry
from app.records.kinds import Kind
from app.records.registry import registry

READ_AT_ONCE: Final = 500

_OF_KIND = rows(LedgerEntry, LedgerEntry.resource_id, LedgerEntry.version, LedgerEntry.body).where(
    LedgerEntry.kind == "change",
    LedgerEntry.resource == bindparam("noun"),
    LedgerEntry.body.is_not(None),  # bodies that were erased, as the law asks, can't be compared
)
_OF_IDS = _OF_KIND.where(among(LedgerEntry.resource_id, "ids"))


def faults(op: Operation) -> Iterator[str]:
    """Yield a sentence for each record that differs from the ledger, or is only in one of both."""
    for noun, kind in registry.items():
        for page in _pages(op, kind):
            bodies = {(e.resource_id, e.version): e.body for e in _entries(op, noun, page)}
            for row in page:
                body = bodies.get((row.id, row.version))
                if body is None or from_json(body) != to_jsonable_python(kind.view_of(row)):
                    yield f"One of the {noun}, {row.id}, differs from its version in the ledger."
        missing = _OF_KIND.where(
            LedgerEntry.version == 1,
            ~exists().where(
                kind.table.clinic_id == CLINIC, kind.table.id == LedgerEntry.resource_id
            ),
        )
        for row in op.all(missing, noun=noun):
            yield f"One of the {noun}, {row.resource_id}, is in the ledger, but isn't stored."


def _pages(op: Operation, kind: Kind[Any, Any]) -> Iterator[Sequence[Row[Any]]]:
    """Yield all rows of a kind, `READ_AT_ONCE` at a time."""
    id = kind.table.id
    statement = kind.select.order_by(id).limit(READ_AT_ONCE)
    page = op.all(statement)
    while page:
        yield page
        page = op.all(statement.where(id > bindparam("after")), after=page[-1].id)


def _entries(op: Operation, noun: str, page: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    ids: list[UUID] = [row.id for row in page]
    return op.all(_OF_IDS, noun=noun, ids=ids)
