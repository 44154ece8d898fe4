"""Timeouts: of the database on a connection, and of a request.

A frozen server and a network that swallows packets say nothing, so no error comes by itself. TCP's
own timeouts see no fault where the other end's kernel acknowledges what nobody reads.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeVar, cast

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection

from app.core.problems import Unavailable

REQUEST_MAX_S: Final = 4.5
"""From a request to its answer, without the time that its body takes to arrive."""
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


@asynccontextmanager
async def deadline() -> AsyncIterator[asyncio.Timeout]:
    """Raise `Unavailable` after `REQUEST_MAX_S`.

    A thread that the block waits for runs to its own end.
    """
    try:
        async with asyncio.timeout(REQUEST_MAX_S) as limit:
            yield limit
    except TimeoutError:
        raise Unavailable from None


async def untimed(limit: asyncio.Timeout, work: Awaitable[T]) -> T:
    """Wait for the client without counting the time: only the server's own work is limited."""
    ends_at = limit.when()
    if ends_at is None:
        return await work
    loop = asyncio.get_running_loop()
    left_s = ends_at - loop.time()
    limit.reschedule(None)
    done = await work
    limit.reschedule(loop.time() + left_s)
    return done
