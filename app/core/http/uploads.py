"""Uploads: bodies too large for memory, which are received into a file."""

import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, Final, cast

from anyio import CapacityLimiter, to_thread
from fastapi import Request

from app.core.db.database import UPLOADS
from app.core.http.requests import check_media, chunks

IN_MEMORY_BYTES: Final = 1024 * 1024
in_upload_thread: Final = partial(to_thread.run_sync, limiter=CapacityLimiter(UPLOADS))
"""Call a function in one of the threads that are reserved for uploads."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A body in a temporary file, which is removed when the request ends."""

    file: BinaryIO
    media: str


class Uploaded:
    """A FastAPI dependency that returns the body as an `Upload`, if it has one of these types.

    Raises `UnsupportedMedia` or `TooLarge`.
    """

    def __init__(self, *media: str, max_bytes: int) -> None:
        self._media = media
        self._max_bytes = max_bytes

    async def __call__(self, request: Request) -> AsyncIterator[Upload]:
        """Receive the body into a file."""
        media = check_media(request, self._media)
        with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
            async for chunk in chunks(request, self._max_bytes):
                file.write(chunk)
            file.seek(0)
            yield Upload(cast("BinaryIO", file), media)

    def documented(self) -> dict[str, Any]:
        """Return the `openapi_extra` of a route with such a body."""
        text = {"schema": {"type": "string"}}
        return {"requestBody": {"required": True, "content": dict.fromkeys(self._media, text)}}
