"""The walk: the keeper checks every row and every ledger entry of all clinics within a day."""

import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from math import ceil
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import Row, bindparam, delete, update

from app.alerts.service import store_differences
from app.core.db.bulk import insert_unless_taken
from app.core.db.database import Database
from app.core.http.logs import log
from app.core.operation import CLINIC, Operation, perform, rows
from app.core.values.access import server
from app.core.values.clock import now
from app.core.values.problems import Problem, Unreadable
from app.ledger import inspection
from app.ledger import service as ledger
from app.ledger.format.tree import TILE
from app.ledger.models import LedgerHead
from app.ledger.queries import clinic_ids
from app.records.models import FoundDifference
from app.records.reports import Difference
from app.settings import settings
from app.state import compare
from app.state.models import StateWalk
from app.state.queries import DIFFERENCES, remember_differences
from app.state.states import STATES

NAME: Final = "state.walk"
LEDGER: Final = "ledger"
DAY_MINUTES: Final = 24 * 60
AHEAD: Final = 1.05
"""The walk goes a little faster than it must, so that it is done in time."""
CLOCK_SKEW_MAX: Final = timedelta(minutes=5)
PAUSE: Final = timedelta(seconds=45)
"""Several processes may walk. One leaves a clinic alone that another has just taken."""

_SIZE = rows(LedgerHead, LedgerHead.size)
_WALK = rows(StateWalk)
_LOCKED = _WALK.with_for_update()
_FORGET = delete(StateWalk).where(StateWalk.clinic_id == CLINIC)
_MOVE = update(StateWalk).where(StateWalk.clinic_id == CLINIC)
_KNOWN = rows(FoundDifference, FoundDifference.resource, FoundDifference.resource_id)
_HEALED = delete(FoundDifference).where(
    FoundDifference.clinic_id == CLINIC,
    FoundDifference.resource == bindparam("what"),
    FoundDifference.resource_id == bindparam("this"),
)


class Place(NamedTuple):
    """Where the walk of a clinic is, and how much there is to check."""

    walk: Row[Any]
    size: int
    """How many entries the ledger has now."""

    @property
    def things(self) -> int:
        """About how many rows there are: those counted at first, and one for each new entry."""
        return int(self.walk.things) + max(0, self.size - int(self.walk.entries))

    def is_due(self, lasts: timedelta) -> bool:
        """Return whether the next step may be taken. A finished walk begins anew in its time."""
        begun = self.walk.after_id is not None or self.walk.finished_at is None
        return now() - self.walk.moved_at >= PAUSE and (
            begun or now() - self.walk.began_at >= lasts / AHEAD
        )


class Step(NamedTuple):
    """What one step of a walk has checked, and what it found."""

    after: UUID
    upto: UUID
    """The ids after `after` up to `upto` were checked."""
    checked: int
    """About how many they were."""
    number: int
    """The entries up to this number were checked."""
    found: Sequence[Difference]
    sound: bool
    """Whether the checked part of the ledger is undamaged."""


def walk(database: Database, end: threading.Event | None = None) -> None:
    """Check as much as is due in a minute, and count the open differences of all clinics.

    The keeper calls this every minute. It checks 300 rows (a setting), or as many as it takes to
    check everything in a day.
    """
    with database.reading() as db:
        clinics = clinic_ids(db)
    places = [_place(database, clinic_id) for clinic_id in clinics]
    things = sum(place.things for place in places)
    a_minute = max(settings().walk_rows_per_minute, things / DAY_MINUTES) * AHEAD
    lasts = timedelta(minutes=things / a_minute)
    due = [place for place in places if place.is_due(lasts)]
    left = ceil(a_minute)
    for place in sorted(due, key=lambda place: place.walk.moved_at):
        if left <= 0 or (end is not None and end.is_set()):
            break
        left -= _take(database, place, left)
    DIFFERENCES.set(sum(_remembered(database, clinic_id) for clinic_id in clinics))


def _operation(clinic_id: UUID) -> Operation:
    return Operation(NAME, server(clinic_id, "keeper"), str(uuid4()))


def _place(database: Database, clinic_id: UUID) -> Place:
    """Return where the clinic's walk is; begin its first one if there is none."""
    op = _operation(clinic_id)
    with database.reading(clinic_id) as db:
        op.begin(db)
        found, size = _sound_walk(op), _size(op)
    if found is None:
        perform(database, op, lambda: op.run(_FORGET))
        with database.snapshot(clinic_id) as db:
            op.begin(db)
            began = {**_beginning(op), "began_at": op.at, "finished_at": None}
            began["moved_at"] = op.at - timedelta(days=1)
        perform(database, op, lambda: insert_unless_taken(op.db, StateWalk, began))
        with database.reading(clinic_id) as db:
            op.begin(db)
            found = op.one(_WALK)
    return Place(found, size)


def _sound_walk(op: Operation) -> Row[Any] | None:
    """Return the walk; None without one, and if somebody has altered it to keep it from walking."""
    try:
        found = op.first(_WALK)
    except Unreadable:
        return None
    if found is None or max(found.began_at, found.moved_at) > op.at + CLOCK_SKEW_MAX:
        return None
    counts = (found.things, found.entries, found.after_number)
    return found if all(isinstance(count, int) for count in counts) else None


def _size(op: Operation) -> int:
    """The ledger's counter; 0 if somebody removed or spoilt it, which its own check says."""
    head = op.first(_SIZE)
    return head.size if head is not None and isinstance(head.size, int) else 0


def _beginning(op: Operation) -> dict[str, Any]:
    return {
        "clinic_id": op.clinic_id,
        "after_id": None,
        "after_number": 0,
        "things": sum(state.count(op) for state in STATES),
        "entries": _size(op),
    }


def _take(database: Database, place: Place, most: int) -> int:
    """Take one step, and write down what it found. Return how many rows it checked."""
    op = _operation(place.walk.clinic_id)
    with database.snapshot(op.clinic_id) as db:
        op.begin(db)
        step = _checked(op, place, most)
        moved: dict[str, Any] = {"after_id": step.upto, "after_number": step.number}
        if step.upto == compare.LAST and (step.number >= place.size or not step.sound):
            moved = {**_beginning(op), "finished_at": op.at}
    if place.walk.after_id is None:
        moved["began_at"] = op.at
    if not step.sound:
        moved["after_number"] = place.walk.after_number  # check this part until it is repaired
    moved["moved_at"] = op.at
    try:
        perform(database, op, lambda: _write_down(op, place.walk, step, moved, in_ledger=True))
    except Problem as problem:
        # A damaged ledger may take no entry. The difference is kept all the same.
        log.warning("state-walk", clinic_id=str(op.clinic_id), problem=problem.code)
        perform(database, op, lambda: _write_down(op, place.walk, step, moved, in_ledger=False))
    return step.checked


def _checked(op: Operation, place: Place, most: int) -> Step:
    """Compare the next rows, and the share of the entries that belongs to them."""
    after = place.walk.after_id or compare.FIRST
    upto, checked, found = after, 0, list[Difference]()
    while checked < most and upto < compare.LAST:
        some = min(most - checked, compare.AT_ONCE)
        until = compare.next_id(op, upto, some)
        try:
            found += compare.between(op, upto, until)
        except Unreadable:  # an entry: the rows that can't be read are differences of their own
            found.append(Difference(LEDGER, op.clinic_id, "An entry can't be read."))
        upto, checked = until, checked + some
    first = place.walk.after_number
    share = ceil(place.size * min(1, checked / place.things) / TILE) * TILE
    last = place.size if upto == compare.LAST else min(place.size, first + share)
    damage = list(inspection.part_faults(op, first, last))
    found += [Difference(LEDGER, op.clinic_id, fault) for fault in damage]
    # The next part begins with a tile.
    last = last if last == place.size else last - last % TILE
    return Step(after, upto, checked, last, found, sound=not damage)


def _write_down(
    op: Operation, walk: Row[Any], step: Step, moved: dict[str, Any], *, in_ledger: bool
) -> None:
    """Store the differences that are new, remove those that are healed, and move on.

    Nothing is stored if another process has taken this step meanwhile.
    """
    present = op.first(_LOCKED)
    if present is None or present.moved_at != walk.moved_at:
        return
    found = {(each.resource, each.resource_id): each for each in step.found}
    known = set(_known(op, step))
    for resource, id_ in known - found.keys():
        if resource != LEDGER or step.sound:
            op.run(_HEALED, {"what": resource, "this": id_})
    new = [difference for key, difference in found.items() if key not in known]
    store_differences(op, new, alerting=in_ledger)
    for difference in new if in_ledger else ():
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
