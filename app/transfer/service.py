"""Imports: working through the rows of a file, some hundreds in one transaction."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.core.db.bulk import analyze_new
from app.core.db.database import Database
from app.core.operation import Operation, perform
from app.core.values.access import Caller
from app.core.values.clock import uuid7
from app.core.values.faults import Fault
from app.core.values.problems import Conflict, Invalid, Problem
from app.core.values.wire import Body
from app.records.kinds import Kind
from app.records.service import Outcome, create
from app.transfer.bodies import read_row
from app.transfer.rows import Row

OPERATION: Final = "imports.create"
BATCH_ROWS: Final = 250
BATCH_BYTES: Final = 4 * 1024 * 1024
ERRORS_MAX: Final = 1_000

Items = Sequence[tuple[Kind[Any, Any], Body]]
Keep = Callable[[Items], list[Outcome]]
"""Creates the records of a batch, whole or not at all; `Conflict` where another writer won."""


@dataclass(slots=True)
class Report:
    """What became of the rows so far."""

    id: UUID = field(default_factory=uuid7)
    received: int = 0
    created: int = 0
    unchanged: int = 0
    rejected: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    more_errors: bool = False

    def add(self, row: Row, outcome: Outcome) -> None:
        """Count a row that was judged."""
        self.received += 1
        if outcome.problem is not None:
            self.rejected += 1
            for fault in _faults(outcome.problem):
                self._list({"line": row.line, **fault})
        elif outcome.view is not None:
            self.created += 1
        else:
            self.unchanged += 1

    def _list(self, error: dict[str, Any]) -> None:
        if len(self.errors) < ERRORS_MAX:
            self.errors.append(error)
        else:
            self.more_errors = True


def import_rows(
    database: Database,
    caller: Caller,
    request_id: str,
    rows: Iterable[Row],
    *,
    dry_run: bool = False,
) -> Iterator[Report]:
    """Work through rows, and yield the report so far after each batch, the last time complete.

    Rows may refer to those above them and to stored records. A `dry_run` checks everything in
    one transaction, which is then undone. `Unavailable` where the database gives up: what was
    reported is kept, and the same rows can be sent again.
    """
    report = Report()
    start = partial(Operation, OPERATION, caller, request_id)
    trial = _tried(database, caller.clinic_id, start)
    with trial if dry_run else _kept(database, start) as keep:
        for batch in _batches(rows):
            for row, outcome in zip(batch, _judge(batch, caller.clinic_id, keep), strict=True):
                report.add(row, outcome)
            yield report
    yield report


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(row.raw)
        if len(batch) == BATCH_ROWS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _judge(batch: Sequence[Row], clinic_id: UUID, keep: Keep) -> Iterator[Outcome]:
    """What became of each row of a batch, in its order."""
    read = [_read(row, clinic_id) for row in batch]
    items = [item for item in read if not isinstance(item, Problem)]
    outcomes = iter(_settle(items, keep))
    for item in read:
        yield Outcome(clinic_id, problem=item) if isinstance(item, Problem) else next(outcomes)


def _read(row: Row, clinic_id: UUID) -> tuple[Kind[Any, Any], Body] | Problem:
    try:
        return Invalid([row.fault]) if row.fault else read_row(row.raw, clinic_id)
    except Problem as problem:
        return problem


def _settle(items: Items, keep: Keep) -> list[Outcome]:
    """Keep a batch; where another writer got in between every time, one row at a time."""
    try:
        return keep(items) if items else []
    except Conflict as conflict:
        if len(items) == 1:
            return [Outcome(items[0][1].id, problem=conflict)]  # type: ignore[attr-defined]
        return [outcome for item in items for outcome in _settle([item], keep)]


@contextmanager
def _kept(database: Database, start: Callable[[], Operation]) -> Iterator[Keep]:
    """Each batch in a transaction of its own."""

    def keep(items: Items) -> list[Outcome]:
        op = start()
        outcomes = perform(database, op, lambda: create(op, items))
        with database.writing() as db:
            analyze_new(db)
        return outcomes

    yield keep


@contextmanager
def _tried(database: Database, clinic_id: UUID, start: Callable[[], Operation]) -> Iterator[Keep]:
    """All batches in one transaction, which is undone at the end and enters nothing anywhere."""
    with database.writing(clinic_id) as db:

        def keep(items: Items) -> list[Outcome]:
            op = start()
            op.begin(db)
            try:
                with db.begin_nested():
                    outcomes = create(op, items)
            except IntegrityError as error:
                raise Conflict from error
            analyze_new(db)
            return outcomes

        yield keep
        db.rollback()


def _faults(problem: Problem) -> Iterator[dict[str, Any]]:
    """A problem as the faults of one row."""
    if isinstance(problem, Invalid):
        yield from problem.members["errors"]
        return
    place = problem.members.get("pointer", "/id")
    yield Fault(place, problem.code, problem.detail)._asdict()
