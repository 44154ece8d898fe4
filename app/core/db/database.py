"""The database: its engine, its transactions, and the one place that commits."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
from pydantic_core import from_json, to_json
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.core.db.timeouts import TimeoutConnection, allow_silence
from app.core.values.problems import Unavailable

# Requests at work at once, each with a thread and a connection of its own, so that none waits
# for another's. Writers of one clinic take turns in the end: more of them waiting costs both
# sides processor time, and makes the slowest wait longer.
THREADS = 4
# Uploads take long, so they have threads and connections of their own.
UPLOADS = 2
# So does what is printed, which waits for no upload.
PRINTS = 2
# So do downloads. Each holds one connection to its end, and another while it is accounted for.
STREAMS = 2
# The one that writes down what was read, and the one that grows the tree over it.
BACKGROUND = 2
POOL_TIMEOUT_S = 2
POSTGRESQL_OPTIONS = (
    "-c timezone=UTC -c statement_timeout=5000 -c lock_timeout=2000"
    " -c idle_in_transaction_session_timeout=10000"
)
# A snapshot is read for as long as somebody takes it in, and by statements that read whole tables.
SNAPSHOT_SILENCE_MAX_S = 30
SNAPSHOT_IDLE_MAX_S = 60
SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=5000",
    "trusted_schema=OFF",
)
# Where there is only a superuser's URL, what serves acts as this role: no wall stops a superuser.
SERVING_ROLE: Final = "needlework_serving"
_LASTING: Final = (
    "ISOLATION LEVEL REPEATABLE READ READ ONLY;"
    f" SET LOCAL statement_timeout = '{SNAPSHOT_SILENCE_MAX_S}s';"
    f" SET LOCAL idle_in_transaction_session_timeout = '{SNAPSHOT_IDLE_MAX_S}s'"
)
# Not `SET LOCAL`: that takes no parameters, and PostgreSQL warns where no BEGIN came before it.
_ALONE: Final = (
    "SELECT set_config('app.clinic', %s, true), set_config('transaction_read_only', 'on', true)"
)
# Codes with which PostgreSQL says: try this transaction again.
TRY_AGAIN = frozenset({"40001", "40P01"})


class Database:
    """One SQLAlchemy engine, and how a transaction runs on it."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self.file = _file(self.engine.url)
        """Where a SQLite database is; the first connection makes it. Else None."""
        # SQLite has one writer. Waiting here is fair and wakes at once; its own busy handler
        # sleeps for up to 100 ms at a time.
        self._writer = threading.Lock()

    @contextlib.contextmanager
    def reading(self, clinic_id: UUID | None = None) -> Iterator[Connection]:
        """A connection that changes nothing. Each statement sees what is committed by then.

        On PostgreSQL it sees the rows of this clinic, whatever is asked; without one, only which
        clinics and clients there are, and the sizes of the ledgers. Each statement is a
        transaction of its own there, and none is open in between.
        """
        with unavailable_if_down(), self.engine.connect() as db:
            db.execution_options(clinic_id=clinic_id, alone=True)
            yield db

    @contextlib.contextmanager
    def snapshot(self, clinic_id: UUID) -> Iterator[Connection]:
        """A connection all of whose statements see the same moment, however long it is held.

        It sees what `reading` sees, and isn't held to the time that a request has.
        """
        with unavailable_if_down(), self.engine.connect() as db:
            db.execution_options(clinic_id=clinic_id, snapshot=True)
            with allow_silence(db, SNAPSHOT_SILENCE_MAX_S):
                yield db

    @contextlib.contextmanager
    def writing(self, clinic_id: UUID | None = None) -> Iterator[Connection]:
        """A transaction that commits when its block ends, and is as if never begun if it fails.

        It sees and changes what `reading` sees.
        """
        with self._turn(), unavailable_if_down(), self.engine.connect() as db:
            # A deferred transaction that turns into a writing one can't wait its turn.
            db.execution_options(clinic_id=clinic_id, sqlite_begin="IMMEDIATE")
            with db.begin():
                yield db

    @contextlib.contextmanager
    def owning(self) -> Iterator[Connection]:
        """A connection of its own with all the rights of the URL's role, for migrations."""
        with self.engine.connect() as db:
            db.detach()  # what is set and locked here ends with this connection
            db.execution_options(owning=True, sqlite_begin="IMMEDIATE")
            yield db

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        if not self.is_sqlite:
            yield
        elif self._writer.acquire(timeout=POOL_TIMEOUT_S):
            try:
                yield
            finally:
                self._writer.release()
        else:
            raise Unavailable

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def enter(db: Connection, clinic_id: UUID) -> None:
    """Let what comes next on a connection see, and in a transaction change, this clinic's rows."""
    if db.get_execution_options().get("alone"):
        db.execution_options(clinic_id=clinic_id)
    elif db.dialect.name == "postgresql":
        db.exec_driver_sql(_within(clinic_id))


@contextlib.contextmanager
def unavailable_if_down() -> Iterator[None]:
    """Tell the client to try again where the database is down, locked or out of time."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        if getattr(getattr(error, "orig", None), "sqlstate", None) in TRY_AGAIN:
            raise
        raise Unavailable from error


def should_try_again(error: DBAPIError) -> bool:
    """Whether the same transaction may succeed on a second run."""
    return getattr(error.orig, "sqlstate", None) in TRY_AGAIN


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if "@" in (parsed.host or ""):
        raise ArgumentError("the host holds a part of a password")  # which an error would show
    kinds: dict[str, dict[str, Any]] = {
        "sqlite": {},
        "postgresql": {
            "connect_args": {"connect_timeout": 2, "options": POSTGRESQL_OPTIONS},
            "isolation_level": "AUTOCOMMIT",  # as far as the driver knows: see _begin_postgresql
            "pool_use_lifo": True,
        },
    }
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(
        parsed,
        hide_parameters=True,
        json_serializer=lambda value: to_json(value).decode(),
        json_deserializer=from_json,
        pool_size=THREADS + UPLOADS + PRINTS + 2 * STREAMS + BACKGROUND,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        **kinds[backend],
    )
    if backend == "postgresql":
        event.listen(engine, "do_connect", lambda *given: TimeoutConnection.connect(**given[-1]))
        event.listen(engine, "begin", _begin_postgresql)
        event.listen(engine, "do_execute", _execute_postgresql)
    if backend == "sqlite":
        file = _file(parsed)
        if file is not None:
            event.listen(engine, "do_connect", lambda *_: _make(file))
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _file(url: URL) -> Path | None:
    named = url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}
    # SQLite's own `file:` URIs say for themselves what is to be made.
    return Path(str(url.database)).absolute() if named and "uri" not in url.query else None


def _make(file: Path) -> None:
    """Make a database's file and its folder, if they are missing, for this account alone."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Never the file that is there: to close it would give up the locks that other connections
        # of this process hold on it (POSIX). SQLite gives the files beside it the same mode.
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise sqlite3.OperationalError(f"{file} can't be opened: {error.strerror}") from error


def _open_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin transactions by itself, and always deferred ones.
    connection.isolation_level = None
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(db: Connection) -> None:
    db.exec_driver_sql("BEGIN " + db.get_execution_options().get("sqlite_begin", "DEFERRED"))


def _begin_postgresql(db: Connection) -> None:
    """Begin in a clinic by one message: the driver would send two, and wait for each."""
    options = db.get_execution_options()
    clinic_id = options.get("clinic_id")
    if options.get("owning"):
        db.exec_driver_sql("RESET ROLE; BEGIN")
        return
    _step_down(db.connection.dbapi_connection)
    if options.get("alone"):
        return
    begin = f"BEGIN {_LASTING}" if options.get("snapshot") else "BEGIN"
    db.exec_driver_sql(begin if clinic_id is None else f"{begin}; {_within(clinic_id)}")


def _execute_postgresql(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
    """Send a statement that stands alone together with its clinic, and wait once for both.

    What is sent so, up to one answer, is a transaction. A rollback would be another wait, and have
    the driver forget which statements it had prepared.
    """
    options = context.execution_options
    if not options.get("alone"):
        return False
    connection: TimeoutConnection = cursor.connection
    with connection.pipeline():
        connection.execute(_ALONE, (str(options["clinic_id"] or ""),))
        cursor.execute(statement, parameters)
    return True


def _within(clinic_id: UUID) -> str:
    return f"SET LOCAL app.clinic = '{clinic_id}'"


def _step_down(connection: Any) -> None:
    """Give up a superuser's rights, once for each connection."""
    if connection.info.parameter_status("is_superuser") == "on":
        # The role is missing until the first migration: there is nothing to keep it from yet.
        with contextlib.suppress(psycopg.errors.InvalidParameterValue):
            connection.execute(f"SET ROLE {SERVING_ROLE}")
