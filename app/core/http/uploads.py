"""Uploads: bodies too large for memory, which are received into a file."""

import asyncio
import math
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, TypeVar, cast
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from fastapi import Request

from app.core.http.authorize import operation_of
from app.core.http.places import Places
from app.core.http.requests import check_media, chunks
from app.core.values import bounds
from app.core.values.problems import TooSlow, Unavailable

IN_MEMORY_BYTES: Final = 1024 * 1024
PLACES: Final = Places("uploads", bounds.UPLOADS, bounds.UPLOADS_OF_CLINIC)
_AT_WORK: Final = Places("uploads", bounds.IMPORTS, bounds.IMPORTS_OF_CLINIC)
_THREADS: Final = CapacityLimiter(bounds.IMPORTS)
# A full disk cache makes a write wait, which must not hold up other requests.
_WRITERS: Final = CapacityLimiter(2)

T = TypeVar("T")


async def in_upload_thread(work: Callable[[], T], clinic_id: UUID) -> T:
    """Call a function in one of the threads that are reserved for uploads, and wait for it.

    The place of the upload bounds how many wait.
    """
    async with _AT_WORK.held(clinic_id, math.inf):
        return await to_thread.run_sync(work, limiter=_THREADS)


@dataclass(frozen=True, slots=True)
class Upload:
    """A body in a temporary file, which is removed when the request ends."""

    file: BinaryIO
    media: str


class Uploaded:
    """A FastAPI dependency that returns the body as an `Upload`, if it has one of these types.

    Takes a place first. Raises `Unavailable` if none is free or the disk is full,
    `UnsupportedMedia`, `TooLarge`, or `TooSlow`.
    """

    def __init__(self, *media: str, max_bytes: int) -> None:
        self._media = media
        self._max_bytes = max_bytes

    async def __call__(self, request: Request) -> AsyncIterator[Upload]:
        """Receive the body into a file."""
        media = check_media(request, self._media)
        place = PLACES.held(operation_of(request).clinic_id)
        with _temporary() as file:
            async with place:
                await self._receive(request, file)
                yield Upload(file, media)

    async def _receive(self, request: Request, file: BinaryIO) -> None:
        size = 0
        async for chunk in _in_time(chunks(request, self._max_bytes)):
            size += len(chunk)
            with _stored():
                if size <= IN_MEMORY_BYTES:
                    file.write(chunk)
                else:
                    await to_thread.run_sync(file.write, chunk, limiter=_WRITERS)
        with _stored():
            file.seek(0)

    def documented(self) -> dict[str, Any]:
        """Return the `openapi_extra` of a route with such a body."""
        text = {"schema": {"type": "string"}}
        return {"requestBody": {"required": True, "content": dict.fromkeys(self._media, text)}}


@contextmanager
def _temporary() -> Iterator[BinaryIO]:
    file = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 - closed below
    try:
        yield cast("BinaryIO", file)
    finally:
        with suppress(OSError):  # nobody reads any more what could not be written
            file.close()


@contextmanager
def _stored() -> Iterator[None]:
    """Raise `Unavailable` where the folder for temporary files is full or missing."""
    try:
        yield
    except OSError as error:
        raise Unavailable from error


async def _in_time(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the chunks of an upload. `TooSlow` if the client is slower than the least rate."""
    waited_s, size = 0.0, 0
    while True:
        began = time.monotonic()
        left_s = bounds.UPLOAD_GRACE_S - waited_s + size / bounds.UPLOAD_LEAST_BYTES_PER_S
        try:
            async with asyncio.timeout(min(left_s, bounds.BODY_SILENCE_S)):
                chunk = await anext(chunks, None)
        except TimeoutError:
            raise TooSlow from None
        if chunk is None:
            return
        waited_s += time.monotonic() - began
        size += len(chunk)
        yield chunk
