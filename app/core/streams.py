"""Answers that are too large to hold: made and sent piece by piece, and given up in good order."""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import aclosing
from typing import Final, NamedTuple

from anyio import CancelScope, CapacityLimiter, to_thread
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from app.core.database import STREAMS
from app.core.timeouts import REQUEST_MAX_S, deadline

STALLED_MAX_S: Final = 60.0
"""How long a client may take nothing before it loses its place to the next one."""
# Whoever streams holds a place to the end, for a connection to the database goes with it.
_PLACES: Final = CapacityLimiter(STREAMS)
_THREADS: Final = CapacityLimiter(STREAMS)

Pieces = Generator[bytes, None, None]


class Stream(NamedTuple):
    """An answer in pieces. What it holds open it lets go of when it is closed."""

    pieces: Pieces
    media: str
    file: str
    """What a browser is to call it."""


async def streamed(work: Callable[[], Stream]) -> "Streamed":
    """The response that sends what `work` gives; `Unavailable` where too many others are sent.

    What fails before the first piece is still a problem; later, the answer is cut off.
    """
    place = object()
    async with deadline(REQUEST_MAX_S):
        await _PLACES.acquire_on_behalf_of(place)
    pieces: Pieces | None = None
    try:
        stream = await to_thread.run_sync(work, limiter=_THREADS)
        pieces = stream.pieces
        first = await to_thread.run_sync(next, pieces, b"", limiter=_THREADS)
    except BaseException:
        await _leave(place, pieces)
        raise
    return Streamed(place, stream, first)


async def _leave(place: object, pieces: Pieces | None) -> None:
    """Let go of everything, though the client may be gone."""
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
        """Send it; whatever becomes of that, let go of what it holds open."""

        async def patient(message: Message) -> None:
            async with asyncio.timeout(STALLED_MAX_S):
                await send(message)

        try:
            async with aclosing(self.body_iterator):  # type: ignore[type-var]
                await super().__call__(scope, receive, patient)
        finally:
            await _leave(self._place, self._pieces)
