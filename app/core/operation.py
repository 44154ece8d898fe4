"""The operation: who does what, in which clinic, at what instant, in which transaction."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Connection,
    Executable,
    Row,
    Select,
    Uuid,
    bindparam,
    select,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.core.db.database import Database, should_try_again
from app.core.db.tables import ClinicOwned
from app.core.values.access import Caller
from app.core.values.clock import now
from app.core.values.problems import Conflict, NotFound

T = TypeVar("T")
# A lost race is decided by running the operation again: now it sees who won.
RUNS = 3
CLINIC: BindParameter[UUID] = bindparam("clinic", type_=Uuid())


def rows(table: type[ClinicOwned], *columns: Any) -> Select[Any]:
    """The start of every query: rows (or only `columns`) of the operation's clinic."""
    return select(*(columns or (table,))).where(table.clinic_id == CLINIC)


class Entry(NamedTuple):
    """What the ledger is to say of one thing that was done or seen; it has no number yet."""

    kind: Literal["change", "access", "security"]
    operation: str
    resource: str
    resource_id: UUID
    patient_id: UUID | None = None
    version: int | None = None
    reason: str | None = None
    view: Mapping[str, Any] | None = None
    """Of a change: the record as it is afterwards. Other entries may hold one, too."""


@dataclass(slots=True)
class Operation:
    """One thing that one caller does. The first argument of every query and service function."""

    name: str
    caller: Caller
    request_id: str
    at: datetime = field(default_factory=now)
    if_match: str | None = None
    _db: Connection | None = None
    before_commit: list[Callable[[], None]] = field(default_factory=list)
    """Steps to run as the last statements before the commit, in this order."""
    entries: list[Entry] = field(default_factory=list)
    """What was gathered for the ledger, and isn't committed yet."""
    stale_clients: set[UUID] = field(default_factory=set)
    """The clients whose rights this operation changes: they are looked up anew afterwards."""

    @property
    def clinic_id(self) -> UUID:
        """The clinic that everything in this operation belongs to."""
        return self.caller.clinic_id

    @property
    def db(self) -> Connection:
        """The connection, inside the operation's transaction."""
        if self._db is None:
            raise RuntimeError("no transaction is open for this operation")
        return self._db

    def begin(self, db: Connection) -> None:
        """Enter a transaction, forgetting what an earlier, failed run had gathered."""
        self._db = db
        self.before_commit, self.entries, self.stale_clients = [], [], set()

    def finish(self) -> None:
        """Run the steps of `before_commit`; the commit follows."""
        for step in self.before_commit:
            step()

    def all(self, statement: Executable, **values: object) -> Sequence[Any]:
        """Every row of a query that began with `rows`."""
        return self.db.execute(statement, {"clinic": self.clinic_id, **values}).all()

    def partitions(
        self, statement: Executable, size: int, **values: object
    ) -> Iterator[Sequence[Any]]:
        """The rows of a query that began with `rows`, so many at a time, never held all at once."""
        asked = {"clinic": self.clinic_id, **values}
        streaming = {"stream_results": True, "yield_per": size}
        with self.db.execute(statement, asked, execution_options=streaming) as result:
            yield from result.partitions()

    def first(self, statement: Executable, **values: object) -> Row[Any] | None:
        """The first row of a query that began with `rows`, if there is one."""
        return self.db.execute(statement, {"clinic": self.clinic_id, **values}).first()

    def one(self, statement: Executable, **values: object) -> Row[Any]:
        """The first row of a query that began with `rows`; `NotFound` where there is none."""
        found = self.first(statement, **values)
        if found is None:
            raise NotFound
        return found

    def run(self, statement: Executable, values: Mapping[str, Any] | None = None) -> int:
        """Change rows of this clinic; answers how many."""
        result = self.db.execute(statement, {"clinic": self.clinic_id, **(values or {})})
        return int(getattr(result, "rowcount", -1))


Account = Callable[[Operation], Awaitable[None]]
"""Commits what an operation gathered for the ledger, where it has no transaction of its own."""


def perform(database: Database, op: Operation, work: Callable[[], T]) -> T:
    """Do an operation's work in a transaction of its own, and commit.

    A lost race is run again; one that is lost again and again is a `Conflict`.
    """
    for run in range(1, RUNS + 1):
        try:
            with database.writing(op.clinic_id) as db:
                op.begin(db)
                done = work()
                op.finish()
        except IntegrityError as error:
            if run == RUNS:
                raise Conflict from error
        except DBAPIError as error:
            if run == RUNS or not should_try_again(error):
                raise
        else:
            op.entries = []
            return done
    raise AssertionError
