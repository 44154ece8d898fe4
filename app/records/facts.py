"""Gather the facts that rules need of other records, in one round trip for any number."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    ColumnElement,
    CompoundSelect,
    Date,
    Row,
    Select,
    String,
    Uuid,
    bindparam,
    cast,
    literal_column,
    null,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.core.db.dialects import among
from app.core.db.tables import Instant
from app.core.operation import ZONE, Operation, rows
from app.core.values.problems import Unreadable
from app.core.values.wire import Body
from app.ledger import statements
from app.records.kinds import Fact, Facts, Kind
from app.records.registry import registry
from app.records.reports import doubt

_TYPES: dict[str, Any] = {
    "patient_id": Uuid(),
    "at": Instant(),
    "state": String(),
    "born": String(),
    "ends_on": Date(),
    "detail": JSON().with_variant(JSONB(), "postgresql"),
}
LOCKING: Final = {"patient_id", "at", "state", "ends_on"}
Items = Iterable[tuple[Kind[Any, Any], Body]]


def gather(op: Operation, items: Items, *, stated: bool = False) -> Facts:
    """Return the facts of all records that these bodies name, and of their own ids.

    They are those of the rows. They are those of the ledger if `stated`, or if a row can't be read.
    """
    wanted: dict[str, set[UUID]] = defaultdict(set)
    identifiers: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for kind, body in items:
        own = getattr(body, "id", None)
        if own is not None:
            wanted[kind.noun].add(own)
        for reference in kind.references:
            referenced = getattr(body, reference.field)
            if referenced is not None:
                wanted[reference.noun].add(referenced)
        if kind.identified_by is not None:
            own_identifiers = getattr(body, "identifiers", ())
            identifiers[kind.noun].update((i.system, i.value) for i in own_identifiers)
    facts = Facts(op)
    if wanted:
        try:
            found = None if stated else _stored(op, wanted)
        except Unreadable:
            found = None  # the ledger knows what somebody made unreadable in a row
        facts.update(_stated(op, wanted) if found is None else found)
    facts.holders = {}
    for noun, pairs in identifiers.items():
        for holder in op.all(_holders(noun), pairs=list(pairs)) if pairs else ():
            facts.holders[noun, holder.system, holder.value] = holder.owner_id
    return facts


def rows_mislead(op: Operation, kind: Kind[Any, Any], body: Body) -> bool:
    """Return whether a record that a body names has other facts in its row than in the ledger."""
    stored, stated = (gather(op, [(kind, body)], stated=each) for each in (False, True))
    named = {(reference.noun, getattr(body, reference.field)) for reference in kind.references}
    return any(
        key in stored and stored[key]._replace(created_from=None) != fact
        for key, fact in stated.items()
        if key in named
    )


def _stored(op: Operation, wanted: Mapping[str, set[UUID]]) -> dict[tuple[str, UUID], Fact]:
    found = {}
    for row in op.all(_select_facts(tuple(sorted(wanted))), **wanted):
        found[row.noun, row.id] = _fact(registry[row.noun], row)
        op.take_zone(row.time_zone)
    return found


def _stated(op: Operation, wanted: Mapping[str, set[UUID]]) -> dict[tuple[str, UUID], Fact]:
    """Return the facts that the newest entries of the ledger state. The rows must be compared."""
    doubt(op, [id_ for ids in wanted.values() for id_ in ids])
    found = {}
    for noun, ids in wanted.items():
        kind = registry[noun]
        for statement in statements.newest(op, noun, list(ids)).values():
            if statement.body is not None:
                view = kind.from_json({**kind.before, **statement.body})
                fact = kind.fact_of(view)
                if statement.body.get("status") == "void":
                    fact = fact._replace(state="void")
                found[noun, statement.resource_id] = fact
    return found


def _fact(kind: Kind[Any, Any], row: Row[Any]) -> Fact:
    detail = row.detail
    if detail is not None:
        read = kind.readers.get(str(kind.facts["detail"].key))
        detail = read(detail) if read else detail
    return Fact(
        patient_id=row.patient_id,
        at=row.at,
        state=row.state,
        detail=detail,
        born=row.born,
        ends_on=row.ends_on,
        created_from=row.created_from,
    )


@lru_cache(maxsize=256)
def _select_facts(nouns: tuple[str, ...]) -> Select[Any] | CompoundSelect[Any]:
    selects = [_select_facts_of(registry[noun]) for noun in nouns]
    return union_all(*selects) if len(selects) > 1 else selects[0]


def _select_facts_of(kind: Kind[Any, Any]) -> Select[Any]:
    table = kind.table
    columns: list[ColumnElement[Any]] = [
        (kind.facts[name] if name in kind.facts else cast(null(), type_)).label(name)
        for name, type_ in _TYPES.items()
    ]
    statement = rows(
        table,
        literal_column(f"'{kind.noun}'").label("noun"),
        table.id,
        *columns,
        table.created_from,
        ZONE,  # most rules need it, and a query of its own costs a round trip
    ).where(among(table.id, kind.noun))
    if not kind.facts.keys() & LOCKING:
        return statement
    # Share-lock referenced rows until commit: the rules are validated against their content. The
    # foreign key's own check locks them later, and only against their removal. A birth date isn't
    # worth a lock of the patient in each operation: a correction rechecks what refers to them.
    return select(statement.with_for_update(read=True).subquery())


@lru_cache(maxsize=8)
def _holders(noun: str) -> Select[Any]:
    table = registry[noun].identified_by
    if table is None:
        raise AssertionError
    return rows(table, table.system, table.value, table.owner_id).where(
        tuple_(table.system, table.value).in_(bindparam("pairs", expanding=True))
    )
