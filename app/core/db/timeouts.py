"""Timeouts of a connection to the database.

A frozen server, or a network that drops packets, causes no error by itself. TCP's own timeouts
don't help where the other kernel acknowledges data that its process never reads.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar, cast

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection

SILENCE_MAX_S: Final = 4.0
INTERVAL_S: Final = 0.1
LONG_MS: Final = 15 * 60 * 1000
"""How long a migration waits for SQLite's write lock."""

T = TypeVar("T")


class TimeoutConnection(psycopg.Connection[Any]):
    """A connection that closes after the server is silent for `silence_max_s`."""

    silence_max_s: float | None = SILENCE_MAX_S

    def wait(self, gen: PQGen[T], interval: float = INTERVAL_S, timeout: float | None = None) -> T:
        """Wait for the server. If it stays silent, close and raise `OperationalError`."""
        try:
            return super().wait(gen, interval, timeout or self.silence_max_s)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                # A late answer would be read as the answer to the next statement.
                self.pgconn.finish()
            raise


def lift_timeouts(db: Connection) -> None:
    """Remove the timeouts of this connection, for a migration."""
    connection: Any = db.connection.dbapi_connection
    if db.dialect.name == "postgresql":
        cast("TimeoutConnection", connection).silence_max_s = None
    else:
        connection.execute(f"PRAGMA busy_timeout = {LONG_MS}")


@contextmanager
def allow_silence(db: Connection, silence_max_s: float) -> Iterator[None]:
    """Allow the server to be silent for so long on this connection, until the block ends."""
    if db.dialect.name != "postgresql":
        yield
        return
    connection = cast("TimeoutConnection", db.connection.dbapi_connection)
    connection.silence_max_s = silence_max_s
    try:
        yield
    finally:
        connection.silence_max_s = SILENCE_MAX_S
