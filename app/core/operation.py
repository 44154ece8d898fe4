"""The operation: who does what, in which clinic, at what instant, in which transaction."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal, NamedTuple, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import (
    BindParameter,
    Connection,
    Executable,
    Row,
    Select,
    String,
    Uuid,
    bindparam,
    column,
    select,
    table,
)
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

from app.core.db.database import Database, should_try_again
from app.core.db.tables import ClinicOwned
from app.core.values.access import Caller
from app.core.values.clock import now
from app.core.values.problems import MALFORMED, Conflict, NotFound, Unavailable, Unreadable

T = TypeVar("T")
# An operation that loses a race runs again: then it sees what the winner wrote.
RUNS = 3
CLINIC: BindParameter[UUID] = bindparam("clinic", type_=Uuid())
# The core is below the clinics' own package, so this names their table.
_CLINICS = table("clinics", column("clinic_id", Uuid()), column("time_zone", String()))
_ZONE = select(_CLINICS.c.time_zone).where(_CLINICS.c.clinic_id == CLINIC)
ZONE: Final = _ZONE.scalar_subquery().label("time_zone")
"""The name of the clinic's time zone, for another query to read: see `Operation.take_zone`."""


def rows(table: type[ClinicOwned], *columns: Any) -> Select[Any]:
    """Start a query: select rows, or only `columns`, of the operation's clinic."""
    return select(*(columns or (table,))).where(table.clinic_id == CLINIC)


class Entry(NamedTuple):
    """A ledger entry that has no number yet: one change, access or security event."""

    kind: Literal["change", "access", "security"]
    operation: str
    resource: str
    resource_id: UUID
    patient_id: UUID | None = None
    version: int | None = None
    reason: str | None = None
    view: Mapping[str, Any] | None = None
    """The record after a change. Entries of another kind may also have a view."""


@contextmanager
def _readable() -> Iterator[None]:
    """Raise `Unreadable` for a stored value that its column can't have. SQLite stores any value."""
    try:
        yield
    except (*MALFORMED, ZoneInfoNotFoundError) as error:
        raise Unreadable from error
    except (DataError, OperationalError) as error:
        if _is_of_value(error):
            raise Unreadable from error
        raise


def _is_of_value(error: DBAPIError) -> bool:
    """Return whether the driver couldn't read a value. The database itself answered."""
    if isinstance(error, DataError):
        return getattr(error.orig, "sqlstate", None) is None
    return str(error.orig).startswith("Could not decode to UTF-8")


@dataclass(slots=True)
class Operation:
    """One thing that one caller does: the first argument of every query and service function."""

    name: str
    caller: Caller
    request_id: str
    at: datetime = field(default_factory=now)
    if_match: str | None = None
    _db: Connection | None = None
    _zone: ZoneInfo | None = None
    before_commit: list[Callable[[], None]] = field(default_factory=list)
    """Steps that run just before the commit, in this order."""
    entries: list[Entry] = field(default_factory=list)
    """Ledger entries that aren't committed yet."""
    afterwards: list[Callable[["Operation"], None]] = field(default_factory=list)
    """Steps for a transaction of their own, right after this one, even if it is rolled back."""
    differing: list[UUID] = field(default_factory=list)
    """Records in the answer that are known to differ from the ledger."""
    doubted: list[UUID] = field(default_factory=list)
    """Records of which one can't be read."""
    stale_clients: set[UUID] = field(default_factory=set)
    """Clients whose rights this operation changes. Their cached callers are dropped afterwards."""

    @property
    def clinic_id(self) -> UUID:
        """The clinic of the caller."""
        return self.caller.clinic_id

    @property
    def db(self) -> Connection:
        """The connection, inside the operation's transaction. `RuntimeError` if none is open."""
        if self._db is None:
            raise RuntimeError("no transaction is open for this operation")
        return self._db

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the clinic counts days."""
        if self._zone is None:
            row = self.one(_ZONE)
            with _readable():
                self._zone = ZoneInfo(row.time_zone)
        return self._zone

    def take_zone(self, name: str) -> ZoneInfo:
        """The time zone of the clinic, of which another query has read the name."""
        with _readable():
            self._zone = ZoneInfo(name)
        return self._zone

    def begin(self, db: Connection) -> None:
        """Use this transaction, and drop what an earlier failed run has collected."""
        self._db, self._zone = db, None
        self.before_commit, self.entries, self.afterwards = [], [], []
        self.differing, self.doubted, self.stale_clients = [], [], set()

    def finish(self) -> None:
        """Run the steps of `before_commit`."""
        for step in self.before_commit:
            step()

    def all(self, statement: Executable, **values: object) -> Sequence[Any]:
        """Return every row of a query that began with `rows`."""
        with _readable():
            return self.db.execute(statement, {"clinic": self.clinic_id, **values}).all()

    def partitions(
        self, statement: Executable, size: int, **values: object
    ) -> Iterator[Sequence[Any]]:
        """Yield the rows of a query that began with `rows`, at most `size` at a time."""
        parameters = {"clinic": self.clinic_id, **values}
        streaming = {"stream_results": True, "yield_per": size}
        with (
            _readable(),
            self.db.execute(statement, parameters, execution_options=streaming) as result,
        ):
            yield from result.partitions()

    def first(self, statement: Executable, **values: object) -> Row[Any] | None:
        """Return the first row of a query that began with `rows`, or None."""
        with _readable():
            return self.db.execute(statement, {"clinic": self.clinic_id, **values}).first()

    def one(self, statement: Executable, **values: object) -> Row[Any]:
        """Return the first row of a query that began with `rows`, or raise `NotFound`."""
        row = self.first(statement, **values)
        if row is None:
            raise NotFound
        return row

    def run(self, statement: Executable, values: Mapping[str, Any] | None = None) -> int:
        """Change rows of this clinic, and return their number."""
        result = self.db.execute(statement, {"clinic": self.clinic_id, **(values or {})})
        return int(getattr(result, "rowcount", -1))


Writing = Callable[[UUID], AbstractContextManager[Connection]]
Account = Callable[[Operation], Awaitable[None]]
"""Commit the ledger entries of an operation that has no writing transaction."""


def perform(
    database: Database,
    op: Operation,
    work: Callable[[], T],
    *,
    owning: bool = False,
    bulk: bool = False,
) -> T:
    """Run an operation's work in its own transaction, commit, and return the result.

    `owning` and `bulk` are those of `Database.writing`. Work that loses a race runs again, up to
    `RUNS` times in all. Then it raises `Conflict`, or `Unavailable` after a deadlock or the like.
    The steps of `afterwards` follow, whether the work was committed or not.
    """
    try:
        done = _committed(op, work, partial(database.writing, owning=owning, bulk=bulk))
    except Exception:
        settle(database, op)
        raise
    settle(database, op)
    return done


def settle(database: Database, op: Operation) -> None:
    """Commit the steps that an operation left for afterwards, in a transaction of their own."""
    steps, op.afterwards = op.afterwards, []
    if steps:
        own = Operation(op.name, op.caller, op.request_id, op.at)
        perform(database, own, lambda: [step(own) for step in steps])


def _committed(op: Operation, work: Callable[[], T], writing: Writing) -> T:
    for run in range(1, RUNS + 1):
        try:
            with writing(op.clinic_id) as db:
                op.begin(db)
                done = work()
                op.finish()
        except IntegrityError as error:
            if run == RUNS:
                raise Conflict from error
        except DBAPIError as error:
            if not should_try_again(error):
                raise
            if run == RUNS:
                raise Unavailable from error
        else:
            op.entries = []
            return done
    raise AssertionError
