"""Imports: the rows of a file are stored in batches of some hundreds, one transaction each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.core.db.bulk import analyze_new
from app.core.db.database import Database
from app.core.operation import Operation, perform
from app.core.values import bounds
from app.core.values.access import Caller, Scope
from app.core.values.clock import uuid7
from app.core.values.faults import Fault
from app.core.values.problems import Conflict, Invalid, Problem, Unavailable
from app.patients.service import PATIENTS
from app.practitioners.service import PRACTITIONERS
from app.records.service import Outcome
from app.terms.service import TERMS
from app.transfer.again import create_items
from app.transfer.bodies import UNKNOWN_TYPE, Item, read_row
from app.transfer.rows import TOO_MANY_LINES, Row

OPERATION: Final = "imports.create"
BATCH_ROWS: Final = 250
BATCH_BYTES: Final = 4 * 1024 * 1024
NO_ROW: Final = frozenset({"json_invalid", "no_object", UNKNOWN_TYPE.code})
"""Codes of lines that could be read as text, but are no rows."""
TOO_MANY_UNREADABLE = Fault(
    "",
    "too_many_unreadable",
    f"{bounds.IMPORT_UNREADABLE_MAX:,} lines or more are no rows, so the rest was not read. Is this"
    " the right file, and the right content type?",
)
CREATED_WITH: Final = {
    PATIENTS.noun: Scope.PATIENTS_WRITE,
    PRACTITIONERS.noun: Scope.PRACTITIONERS_WRITE,
    TERMS.noun: Scope.VOCABULARIES_WRITE,
}
"""The scope that a row needs besides `imports:write`, by the noun of its kind."""

Items = Sequence[Item]
Store = Callable[[Items], list[Outcome]]
"""Creates all records of a batch, or none. `Conflict` where another writer got in between."""


@dataclass(slots=True)
class Report:
    """The result of the rows so far."""

    id: UUID = field(default_factory=uuid7)
    received: int = 0
    created: int = 0
    unchanged: int = 0
    rejected: int = 0
    alerts_not_raised: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    more_errors: bool = False
    stopped_after: int | None = None

    def add(self, row: Row, outcome: Outcome) -> None:
        """Count a row, and list its faults if it was rejected."""
        if row.fault is TOO_MANY_LINES:
            self.stop(row.line, row.fault)
            return
        self.received += 1
        if outcome.problem is not None:
            self.rejected += 1
            for fault in _faults(outcome.problem):
                self._list({"line": row.line, **fault})
        elif outcome.view is not None:
            self.created += 1
            self.alerts_not_raised += bool(outcome.alarms)
        else:
            self.unchanged += 1

    def stop(self, line: int, fault: Fault) -> None:
        """Note that no line after this one is read, and why."""
        self.stopped_after = line
        self._list({"line": line, **fault.members()})

    def _list(self, error: dict[str, Any]) -> None:
        if len(self.errors) < bounds.IMPORT_FAULTS_LISTED:
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
    """Import rows, and yield the report so far after each batch, and at the end the whole one.

    A row may refer to rows above it and to stored records. A patient or practitioner needs the
    scope to write them. A `dry_run` checks all rows in one transaction, which is then rolled back.

    `Unavailable` where the database fails. The batches reported before are stored, and the same
    rows can be sent again.
    """
    report, unreadable = Report(), 0
    start = partial(Operation, OPERATION, caller, request_id)
    trial = _rolled_back(database, caller.clinic_id, start)
    with trial if dry_run else _committed(database, start) as store:
        for batch in _batches(rows):
            for row, outcome in zip(batch, _import(batch, caller, store), strict=True):
                report.add(row, outcome)
                unreadable += _is_no_row(row, outcome)
            if unreadable >= bounds.IMPORT_UNREADABLE_MAX and report.stopped_after is None:
                report.stop(batch[-1].line, TOO_MANY_UNREADABLE)
            yield report
            if report.stopped_after is not None:
                break
    yield report


def _is_no_row(row: Row, outcome: Outcome) -> bool:
    """Whether a line is no row at all, rather than a row with a fault in it."""
    if row.fault is not None or outcome.problem is None:
        return row.fault is not None
    return next(_faults(outcome.problem))["code"] in NO_ROW


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


def _import(batch: Sequence[Row], caller: Caller, store: Store) -> Iterator[Outcome]:
    """Import a batch; the outcome of each row, in order."""
    read = [_read(row, caller) for row in batch]
    items = [item for item in read if not isinstance(item, Problem)]
    outcomes = iter(_store(items, store))
    for item in read:
        yield (
            Outcome(caller.clinic_id, problem=item) if isinstance(item, Problem) else next(outcomes)
        )


def _read(row: Row, caller: Caller) -> Item | Problem:
    try:
        if row.fault:
            return Invalid([row.fault])
        item = read_row(row.raw, caller.clinic_id)
    except Problem as problem:
        return problem
    scope = CREATED_WITH.get(item.kind.noun)
    if scope is not None and scope not in caller.scopes:
        return Invalid([Fault("/type", "scope_missing", f"This row needs the scope {scope}.")])
    return item


def _store(items: Items, store: Store) -> list[Outcome]:
    """Store a batch. If other writers keep getting in between, store one row at a time."""
    try:
        return store(items) if items else []
    except Conflict as conflict:
        if len(items) == 1:
            return [Outcome(items[0].ids[0], problem=conflict)]
        return [outcome for item in items for outcome in _store([item], store)]


@contextmanager
def _committed(database: Database, start: Callable[[], Operation]) -> Iterator[Store]:
    """Store each batch in a transaction of its own. A file of one batch is no bulk work."""
    is_first = True

    def store(items: Items) -> list[Outcome]:
        nonlocal is_first
        op, bulk = start(), not is_first
        is_first = False
        outcomes = perform(database, op, lambda: create_items(op, items), bulk=bulk)
        if not database.is_sqlite:  # there a transaction for nothing would wait for its turn
            with suppress(Unavailable), database.writing() as db:  # the batch is stored
                analyze_new(db)
        return outcomes

    yield store


@contextmanager
def _rolled_back(
    database: Database, clinic_id: UUID, start: Callable[[], Operation]
) -> Iterator[Store]:
    """Store all batches in one transaction, which is rolled back at the end."""
    with database.writing(clinic_id) as db:

        def store(items: Items) -> list[Outcome]:
            op = start()
            op.begin(db)
            try:
                with db.begin_nested():
                    outcomes = create_items(op, items)
            except IntegrityError as error:
                raise Conflict from error
            analyze_new(db)
            return outcomes

        yield store
        db.rollback()


def _faults(problem: Problem) -> Iterator[dict[str, Any]]:
    """The faults of one row, from its problem."""
    if isinstance(problem, Invalid):
        yield from problem.members["errors"]
        return
    place = problem.members.get("pointer", "/id")
    yield Fault(place, problem.code, problem.detail).members()
