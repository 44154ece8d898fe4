"""Write records of any kind: create several, or change one from the version in If-Match."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple
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
from app.core.values.wire import B, Body, read, texts_in
from app.ledger import service as ledger
from app.records import wording
from app.records.comparison import check_unaltered, difference
from app.records.errors import IdentifierTaken, StillReliedOn
from app.records.facts import gather, rows_mislead
from app.records.kinds import Child, Facts, Kind, V
from app.records.queries import record, record_access, record_for_answer
from app.records.registry import registry
from app.records.repeats import digest, keep_offsets, repeats_create
from app.records.reports import report
from app.records.rules import happened_faults
from app.records.views import RecordView
from app.records.wording import PUBLISHED, coded
from app.vocabularies.queries import Words

NOBODYS: Final = frozenset({UUID(int=0), UUID(int=2**128 - 1)})
"""The nil and the max UUID (RFC 9562 §5.9): what a client sends whose id was never set."""
NOBODYS_ID: Final = Fault(
    "/id", "nobodys_id", "The nil and the max UUID are no ids. Make a UUID, or leave the id out."
)


class Outcome(NamedTuple):
    """The result for one body of a `create`."""

    id: UUID
    view: Any = None
    """The new record, of its kind's view.

    None if it was stored before (then `problem` is None) or is refused.
    """
    problem: Problem | None = None
    created_from: bytes = b""
    alarms: Sequence[str] = ()
    """The reasons for which a new record alerts a person, unless it is imported."""


def create(
    op: Operation,
    items: Sequence[tuple[Kind[Any, Any], Body]],
    words: Words | None = None,
    *,
    imported: bool = False,
    stated: bool = False,
) -> list[Outcome]:
    """Create records. Each may refer to those before it.

    `words` are those that are taken: without it, those of active rows. Nobody reacts to records
    that are `imported`: they happened long ago.

    A refused body doesn't affect the others. A body that was stored before with the same id and
    content is accepted and changes nothing. If `stated`, what they name is as in the ledger.
    """
    facts = gather(op, items, stated=stated)
    if words is not None:
        facts.words = words
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
    for kind, views in () if imported else new.values():
        kind.created(op, views)
        for view in views:
            registry.react(op, kind, None, view)
    return outcomes


def _accept(op: Operation, kind: Kind[Any, Any], body: Any, facts: Facts) -> Outcome:
    """Check one body against the facts. An accepted body becomes a fact itself."""
    given: UUID | None = body.id
    created_from = digest(coded(PUBLISHED, body))
    stored = facts.get((kind.noun, given)) if given is not None else None
    if given is not None and stored is not None:
        # Digests from before the vocabularies are of the words as they were sent.
        same = stored.created_from in {created_from, digest(body)}
        same = same or repeats_create(op, kind, given, body, facts)
        return Outcome(given, problem=None if same else IdTaken())
    if given in NOBODYS:
        return Outcome(given, problem=Invalid([NOBODYS_ID]))
    id_ = given or uuid7()
    body = coded(facts.words, body)
    problem = _problem(op, kind, body, facts, id_, None)
    if problem is not None:
        return Outcome(id_, problem=problem)
    stamps = RecordView(id=id_, version=1, created_at=op.at, updated_at=op.at)
    derived = kind.derive(op, body, None, facts)
    view = kind.view_from({**body.model_dump(), **stamps, **derived})
    facts[kind.noun, id_] = kind.fact_of(view, created_from)
    facts.accepted[kind.noun, id_] = view
    kind.accepted(facts, view)
    for identifier in view.get("identifiers", ()):
        facts.holders[kind.noun, identifier["system"], identifier["value"]] = id_
    return Outcome(id_, view, created_from=created_from, alarms=kind.alarms(view))


def _problem(
    op: Operation, kind: Kind[Any, V], body: Body, facts: Facts, id_: UUID, current: V | None
) -> Problem | None:
    faults = list(_faults(op, kind, body, facts, current))
    if faults and current is not None:
        faults = _made_by(op, kind, body, facts, current, faults)
    if faults:
        return Invalid(faults)
    for n, identifier in enumerate(getattr(body, "identifiers", ())):
        holder = facts.holders.get((kind.noun, identifier.system, identifier.value))
        if holder not in {None, id_}:
            place = pointer("identifiers", n)
            return IdentifierTaken(holder_id=str(holder), pointer=place)
    return None


def _faults(
    op: Operation, kind: Kind[Any, V], body: Body, facts: Facts, current: V | None
) -> Iterator[Fault]:
    patient_id = getattr(body, "patient_id", None)
    for reference in kind.references:
        fault = reference.fault(body, facts, patient_id)
        if fault is not None:
            yield fault
    patient = facts.get(("patients", patient_id)) if patient_id is not None else None
    happened = kind.happened(body)
    if happened:
        born = None if patient is None else patient.born
        yield from happened_faults(happened, op.at, born, facts.zone)
    yield from wording.faults(facts.words, body, current)
    yield from kind.check(body, facts, current)


def _made_by(
    op: Operation, kind: Kind[Any, V], body: Body, facts: Facts, current: V, faults: list[Fault]
) -> list[Fault]:
    """Return the faults that a change makes.

    A record may have been stored before a rule existed. Then the rule is no reason to refuse a
    change of other members.
    """
    sent: Any = body.model_dump()
    before, after = kind.content(current), kind.content(sent)
    touched = {pointer(name) for name in after if after[name] != before.get(name)}
    try:
        stored = patched(op, kind, current, {})
    except Invalid:
        return faults  # a stricter schema refuses what is stored, so the body replaces that
    had = {(fault.pointer, fault.code) for fault in _faults(op, kind, stored, facts, current)}
    return [
        fault
        for fault in faults
        if (fault.pointer, fault.code) not in had or _member(fault.pointer) in touched
    ]


def _member(place: str) -> str:
    """Return the pointer to the member of a body that a place is in."""
    return "/".join(place.split("/")[:2])


def create_one(op: Operation, kind: Kind[B, V], body: B) -> tuple[V, bool]:
    """Create one record, unless it was created before. Return its view and whether it is new."""
    [outcome] = create(op, [(kind, body)])
    # No report of a patient may be lost because somebody changed the row of its session.
    if isinstance(outcome.problem, Invalid) and rows_mislead(op, kind, body):
        [outcome] = create(op, [(kind, body)], stated=True)
    if outcome.problem is not None:
        raise outcome.problem
    if outcome.view is None:
        return record_for_answer(op, kind, outcome.id), False
    view: V = outcome.view
    return view, True


def replace(op: Operation, kind: Kind[B, V], body: B) -> V:
    """Replace a record's content (PUT)."""
    id_ = body.id  # type: ignore[attr-defined]
    current = lock_for_change(op, kind, id_)
    kind.refuse_change(current)
    return revise(op, kind, current, keep_offsets(kind, current, body))


def patch(op: Operation, kind: Kind[Any, V], id: UUID, changes: dict[str, Any]) -> V:
    """Change a part of a record's content with a merge patch."""
    current = lock_for_change(op, kind, id)
    kind.refuse_change(current)
    return revise(op, kind, current, patched(op, kind, current, changes))


def patched(op: Operation, kind: Kind[B, V], current: V, changes: dict[str, Any]) -> B:
    """Return the content after a merge patch, checked like a complete body."""
    unknown = dict.fromkeys(changes.keys() - kind.body.model_fields.keys())
    # Merge patch drops a null for an unknown field. Keep it, so that validation refuses it.
    content = to_json(kind.merged(op, current, changes) | unknown)
    body = read(kind.body, content, texts_in(kind.content(current)))
    if body.id != current["id"]:  # type: ignore[attr-defined]
        raise Invalid([Fault("/id", "id_fixed", "The id of a record can't change.")])
    return coded(Words(op), keep_offsets(kind, current, body), current)


def lock_for_change(op: Operation, kind: Kind[Any, V], id: UUID) -> V:
    """Lock a record until commit and return it, if it has the version in If-Match.

    Raises `NotFound`, `VersionMissing`, `VersionStale` or `DiffersFromLedger`.
    """
    current = lock_record(op, kind, id)
    check_version(op, current["version"])
    check_unaltered(op, kind.noun, to_jsonable_python(current), kind.before)
    return current


def check_version(op: Operation, version: int) -> None:
    """Require that the caller names this version in If-Match, alone or in a list.

    Raises `VersionMissing` or `VersionStale`.
    """
    if op.if_match is None or op.if_match.strip() == "*":
        raise VersionMissing
    named = {tag.strip().removeprefix("W/").strip('"') for tag in op.if_match.split(",")}
    if str(version) not in named:
        raise VersionStale(current_version=version)


def lock_record(op: Operation, kind: Kind[Any, V], id: UUID) -> V:
    """Lock a record until commit and return it. Or `NotFound`."""
    if op.first(_locked(kind), id=id) is None:
        raise NotFound
    # A second statement: it sees what was committed while the lock was awaited.
    return record(op, kind, id)


def lock_for_server(op: Operation, kind: Kind[Any, V], id: UUID) -> V:
    """Lock a record until commit and return it, for a change by the server. Or `NotFound`.

    Such a change doesn't wait for a repair: a difference is reported, in this transaction.
    """
    current = lock_record(op, kind, id)
    found = difference(op, kind.noun, to_jsonable_python(current), kind.before)
    if found is not None:
        report(op, [found])
    return current


def revise(
    op: Operation,
    kind: Kind[B, V],
    current: V,
    body: B,
    *,
    reason: str | None = None,
    server: Mapping[str, object] | None = None,
) -> V:
    """Store new content of a record, with the members that the server adds."""
    facts = gather(op, [(kind, body)])
    body = coded(facts.words, body, current)
    problem = _problem(op, kind, body, facts, current["id"], current)
    if problem is not None:
        raise problem
    content = body.model_dump(exclude={"id"})
    changes = {**content, **kind.derive(op, body, current, facts), **(server or {})}
    view = store(op, kind, current, changes, reason=reason)
    if view is current:
        record_access(op, kind, view)
    was: Mapping[str, object] = current
    now: Mapping[str, object] = view
    if any(now[name] != was[name] for name in kind.validated_against):
        _recheck_references(op, kind, current, view)
    return view


def _recheck_references(op: Operation, kind: Kind[Any, V], current: V, changed: V) -> None:
    """Check the records that refer to a changed one, and derive their members again.

    Raises `StillReliedOn` if the change makes one break a rule, or would move one to another
    patient.
    """
    same_patient = kind.patient_of(changed) == kind.patient_of(current)
    for other in registry.values():
        for reference in other.references:
            if reference.noun != kind.noun:
                continue
            for (id_,) in op.all(_referring(other, reference.field), named=changed["id"]):
                referrer = lock_for_server(op, other, id_)
                body = patched(op, other, referrer, {})
                facts = gather(op, [(other, body)])
                before = facts.with_fact(kind.noun, current["id"], kind.fact_of(current))
                had = set(_faults(op, other, body, before, referrer))
                broken = set(_faults(op, other, body, facts, referrer)) - had
                if broken or not same_patient:
                    raise StillReliedOn(resource=other.noun, resource_id=str(id_))
                derived = other.derive(op, body, referrer, facts)
                store(op, other, referrer, derived, operation=f"{other.noun}.follow")


def store(
    op: Operation,
    kind: Kind[Any, V],
    current: V,
    changes: Mapping[str, object],
    *,
    reason: str | None = None,
    operation: str | None = None,
) -> V:
    """Store the next version of a record, with changed members, and return it.

    If nothing differs, no version is made and `current` is returned.
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
    kind.changed(op, current, view)
    registry.react(op, kind, current, view)
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
