"""The database engine, its transactions, and the only place that commits."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
from pydantic_core import from_json, to_json
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.core.db.files import DatabaseFiles, FileConnection
from app.core.db.timeouts import TimeoutConnection, allow_silence
from app.core.db.turns import Turns
from app.core.values import bounds
from app.core.values.problems import DatabaseReplaced, Unavailable

# Requests that run at once. Each has its own thread and connection, so that none waits for
# another's. Writers of one clinic take turns in any case: more waiting writers cost processor
# time on both sides, and make the slowest one wait longer.
THREADS = 4
# Imports take long, so they have their own threads and connections: `bounds.IMPORTS`.
# So does printing, which must not wait for an import.
PRINTS = 2
# So do downloads, `bounds.DOWNLOADS`. Each keeps one connection until it ends. While it begins, its
# access entries are written by a second one.
# The threads that write access entries, extend the Merkle tree, and send messages.
BACKGROUND = 3
CONNECTIONS = (
    THREADS + bounds.IMPORTS + PRINTS + bounds.DOWNLOADS + bounds.DOWNLOADS_BEGINNING + BACKGROUND
)
POOL_TIMEOUT_S = 2
POSTGRESQL_OPTIONS = (
    "-c timezone=UTC -c statement_timeout=5000 -c lock_timeout=2000"
    " -c idle_in_transaction_session_timeout=10000"
)
# A client may read a snapshot slowly, and its statements read whole tables.
SNAPSHOT_SILENCE_MAX_S = 30
SNAPSHOT_IDLE_MAX_S = 60
SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=5000",
    "trusted_schema=OFF",
)
# Row-level security doesn't restrict a superuser, so a superuser's connections take this role.
SERVING_ROLE: Final = "needlework_serving"
_SNAPSHOT: Final = (
    "ISOLATION LEVEL REPEATABLE READ READ ONLY;"
    f" SET LOCAL statement_timeout = '{SNAPSHOT_SILENCE_MAX_S}s';"
    f" SET LOCAL idle_in_transaction_session_timeout = '{SNAPSHOT_IDLE_MAX_S}s'"
)
# Not `SET LOCAL`: it takes no parameters, and PostgreSQL warns when it is used outside BEGIN.
_STANDALONE: Final = (
    "SELECT set_config('app.clinic', %s, true), set_config('transaction_read_only', 'on', true)"
)
# PostgreSQL's SQLSTATEs for a transaction that may be retried: serialization and deadlock.
TRY_AGAIN = frozenset({"40001", "40P01"})


class Database:
    """One SQLAlchemy engine and the ways to open a connection or a transaction on it."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self.file = _file(self.engine.url)
        """The file of a SQLite database, which the first connection creates; None on PostgreSQL."""
        self._files = _watch_files(self.engine, self.file) if self.file is not None else None
        # SQLite has one writer. A lock wakes the next one at once; SQLite's own busy handler
        # sleeps for up to 100 ms at a time. Of bulk work, only one transaction at a time waits
        # for it, so that any other waits for at most one of them.
        self.writers, self.bulk_writers = Turns(), Turns()

    @contextlib.contextmanager
    def reading(self, clinic_id: UUID | None = None) -> Iterator[Connection]:
        """Yield a read-only connection. Each statement sees what is committed by then.

        On PostgreSQL it sees only the rows of this clinic, whatever the query is. Without a clinic
        it sees only the tables of clinics, clients and ledger heads. There, each statement is its
        own transaction, and none is open in between.
        """
        with unavailable_if_down(), self.engine.connect() as db:
            db.execution_options(clinic_id=clinic_id, standalone=True)
            yield db

    @contextlib.contextmanager
    def snapshot(self, clinic_id: UUID) -> Iterator[Connection]:
        """Yield a read-only connection whose statements all see the same moment.

        It sees the rows that `reading` sees, and may be used for longer than a request may take.
        """
        with unavailable_if_down(), self.engine.connect() as db:
            db.execution_options(clinic_id=clinic_id, snapshot=True)
            with allow_silence(db, SNAPSHOT_SILENCE_MAX_S):
                yield db

    @contextlib.contextmanager
    def writing(
        self, clinic_id: UUID | None = None, *, owning: bool = False, bulk: bool = False
    ) -> Iterator[Connection]:
        """Yield a transaction that commits when the block ends, and rolls back if it fails.

        It can read and change the rows that `reading` sees; if `owning`, with all rights of the
        URL's role. Say `bulk` if it is one of many in a row, which must not hold up others. It
        rolls back and raises `DatabaseReplaced` if the files of a SQLite database were replaced
        meanwhile.
        """
        with self._writer_turn(bulk=bulk), unavailable_if_down(), self.engine.connect() as db:
            # A deferred transaction that begins to write later can't wait for its turn.
            db.execution_options(clinic_id=clinic_id, owning=owning, sqlite_begin="IMMEDIATE")
            try:
                with db.begin():
                    yield db
            except DatabaseReplaced:
                if self._files is not None:
                    self._files.save(db)
                raise

    @contextlib.contextmanager
    def owning(self) -> Iterator[Connection]:
        """Yield a separate connection with all rights of the URL's role, for migrations."""
        with self.engine.connect() as db:
            db.detach()  # settings and locks end with this connection
            db.execution_options(owning=True, sqlite_begin="IMMEDIATE")
            yield db

    @contextlib.contextmanager
    def _writer_turn(self, *, bulk: bool) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            if self.is_sqlite:
                for turns in (self.bulk_writers, self.writers) if bulk else (self.writers,):
                    stack.enter_context(turns.turn(POOL_TIMEOUT_S))
            yield

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def set_clinic(db: Connection, clinic_id: UUID) -> None:
    """Give a connection access to this clinic's rows: to change them, if in a transaction."""
    if db.get_execution_options().get("standalone"):
        db.execution_options(clinic_id=clinic_id)
    elif db.dialect.name == "postgresql":
        db.exec_driver_sql(_set_clinic_sql(clinic_id))


@contextlib.contextmanager
def across_clinics(db: Connection, clinic_id: UUID) -> Iterator[None]:
    """Let a transaction in this clinic read for a moment as if no clinic were chosen yet.

    Row-level security then shows the few tables in which clinics are found, of every clinic.
    """
    postgresql = db.dialect.name == "postgresql"
    if postgresql:
        db.exec_driver_sql("SET LOCAL app.clinic = ''")
    yield
    if postgresql:
        db.exec_driver_sql(_set_clinic_sql(clinic_id))


def lock_for_all_clinics(db: Connection, id: UUID) -> None:
    """Let one transaction at a time deal with this id, whatever its clinic, until the commit.

    No unique index does that: it would have to cover all clinics, which may be on several servers.
    SQLite has one writer at a time anyway.
    """
    if db.dialect.name == "postgresql":
        number = int.from_bytes(id.bytes[:8], signed=True)
        db.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (number,))


@contextlib.contextmanager
def unavailable_if_down() -> Iterator[None]:
    """Raise `Unavailable` where the database is down, locked or too slow."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout, psycopg.OperationalError) as error:
        # SQLAlchemy doesn't wrap an error of what an event handler sends by the driver.
        if getattr(getattr(error, "orig", None), "sqlstate", None) in TRY_AGAIN:
            raise
        raise Unavailable from error
    except InternalError as error:
        # PostgreSQL reports its own faults as XX…, such as a file that it can't extend.
        if str(getattr(error.orig, "sqlstate", None)).startswith("XX"):
            raise Unavailable from error
        raise


def should_try_again(error: DBAPIError) -> bool:
    """Return whether the same transaction may succeed on a second run."""
    return getattr(error.orig, "sqlstate", None) in TRY_AGAIN


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if "@" in (parsed.host or ""):
        # It would be part of an unescaped password, which an error of the driver would show.
        raise ArgumentError("the host holds a part of a password")
    kinds: dict[str, dict[str, Any]] = {
        "sqlite": {"connect_args": {"factory": FileConnection}},
        "postgresql": {
            "connect_args": {"connect_timeout": 2, "options": POSTGRESQL_OPTIONS},
            "isolation_level": "AUTOCOMMIT",  # BEGIN is sent by _begin_postgresql
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
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        **kinds[backend],
    )
    if backend == "postgresql":
        event.listen(engine, "do_connect", lambda *args: TimeoutConnection.connect(**args[-1]))
        event.listen(engine, "begin", _begin_postgresql)
        event.listen(engine, "do_execute", _execute_postgresql)
    if backend == "sqlite":
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _watch_files(engine: Engine, file: Path) -> DatabaseFiles:
    """Create the file of a SQLite database, and let no transaction commit after a replacement."""
    files = DatabaseFiles(file)

    def connect(*_: object) -> None:
        files.check_before_open()
        _create_file(file)

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", lambda connection, _record: files.opened(connection))
    event.listen(engine, "close", lambda connection, _record: files.closed(connection))
    event.listen(engine, "close_detached", files.closed)
    event.listen(engine, "commit", files.check)
    return files


def _file(url: URL) -> Path | None:
    is_file = url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}
    # A SQLite `file:` URI says itself whether a file is created.
    return Path(str(url.database)).absolute() if is_file and "uri" not in url.query else None


def _create_file(file: Path) -> None:
    """Create a database's file and folder if they are missing, readable by this account only."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Never open an existing file: closing it would release the locks that this process's
        # other connections hold on it (POSIX). SQLite gives its other files the same mode.
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise sqlite3.OperationalError(f"{file} can't be opened: {error.strerror}") from error


def _open_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # Otherwise the driver begins transactions itself, and only deferred ones.
    connection.isolation_level = None
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA schema_version").fetchone()  # a first read opens the WAL


def _begin_sqlite(db: Connection) -> None:
    db.exec_driver_sql("BEGIN " + db.get_execution_options().get("sqlite_begin", "DEFERRED"))


def _begin_postgresql(db: Connection) -> None:
    """Send BEGIN and the clinic in one message. The driver would send two and wait for each."""
    options = db.get_execution_options()
    clinic_id = options.get("clinic_id")
    if options.get("owning"):
        begin = "RESET ROLE; BEGIN"
    else:
        _drop_superuser(db.connection.dbapi_connection)
        begin = f"BEGIN {_SNAPSHOT}" if options.get("snapshot") else "BEGIN"
    if options.get("standalone"):
        return
    db.exec_driver_sql(begin if clinic_id is None else f"{begin}; {_set_clinic_sql(clinic_id)}")


def _execute_postgresql(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
    """Send a standalone statement together with its clinic, and wait once for both.

    PostgreSQL runs the statements up to a sync as one transaction. An explicit transaction would
    need a rollback: one more round trip, after which the driver forgets its prepared statements.
    """
    options = context.execution_options
    if not options.get("standalone"):
        return False
    connection: TimeoutConnection = cursor.connection
    with connection.pipeline():
        connection.execute(_STANDALONE, (str(options["clinic_id"] or ""),))
        cursor.execute(statement, parameters)
    return True


def _set_clinic_sql(clinic_id: UUID) -> str:
    return f"SET LOCAL app.clinic = '{clinic_id}'"


def _drop_superuser(connection: Any) -> None:
    """Give up a superuser's rights, once per connection."""
    if connection.info.parameter_status("is_superuser") == "on":
        # The first migration creates the role. Before that there is nothing to protect.
        with contextlib.suppress(psycopg.errors.InvalidParameterValue):
            connection.execute(f"SET ROLE {SERVING_ROLE}")
