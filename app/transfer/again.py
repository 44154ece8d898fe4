"""Creates the records of rows, and recognises those that come again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from app.core.db.dialects import among
from app.core.operation import Operation, rows
from app.core.values.problems import IdTaken
from app.ledger import queries as ledger
from app.records.kinds import Kind
from app.records.repeats import has_content
from app.records.service import Outcome, create
from app.transfer.bodies import Item
from app.vocabularies.queries import Words


def create_items(op: Operation, items: Sequence[Item]) -> list[Outcome]:
    """Create the records of rows. Each may refer to those before it.

    A row whose record is stored, with the content that it has now or was created with, is accepted
    and changes nothing. That holds whatever today's rules say of the row.
    """
    placed = _placed(op, items)
    valid = [item for item in placed if item.body is not None]
    bodies = [(i.kind, i.body.model_copy(update={"id": i.ids[0]})) for i in valid if i.body]
    # A record that got its word before the row became inactive is imported with it.
    created = iter(create(op, bodies, Words(op, inactive=True), imported=True))
    outcomes = [
        Outcome(item.ids[0], problem=item.problem) if item.body is None else next(created)
        for item in placed
    ]
    refused = [
        item
        for item, outcome in zip(placed, outcomes, strict=True)
        if item.body is None or isinstance(outcome.problem, IdTaken)
    ]
    same = {id(item) for item in _as_stored(op, refused)}
    return [
        Outcome(item.ids[0]) if id(item) in same else outcome
        for item, outcome in zip(placed, outcomes, strict=True)
    ]


def _placed(op: Operation, items: Sequence[Item]) -> list[Item]:
    """The items, each with the id of its stored record first, if it has one."""
    wanted: defaultdict[Kind[Any, Any], set[UUID]] = defaultdict(set)
    for item in items:
        if len(item.ids) > 1:
            wanted[item.kind].update(item.ids)
    stored = {kind: _stored(op, kind, ids) for kind, ids in wanted.items()}
    return [
        item._replace(ids=(next((i for i in item.ids if i in stored[item.kind]), item.ids[0]),))
        if len(item.ids) > 1
        else item
        for item in items
    ]


def _stored(op: Operation, kind: Kind[Any, Any], ids: Iterable[UUID]) -> set[UUID]:
    statement = rows(kind.table, kind.table.id).where(among(kind.table.id, "ids"))
    return {row.id for row in op.all(statement, ids=list(ids))}


def _as_stored(op: Operation, items: Sequence[Item]) -> list[Item]:
    """The items that have the content of a stored record, now or in its first version."""
    wanted: defaultdict[Kind[Any, Any], set[UUID]] = defaultdict(set)
    for item in items:
        wanted[item.kind].add(item.ids[0])
    words = Words(op)
    views = {
        (kind, view["id"]): view
        for kind, ids in wanted.items()
        for view in map(kind.view_of, op.all(kind.select_among, ids=list(ids)))
    }
    return [item for item in items if _is_same(op, words, item, views)]


def _is_same(
    op: Operation, words: Words, item: Item, views: Mapping[tuple[Kind[Any, Any], UUID], Any]
) -> bool:
    kind, id_ = item.kind, item.ids[0]
    view = views.get((kind, id_))
    if view is None or has_content(words, kind, item.row, view):
        return view is not None
    first = ledger.version(op, kind.noun, id_, 1)
    return first is not None and has_content(words, kind, item.row, first)
