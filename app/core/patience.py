"""How long to wait: for the database on a connection, and for an answer to a request.

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
from psycopg.waiting import Ready, Wait
from sqlalchemy import Connection

from app.core.problems import Unavailable

REQUEST_MAX_S: Final = 4.5
"""From a request to its answer, less the time that its body takes to arrive."""
SILENCE_MAX_S: Final = 4.0
INTERVAL_S: Final = 0.1
UNASKED_MAX: Final = 4
"""Steps of sending: more than a statement takes, so one that doesn't go through waits after all."""
LONG_MS: Final = 15 * 60 * 1000
"""Of a migration, until it's SQLite's turn."""

T = TypeVar("T")


class Impatient(psycopg.Connection[Any]):
    """A connection that is given up when the server says nothing for so long."""

    silence_max_s: float | None = SILENCE_MAX_S
    sends_unasked = False
    """Whether what is sent is so short that the network takes it at once."""

    def wait(self, gen: PQGen[T], interval: float = INTERVAL_S, timeout: float | None = None) -> T:
        """Wait for the server; `OperationalError`, and a closed connection, if it is silent."""
        try:
            steps = _unasked(gen) if self.sends_unasked else gen
            return super().wait(steps, interval, timeout or self.silence_max_s)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                # The answer may still come, and would be taken for that of the next statement.
                self.pgconn.finish()
            raise


def _unasked(gen: PQGen[T]) -> PQGen[T]:
    """Do the first steps of sending without asking whether the network takes it.

    In a pipeline the driver asks before and after each command, and each time another thread may
    take the turn.
    """
    try:
        wanted = next(gen)
        for _ in range(UNASKED_MAX):
            if wanted != Wait.RW:
                break
            wanted = gen.send(Ready.W)
        while True:
            wanted = gen.send((yield wanted))
    except StopIteration as end:
        return cast("T", end.value)


def be_patient(db: Connection) -> None:
    """Wait on this connection for as long as it takes; for migrations."""
    connection: Any = db.connection.dbapi_connection
    if db.dialect.name == "postgresql":
        cast("Impatient", connection).silence_max_s = None
    else:
        connection.execute(f"PRAGMA busy_timeout = {LONG_MS}")


@contextmanager
def waiting(db: Connection, silence_max_s: float) -> Iterator[None]:
    """Wait on this connection for so long, until the block ends."""
    if db.dialect.name != "postgresql":
        yield
        return
    connection = cast("Impatient", db.connection.dbapi_connection)
    connection.silence_max_s = silence_max_s
    try:
        yield
    finally:
        connection.silence_max_s = SILENCE_MAX_S


@asynccontextmanager
async def deadline(seconds: float) -> AsyncIterator[asyncio.Timeout]:
    """Raise `Unavailable` after so long; a thread that the block waits for runs to its own end."""
    try:
        async with asyncio.timeout(seconds) as limit:
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
