"""Reading records of any kind: one, a page, a version."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.operation import Operation
from app.core.pages import Filters, page
from app.core.problems import NotFound
from app.records.kinds import Kind, Viewed


def shown(op: Operation, kind: Kind[Any], id: UUID) -> Viewed:
    """One record as it is now, to answer with; `NotFound` where this clinic has none."""
    return kind.shown(_row(op, kind, id))


def shown_among(op: Operation, kind: Kind[Any], ids: Sequence[UUID]) -> list[Viewed]:
    """Those of the records with these ids that this clinic has, to answer with."""
    return [kind.shown(row) for row in op.all(kind.select_among, ids=ids)] if ids else []


def record(op: Operation, kind: Kind[Any], id: UUID) -> Viewed:
    """One record as it is now, to work with; `NotFound` where this clinic has none."""
    return kind.viewed(_row(op, kind, id))


def _row(op: Operation, kind: Kind[Any], id: UUID) -> Row[Any]:
    found = op.first(kind.select_one, id=id)
    if found is None:
        raise NotFound
    return found


def records(
    op: Operation, kind: Kind[Any], filters: Filters, **more: object
) -> tuple[list[Viewed], str | None]:
    """A page of records that meet every filter, to answer with, and the cursor behind it."""
    given = {**filters.values(), **more}
    present = frozenset(kind.conditions.keys() & given.keys())
    statement = kind.select_list(present, further=filters.cursor is not None)
    found, cursor = page(op, statement, kind.order, filters, **given)
    return [kind.shown(row) for row in found], cursor
