"""The time limit of a request."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from app.core.values.problems import Unavailable

REQUEST_MAX_S: Final = 4.5
"""The limit from a request to its answer, without the time in which its body arrives."""

T = TypeVar("T")


@asynccontextmanager
async def deadline() -> AsyncIterator[asyncio.Timeout]:
    """Raise `Unavailable` if the block takes longer than `REQUEST_MAX_S`.

    A thread that the block waits for is not interrupted: it runs to its end.
    """
    try:
        async with asyncio.timeout(REQUEST_MAX_S) as limit:
            yield limit
    except TimeoutError:
        raise Unavailable from None


async def untimed(limit: asyncio.Timeout, work: Awaitable[T]) -> T:
    """Wait for the client while the time limit stands still. It limits only the server's work."""
    ends_at = limit.when()
    if ends_at is None:
        return await work
    loop = asyncio.get_running_loop()
    left_s = ends_at - loop.time()
    limit.reschedule(None)
    done = await work
    limit.reschedule(loop.time() + left_s)
    return done
