"""Reading records of any kind: one, a page, a version."""

from typing import Any
from uuid import UUID

from app.core.operation import Operation
from app.core.pages import Filters, page
from app.core.problems import NotFound
from app.records.kinds import Kind, Viewed


def record(op: Operation, kind: Kind[Any], id: UUID) -> Viewed:
    """One record as it is now; `NotFound` where this clinic has none with this id."""
    found = op.first(kind.select_one, id=id)
    if found is None:
        raise NotFound
    return kind.viewed(found)


def records(
    op: Operation, kind: Kind[Any], filters: Filters, **more: object
) -> tuple[list[Viewed], str | None]:
    """A page of records that meet every filter given, and the cursor behind it."""
    given = {**filters.values(), **more}
    present = frozenset(kind.conditions.keys() & given.keys())
    statement = kind.select_list(present, further=filters.cursor is not None)
    found, cursor = page(op, statement, kind.order, filters, **given)
    return [kind.viewed(row) for row in found], cursor
