"""The walk: the keeper checks every row and every entry of all clinics within a day."""

import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from math import ceil
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import Row, bindparam, delete, insert, select, update

from app.clinics.models import Clinic
from app.core.db.bulk import insert_unless_taken
from app.core.db.database import Database
from app.core.http.logs import log
from app.core.operation import CLINIC, Operation, perform, rows
from app.core.values.access import server
from app.core.values.clock import now
from app.core.values.problems import Problem
from app.ledger import inspection
from app.ledger import service as ledger
from app.ledger.format.tree import TILE
from app.ledger.models import LedgerHead
from app.records.comparison import Difference
from app.settings import settings
from app.state import compare
from app.state.models import FoundDifference, StateWalk
from app.state.queries import DIFFERENCES, remember_differences
from app.state.states import STATES

NAME: Final = "state.walk"
LEDGER: Final = "ledger"
LASTS_MAX: Final = timedelta(days=1)
CATCHES_UP: Final = timedelta(hours=1)
"""How much of a pause the walk makes up for in one step."""
AHEAD: Final = 1.05
"""The walk goes a little faster than it must, so that it is done in time."""

# Like the look-up of a token, this query can't filter by clinic: it lists the clinics.
_CLINICS = select(Clinic.clinic_id).order_by(Clinic.clinic_id)
_WALK = rows(StateWalk)
_LOCKED = _WALK.with_for_update()
_SIZE = rows(LedgerHead, LedgerHead.size)
_MOVE = update(StateWalk).where(StateWalk.clinic_id == CLINIC)
_KNOWN = rows(FoundDifference, FoundDifference.resource, FoundDifference.resource_id)
_HEALED = delete(FoundDifference).where(
    FoundDifference.clinic_id == CLINIC,
    FoundDifference.resource == bindparam("what"),
    FoundDifference.resource_id == bindparam("this"),
)


class Step(NamedTuple):
    """What one step of a walk has checked, and what it found."""

    after: UUID
    upto: UUID
    """The ids after `after` up to `upto` were checked."""
    number: int
    """The entries up to this number were checked."""
    found: Sequence[Difference]
    sound: bool
    """Whether the checked part of the ledger is undamaged."""


def walk(database: Database, end: threading.Event | None = None) -> None:
    """Check the part of each clinic that is due, and count all open differences."""
    with database.reading() as db:
        clinics = list(db.execute(_CLINICS).scalars())
    walks = {clinic_id: _walk_of(database, clinic_id) for clinic_id in clinics}
    minutes = sum(each.things for each in walks.values()) / settings().walk_rows_per_minute
    lasts = min(LASTS_MAX, timedelta(minutes=max(minutes, 1 / 60)))
    differences = 0
    for clinic_id, each in walks.items():
        if end is not None and end.is_set():
            return
        share = min(now() - each.moved_at, CATCHES_UP) / lasts * AHEAD
        whole = each.things <= compare.AT_ONCE and now() - each.moved_at >= lasts / AHEAD
        due = ceil(each.things * share)
        if whole or due >= min(each.things, compare.AT_ONCE):
            entries = each.entries if whole else ceil(each.entries * share)
            _take(database, each, max(due, compare.AT_ONCE), entries)
        differences += _remembered(database, clinic_id)
    DIFFERENCES.set(differences)


def _walk_of(database: Database, clinic_id: UUID) -> Row[Any]:
    """Return the clinic's walk; begin its first one if there is none."""
    op = _operation(clinic_id)
    with database.reading(clinic_id) as db:
        op.begin(db)
        found = op.first(_WALK)
    if found is None:
        with database.snapshot(clinic_id) as db:
            op.begin(db)
            began = {**_beginning(op), "moved_at": op.at - LASTS_MAX, "finished_at": None}
        perform(database, op, lambda: insert_unless_taken(op.db, StateWalk, began))
        with database.reading(clinic_id) as db:
            op.begin(db)
            found = op.one(_WALK)
    return found


def _operation(clinic_id: UUID) -> Operation:
    return Operation(NAME, server(clinic_id, "keeper"), str(uuid4()))


def _beginning(op: Operation) -> dict[str, Any]:
    head = op.first(_SIZE)
    return {
        "clinic_id": op.clinic_id,
        "after_id": None,
        "after_number": 0,
        "things": sum(state.count(op) for state in STATES),
        "entries": 0 if head is None else head.size,
        "began_at": op.at,
    }


def _take(database: Database, walk: Row[Any], things: int, entries: int) -> None:
    """Take one step, and write down what it found. Another process may be faster."""
    op = _operation(walk.clinic_id)
    with database.snapshot(walk.clinic_id) as db:
        op.begin(db)
        step = _checked(op, walk, things, entries)
        moved: dict[str, Any] = {"after_id": step.upto, "after_number": step.number}
        if step.upto == compare.LAST and (step.number >= walk.entries or not step.sound):
            moved = {**_beginning(op), "finished_at": op.at}
    if not step.sound:
        moved["after_number"] = walk.after_number  # check this part until it is repaired
    moved["moved_at"] = op.at
    try:
        perform(database, op, lambda: _write_down(op, walk, step, moved, in_ledger=True))
    except Problem as problem:
        # A damaged ledger may take no entry. The difference is kept all the same.
        log.warning("state-walk", clinic_id=str(walk.clinic_id), problem=problem.code)
        perform(database, op, lambda: _write_down(op, walk, step, moved, in_ledger=False))


def _checked(op: Operation, walk: Row[Any], things: int, entries: int) -> Step:
    after = walk.after_id or compare.FIRST
    upto, found = after, list[Difference]()
    while things > 0 and upto < compare.LAST:
        some = min(things, compare.AT_ONCE)
        until = compare.next_id(op, upto, some)
        found += compare.between(op, upto, until)
        upto, things = until, things - some
    number = min(walk.entries, walk.after_number + ceil(entries / TILE) * TILE)
    damage = list(inspection.part_faults(op, walk.after_number, number))
    found += [Difference(LEDGER, op.clinic_id, fault) for fault in damage]
    # The next part begins with a tile.
    number = number if number >= walk.entries else number - number % TILE
    return Step(after, upto, number, found, sound=not damage)


def _write_down(
    op: Operation, walk: Row[Any], step: Step, moved: dict[str, Any], *, in_ledger: bool
) -> None:
    now_there = op.first(_LOCKED)
    if now_there is None or now_there.moved_at != walk.moved_at:
        return
    found = {(each.resource, each.resource_id): each for each in step.found}
    known = set(_known(op, step))
    for resource, id_ in known - found.keys():
        if resource != LEDGER or step.sound:
            op.run(_HEALED, {"what": resource, "this": id_})
    for difference in (found[key] for key in found.keys() - known):
        row = {"clinic_id": op.clinic_id, "found_at": op.at, **difference._asdict()}
        op.db.execute(insert(FoundDifference), row)
        log.error("differs-from-ledger", clinic_id=str(op.clinic_id), resource=row["resource"])
        if in_ledger:
            ledger.record_difference(op, *difference)
    op.run(_MOVE.values(**moved))


def _known(op: Operation, step: Step) -> Iterator[tuple[str, UUID]]:
    """Yield the differences that earlier steps found in what this step has checked."""
    for resource, id_ in op.all(_KNOWN):
        if resource == LEDGER or step.after < id_ <= step.upto:
            yield resource, id_


def _remembered(database: Database, clinic_id: UUID) -> int:
    op = _operation(clinic_id)
    with database.reading(clinic_id) as db:
        op.begin(db)
        return remember_differences(op)
