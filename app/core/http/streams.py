"""Streams: answers too large for memory, which are made and sent piece by piece."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import aclosing
from typing import Final, NamedTuple
from uuid import UUID

from anyio import CancelScope, CapacityLimiter, to_thread
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from app.core.http.places import Places
from app.core.values import bounds

# A stream holds a place until its end, because it also holds a database connection.
PLACES: Final = Places("downloads", bounds.DOWNLOADS, bounds.DOWNLOADS_OF_CLINIC)
_THREADS: Final = CapacityLimiter(bounds.DOWNLOADS)
# A stream that begins writes its access entries, with a second connection.
_BEGINNING: Final = CapacityLimiter(bounds.DOWNLOADS_BEGINNING)

Pieces = Generator[bytes, None, None]


class Stream(NamedTuple):
    """An answer in pieces. Closing the generator releases what it holds open."""

    pieces: Pieces
    media: str
    file: str
    """The file name that a browser saves it under."""


async def streamed(work: Callable[[], Stream], clinic_id: UUID) -> "Streamed":
    """Call `work` in a thread, and return the response that sends its stream.

    Raises `Unavailable` if too many streams are running, in all or of this clinic. A failure before
    the first piece is answered as a problem. A later one aborts the answer.
    """
    await PLACES.take(clinic_id)
    pieces: Pieces | None = None
    try:
        stream = await to_thread.run_sync(work, limiter=_BEGINNING)
        pieces = stream.pieces
        first = await to_thread.run_sync(next, pieces, b"", limiter=_BEGINNING)
    except BaseException:
        await release(clinic_id, pieces)
        raise
    return Streamed(clinic_id, stream, first)


async def release(clinic_id: UUID, pieces: Pieces | None) -> None:
    """Close the generator and free the place, even if the request is cancelled."""
    with CancelScope(shield=True):
        try:
            if pieces is not None:
                await to_thread.run_sync(pieces.close, limiter=_THREADS)
        finally:
            PLACES.give_back(clinic_id)


class Streamed(StreamingResponse):
    """The response that sends a stream."""

    def __init__(self, clinic_id: UUID, stream: Stream, first: bytes) -> None:
        self._clinic_id, self.pieces = clinic_id, stream.pieces
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{stream.file}"',
        }
        super().__init__(self._all(first), 200, headers, stream.media)

    async def _all(self, first: bytes) -> AsyncIterator[bytes]:
        piece: bytes | None = first
        while piece is not None:
            yield piece
            piece = await to_thread.run_sync(next, self.pieces, None, limiter=_THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream, and always release what it holds open."""
        waited_s, sent = 0.0, 0

        async def send_in_time(message: Message) -> None:
            nonlocal waited_s, sent
            began = time.monotonic()
            left_s = bounds.ANSWER_SILENCE_S - waited_s + sent / bounds.DOWNLOAD_LEAST_BYTES_PER_S
            async with asyncio.timeout(min(left_s, bounds.ANSWER_SILENCE_S)):
                await send(message)
            waited_s += time.monotonic() - began
            sent += len(message.get("body", b""))

        try:
            async with aclosing(self.body_iterator):  # type: ignore[type-var]
                await super().__call__(scope, receive, send_in_time)
        finally:
            await release(self._clinic_id, self.pieces)
