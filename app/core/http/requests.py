"""Requests: their ids, the limits of their bodies, and the checks of their queries."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import unquote, unquote_to_bytes

from fastapi import Request
from pydantic import BaseModel
from starlette.types import Receive, Scope

from app.core.http.deadline import untimed
from app.core.values.clock import uuid7
from app.core.values.faults import Fault, pointer
from app.core.values.problems import Invalid, TooLarge, UnsupportedMedia
from app.core.values.wire import read

BODY_MAX_BYTES: Final = 1024 * 1024
THREAD_FROM_BYTES: Final = 16 * 1024
"""From this size on, a body is parsed in a thread, so that other requests need not wait."""
JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"
ADDED: Final = "needlework.added"
"""Where in its ASGI scope a request keeps headers for its answer, whatever that will be."""
REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)


def request_id() -> str:
    """The id of the current request: its client's `X-Request-Id`, or one made for it."""
    return REQUEST_ID.get() or str(uuid7())


class ApiRequest(Request):
    """A request to a `Route`. Its body is limited in size, and JSON in it is read strictly.

    FastAPI asks for the body with `body()` and `json()`. By then the route has called `read`, so
    `json()` returns an instance of the route's own model, and FastAPI takes it as it is.
    """

    def __init__(self, scope: Scope, receive: Receive, limit: asyncio.Timeout) -> None:
        super().__init__(scope, receive)
        self._limit = limit
        self._model: BaseModel | None = None
        self.raw: bytes | None = None

    async def body(self) -> bytes:
        """The whole body. The request's own time limit stands still while it arrives."""
        if self.raw is None:
            self.raw = await untimed(self._limit, whole_body(self))
        return self.raw

    async def json(self) -> Any:
        """What `read` made of the body."""
        return self._model

    async def read(self, model: type[BaseModel]) -> None:
        """Read the body as JSON; `TooLarge`, `UnsupportedMedia`, or `Invalid` with every fault."""
        raw = await self.body()
        check_media(self, {JSON, MERGE_PATCH} if self.method == "PATCH" else {JSON})
        if len(raw) < THREAD_FROM_BYTES:
            self._model = read(model, raw)
        else:
            self._model = await asyncio.to_thread(read, model, raw)


async def chunks(request: Request, max_bytes: int) -> AsyncIterator[bytes]:
    """The body as it comes; `TooLarge` as soon as more than the limit has come."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > max_bytes:
        raise TooLarge
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_bytes:
            raise TooLarge
        yield chunk


async def whole_body(request: Request) -> bytes:
    """The whole body of an ordinary request."""
    return b"".join([chunk async for chunk in chunks(request, BODY_MAX_BYTES)])


def check_media(request: Request, allowed: Collection[str]) -> str:
    """The content type of a body, or `UnsupportedMedia`."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in allowed:
        raise UnsupportedMedia(f"Send {' or '.join(sorted(allowed))}.")
    return media


def check_query(request: Request, known: Collection[str] | None) -> None:
    """Check that each query parameter is text and comes once; `Invalid` names those that don't.

    `known` are the names that the route takes; None leaves that check to a model.
    """
    query: bytes = request.scope["query_string"]
    if not query:
        return
    faults = [Fault(pointer(name), "not_utf8", "It isn't UTF-8.") for name in _broken(query)]
    if not faults:
        sent = request.query_params.multi_items()
        faults = list(_misused(sent)) or list(_unstorable(sent))
    if not faults and known is not None:
        unknown = "Extra inputs are not permitted"
        faults = [
            Fault(pointer(name), "extra_forbidden", unknown)
            for name, _ in sent
            if name not in known
        ]
    if faults:
        raise Invalid(faults, "query")


def _broken(query: bytes) -> Iterator[str]:
    """The parameters whose bytes are not UTF-8."""
    for pair in query.split(b"&"):
        try:
            unquote_to_bytes(pair).decode()
        except UnicodeDecodeError:
            yield unquote(pair.partition(b"=")[0].decode("latin-1"))


def _misused(sent: list[tuple[str, str]]) -> Iterator[Fault]:
    for name, times in Counter(name for name, _ in sent).items():
        if times > 1:
            yield Fault(pointer(name), "repeated", "Give this parameter once.")


def _unstorable(sent: list[tuple[str, str]]) -> Iterator[Fault]:
    for name, value in sent:
        if "\0" in value or "\0" in name:
            yield Fault(pointer(name), "nul_character", "A NUL character can't be stored.")
