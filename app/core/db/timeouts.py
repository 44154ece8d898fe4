"""Timeouts of a connection to the database.

A frozen server and a network that swallows packets say nothing, so no error comes by itself. TCP's
own timeouts see no fault where the other end's kernel acknowledges what nobody reads.
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
"""How long a migration waits for its turn to write to SQLite."""

T = TypeVar("T")


class TimeoutConnection(psycopg.Connection[Any]):
    """A connection that is closed when the server has been silent for `silence_max_s`."""

    silence_max_s: float | None = SILENCE_MAX_S

    def wait(self, gen: PQGen[T], interval: float = INTERVAL_S, timeout: float | None = None) -> T:
        """Wait for the server; if it stays silent, close the connection: `OperationalError`."""
        try:
            return super().wait(gen, interval, timeout or self.silence_max_s)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                # The answer may still come, and would be taken for that of the next statement.
                self.pgconn.finish()
            raise


def lift_timeouts(db: Connection) -> None:
    """Wait on this connection for as long as it takes, as a migration may."""
    connection: Any = db.connection.dbapi_connection
    if db.dialect.name == "postgresql":
        cast("TimeoutConnection", connection).silence_max_s = None
    else:
        connection.execute(f"PRAGMA busy_timeout = {LONG_MS}")


@contextmanager
def allow_silence(db: Connection, silence_max_s: float) -> Iterator[None]:
    """Bear so much silence of the server on this connection, until the block ends."""
    if db.dialect.name != "postgresql":
        yield
        return
    connection = cast("TimeoutConnection", db.connection.dbapi_connection)
    connection.silence_max_s = silence_max_s
    try:
        yield
    finally:
        connection.silence_max_s = SILENCE_MAX_S
