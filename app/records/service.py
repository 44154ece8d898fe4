"""Writing records of any kind: create many, or change one from the version its client names."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import to_json, to_jsonable_python
from sqlalchemy import Delete, Select, Update, bindparam, delete, update

from app.core.db.bulk import insert_rows
from app.core.db.tables import Table
from app.core.operation import CLINIC, Operation, rows
from app.core.values.clock import uuid7
from app.core.values.faults import Fault, pointer
from app.core.values.problems import (
    IdTaken,
    Invalid,
    NotFound,
    Problem,
    VersionMissing,
    VersionStale,
)
from app.core.values.wire import B, Body, merge_patch, read
from app.ledger import service as ledger
from app.records.errors import IdentifierTaken, StillRelied
from app.records.facts import gather
from app.records.kinds import Child, Fact, Facts, Kind, V, digest
from app.records.queries import record, saw, shown
from app.records.registry import registry
from app.records.views import RecordView


class Outcome(NamedTuple):
    """What became of one body of a `create`."""

    id: UUID
    view: Any = None
    """The new record, of its kind's view.

    None where it was stored before (`problem` is None) or is refused.
    """
    problem: Problem | None = None
    created_from: bytes = b""


def create(op: Operation, items: Sequence[tuple[Kind[Any, Any], Body]]) -> list[Outcome]:
    """Create records, each of which may refer to those before it.

    A refused body leaves the others alone. One that was stored before, with the same id and
    the same content, is nobody's fault and changes nothing.
    """
    facts = gather(op, items)
    outcomes = [_accept(op, kind, body, facts) for kind, body in items]
    pending: dict[type[Table], list[dict[str, Any]]] = defaultdict(list)
    new: dict[str, tuple[Kind[Any, Any], list[Any]]] = {}
    for (kind, _), outcome in zip(items, outcomes, strict=True):
        if outcome.view is not None:
            row = {**kind.row(op, outcome.view), "created_from": outcome.created_from}
            pending[kind.table].append(row)
            for child in kind.children:
                rows = list(_children(op, child, outcome.view))
                if rows:
                    pending[child.table] += rows
            new.setdefault(kind.noun, (kind, []))[1].append(outcome.view)
            ledger.record(
                op,
                kind.noun,
                outcome.view,
                operation=f"{kind.noun}.create",
                patient_id=kind.patient_of(outcome.view),
            )
    if pending:
        insert_rows(op.db, pending)
    for kind, views in new.values():
        kind.created(op, views)
    return outcomes


def _accept(op: Operation, kind: Kind[Any, Any], body: Any, facts: Facts) -> Outcome:
    """Judge one body against the facts; if it is good, it becomes a fact itself."""
    given: UUID | None = body.id
    created_from = digest(body)
    stored = facts.get((kind.noun, given)) if given is not None else None
    if given is not None and stored is not None:
        same = stored.created_from == created_from
        return Outcome(given, problem=None if same else IdTaken())
    id_ = given or uuid7()
    problem = _problem(kind, body, facts, id_)
    if problem is not None:
        return Outcome(id_, problem=problem)
    stamps = RecordView(id=id_, version=1, created_at=op.at, updated_at=op.at)
    derived = kind.derive(op, body, None, facts)
    view = kind.view_from({**body.model_dump(), **stamps, **derived})
    known = {name: view[str(column.key)] for name, column in kind.facts.items()}
    facts[kind.noun, id_] = Fact(**known, created_from=created_from)
    for identifier in view.get("identifiers", ()):
        facts.holders[kind.noun, identifier["system"], identifier["value"]] = id_
    return Outcome(id_, view, created_from=created_from)


def _problem(kind: Kind[Any, Any], body: Body, facts: Facts, id_: UUID) -> Problem | None:
    faults = list(_faults(kind, body, facts))
    if faults:
        return Invalid(faults)
    for n, identifier in enumerate(getattr(body, "identifiers", ())):
        holder = facts.holders.get((kind.noun, identifier.system, identifier.value))
        if holder not in {None, id_}:
            place = pointer("identifiers", n)
            return IdentifierTaken(holder_id=str(holder), pointer=place)
    return None


def _faults(kind: Kind[Any, Any], body: Body, facts: Facts) -> Iterator[Fault]:
    patient_id = getattr(body, "patient_id", None)
    for reference in kind.references:
        fault = reference.fault(body, facts, patient_id)
        if fault is not None:
            yield fault
    yield from kind.check(body, facts)


def create_one(op: Operation, kind: Kind[B, V], body: B) -> tuple[V, bool]:
    """Create one record, or find that it was created before: its view, and whether it is new."""
    [outcome] = create(op, [(kind, body)])
    if outcome.problem is not None:
        raise outcome.problem
    if outcome.view is None:
        return shown(op, kind, outcome.id), False
    view: V = outcome.view
    return view, True


def replace(op: Operation, kind: Kind[B, V], body: B) -> V:
    """Give a record new content (PUT)."""
    id_ = body.id  # type: ignore[attr-defined]
    current = for_change(op, kind, id_)
    kind.refuse_change(current)
    return revise(op, kind, current, body)


def patch(op: Operation, kind: Kind[Any, V], id: UUID, changes: dict[str, Any]) -> V:
    """Change a part of a record's content by a merge patch."""
    current = for_change(op, kind, id)
    kind.refuse_change(current)
    return revise(op, kind, current, patched(kind, current, changes))


def patched(kind: Kind[B, V], current: V, changes: dict[str, Any]) -> B:
    """The record's content after a merge patch, checked as if it had been sent whole."""
    unknown = dict.fromkeys(changes.keys() - kind.body.model_fields.keys())
    # A null that removes nothing would go unseen: as a member of the whole it is refused.
    body = read(kind.body, to_json(merge_patch(kind.content(current), changes) | unknown))
    if body.id != current["id"]:  # type: ignore[attr-defined]
        raise Invalid([Fault("/id", "id_fixed", "A record keeps its id.")])
    return body


def for_change(op: Operation, kind: Kind[Any, V], id: UUID) -> V:
    """The record, locked until the commit, if it still has the version that If-Match names."""
    current = locked(op, kind, id)
    if op.if_match is None or op.if_match.strip() == "*":
        raise VersionMissing
    if op.if_match.strip().removeprefix("W/").strip('"') != str(current["version"]):
        raise VersionStale(current_version=current["version"])
    return current


def locked(op: Operation, kind: Kind[Any, V], id: UUID) -> V:
    """The record, locked until the commit, whatever its version: for the server's own changes."""
    if op.first(_locked(kind), id=id) is None:
        raise NotFound
    # A statement of its own: it sees what was committed while the lock was waited for.
    return record(op, kind, id)


def revise(
    op: Operation,
    kind: Kind[B, V],
    current: V,
    body: B,
    *,
    reason: str | None = None,
    server: Mapping[str, object] | None = None,
) -> V:
    """Give a record new content, and the members that the server adds with it."""
    facts = gather(op, [(kind, body)])
    problem = _problem(kind, body, facts, current["id"])
    if problem is not None:
        raise problem
    content = body.model_dump(exclude={"id"})
    changes = {**content, **kind.derive(op, body, current, facts), **(server or {})}
    view = store(op, kind, current, changes, reason=reason)
    if view is current:
        saw(op, kind, view)
    was: Mapping[str, object] = current
    now: Mapping[str, object] = view
    if any(now[name] != was[name] for name in kind.validated_against):
        _follow(op, kind, view, same_patient=kind.patient_of(view) == kind.patient_of(current))
    return view


def _follow(op: Operation, kind: Kind[Any, V], changed: V, *, same_patient: bool) -> None:
    """Derive anew what was derived from a record, or refuse the change that contradicts it.

    What was said of one patient is never made to be about another.
    """
    for other in registry.values():
        for reference in other.references:
            if reference.noun != kind.noun:
                continue
            for (id_,) in op.all(_referring(other, reference.field), named=changed["id"]):
                follower = locked(op, other, id_)
                body = patched(other, follower, {})
                facts = gather(op, [(other, body)])
                if not same_patient or _problem(other, body, facts, id_) is not None:
                    raise StillRelied(resource=other.noun, resource_id=str(id_))
                derived = other.derive(op, body, follower, facts)
                store(op, other, follower, derived, operation=f"{other.noun}.follow")


def store(
    op: Operation,
    kind: Kind[Any, V],
    current: V,
    changes: Mapping[str, object],
    *,
    reason: str | None = None,
    operation: str | None = None,
) -> V:
    """Store the next version of a record: the current one with changed members.

    Changes that change nothing make no version.
    """
    members = {**current, **changes}
    if to_jsonable_python(kind.view_from(members)) == to_jsonable_python(current):
        return current
    view = kind.view_from({**members, "version": current["version"] + 1, "updated_at": op.at})
    op.db.execute(_update(kind), {**kind.row(op, view), "clinic": op.clinic_id, "this": view["id"]})
    for child in kind.children:
        op.run(_delete(child), {"this": view["id"]})
        new = list(_children(op, child, view))
        if new:
            insert_rows(op.db, {child.table: new})
    ledger.record(
        op,
        kind.noun,
        view,
        patient_id=kind.patient_of(view),
        reason=reason,
        operation=operation,
    )
    return view


def _children(op: Operation, child: Child, view: RecordView) -> Iterator[dict[str, Any]]:
    for position, row in enumerate(child.rows(view)):
        yield {"clinic_id": op.clinic_id, child.parent: view["id"], "position": position, **row}


@lru_cache(maxsize=64)
def _locked(kind: Kind[Any, Any]) -> Select[Any]:
    table = kind.table
    return rows(table, table.version).where(table.id == bindparam("id")).with_for_update()


@lru_cache(maxsize=64)
def _referring(kind: Kind[Any, Any], field: str) -> Select[Any]:
    table = kind.table
    return (
        rows(table, table.id)
        .where(table.__table__.c[field] == bindparam("named"))
        .order_by(table.id)
    )


@lru_cache(maxsize=64)
def _update(kind: Kind[Any, Any]) -> Update:
    table = kind.table
    return update(table).where(table.clinic_id == CLINIC, table.id == bindparam("this"))


@lru_cache(maxsize=64)
def _delete(child: Child) -> Delete:
    parent = child.table.__table__.c[child.parent]
    return delete(child.table).where(child.table.clinic_id == CLINIC, parent == bindparam("this"))
