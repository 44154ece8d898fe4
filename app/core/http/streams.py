"""Streams: answers too large for memory, which are made and sent piece by piece."""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import aclosing
from typing import Final, NamedTuple

from anyio import CancelScope, CapacityLimiter, to_thread
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from app.core.db.database import STREAMS
from app.core.http.deadline import deadline

STALLED_MAX_S: Final = 60.0
"""How long a client may read nothing before its download is aborted."""
# A stream holds a place until its end, because it also holds a database connection.
_PLACES: Final = CapacityLimiter(STREAMS)
_THREADS: Final = CapacityLimiter(STREAMS)

Pieces = Generator[bytes, None, None]


class Stream(NamedTuple):
    """An answer in pieces. Closing the generator releases what it holds open."""

    pieces: Pieces
    media: str
    file: str
    """The file name that a browser saves it under."""


async def streamed(work: Callable[[], Stream]) -> "Streamed":
    """Call `work` in a thread, and return the response that sends its stream.

    Raises `Unavailable` if too many streams are running. A failure before the first piece is
    answered as a problem. A later one aborts the answer.
    """
    place = object()
    async with deadline():
        await _PLACES.acquire_on_behalf_of(place)
    pieces: Pieces | None = None
    try:
        stream = await to_thread.run_sync(work, limiter=_THREADS)
        pieces = stream.pieces
        first = await to_thread.run_sync(next, pieces, b"", limiter=_THREADS)
    except BaseException:
        await _release(place, pieces)
        raise
    return Streamed(place, stream, first)


async def _release(place: object, pieces: Pieces | None) -> None:
    """Close the generator and free the place, even if the request is cancelled."""
    with CancelScope(shield=True):
        try:
            if pieces is not None:
                await to_thread.run_sync(pieces.close, limiter=_THREADS)
        finally:
            _PLACES.release_on_behalf_of(place)


class Streamed(StreamingResponse):
    """The response that sends a stream."""

    def __init__(self, place: object, stream: Stream, first: bytes) -> None:
        self._place, self._pieces = place, stream.pieces
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{stream.file}"',
        }
        super().__init__(self._all(first), 200, headers, stream.media)

    async def _all(self, first: bytes) -> AsyncIterator[bytes]:
        piece: bytes | None = first
        while piece is not None:
            yield piece
            piece = await to_thread.run_sync(next, self._pieces, None, limiter=_THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream, and always release what it holds open."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(STALLED_MAX_S):
                await send(message)

        try:
            async with aclosing(self.body_iterator):  # type: ignore[type-var]
                await super().__call__(scope, receive, send_in_time)
        finally:
            await _release(self._place, self._pieces)
