"""Whether the records that are stored are those that the ledger tells of.

For a database that came from a backup: a row that somebody changed there is nowhere in the ledger.
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
    LedgerEntry.body.is_not(None),  # what was destroyed by law is told of no more
)
_TOLD = _OF_KIND.where(among(LedgerEntry.resource_id, "ids"))


def faults(op: Operation) -> Iterator[str]:
    """What is stored and not told, or told and not stored, each in a sentence."""
    for noun, kind in registry.items():
        for page in _pages(op, kind):
            told = {(row.resource_id, row.version): row.body for row in _told(op, noun, page)}
            for row in page:
                body = told.get((row.id, row.version))
                if body is None or from_json(body) != to_jsonable_python(kind.view_of(row)):
                    yield f"One of the {noun}, {row.id}, is not what the ledger tells of it."
        missing = _OF_KIND.where(
            LedgerEntry.version == 1,
            ~exists().where(
                kind.table.clinic_id == CLINIC, kind.table.id == LedgerEntry.resource_id
            ),
        )
        for row in op.all(missing, noun=noun):
            yield f"One of the {noun}, {row.resource_id}, is in the ledger, and nowhere else."


def _pages(op: Operation, kind: Kind[Any, Any]) -> Iterator[Sequence[Row[Any]]]:
    """Every row of a kind, some at a time."""
    id = kind.table.id
    statement = kind.select.order_by(id).limit(READ_AT_ONCE)
    page = op.all(statement)
    while page:
        yield page
        page = op.all(statement.where(id > bindparam("after")), after=page[-1].id)


def _told(op: Operation, noun: str, page: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    ids: list[UUID] = [row.id for row in page]
    return op.all(_TOLD, noun=noun, ids=ids)
