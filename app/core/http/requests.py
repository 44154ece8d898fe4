"""Requests: their ids, the limits of their bodies, and checks of their query parameters."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import quote, unquote, unquote_to_bytes
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel
from starlette.datastructures import URL
from starlette.types import Receive, Scope

from app.core.http.deadline import untimed
from app.core.values.clock import uuid7
from app.core.values.faults import Fault, pointer
from app.core.values.problems import Invalid, TooLarge, UnsupportedMedia
from app.core.values.wire import read
from app.settings import settings

BODY_MAX_BYTES: Final = 1024 * 1024
THREAD_FROM_BYTES: Final = 16 * 1024
"""Larger bodies are parsed in a thread, so that other requests don't wait."""
JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"
IDS_MAX: Final = 20
_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
EXTRA_HEADERS: Final = "needlework.added"
"""The key of the ASGI scope that holds headers for any answer to this request."""
REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)


def request_id() -> str:
    """Return the id of the current request: the client's `X-Request-Id`, or a new one."""
    return REQUEST_ID.get() or str(uuid7())


def public_url(request: Request) -> URL:
    """Return the URL of a request as clients reach it: below `NEEDLEWORK_PUBLIC_URL`, if set."""
    # Starlette has the path decoded, as the server found it. A path may hold a lot with a space.
    path = quote(request.scope["path"])
    here = URL(scope={**request.scope, "path": path})
    public = settings().public_url
    if public is None:
        return here
    base = URL(public.rstrip("/"))
    return base.replace(path=base.path + here.path, query=here.query)


class ApiRequest(Request):
    """A request to a `Route`. Its body has a size limit, and its JSON is read strictly.

    FastAPI reads the body with `body()` and `json()`. The route has called `read` before that, so
    `json()` returns an instance of the route's own model, which FastAPI accepts unchanged.
    """

    def __init__(self, scope: Scope, receive: Receive, limit: asyncio.Timeout) -> None:
        super().__init__(scope, receive)
        self._limit = limit
        self._model: BaseModel | None = None
        self.raw: bytes | None = None

    async def body(self) -> bytes:
        """Return the whole body. The request's time limit stands still while it arrives."""
        if self.raw is None:
            self.raw = await untimed(self._limit, whole_body(self))
        return self.raw

    async def json(self) -> Any:
        """Return the model that `read` has made from the body."""
        return self._model

    async def read(self, model: type[BaseModel], *, may_be_empty: bool = False) -> None:
        """Read the JSON body. `TooLarge`, `UnsupportedMedia`, or `Invalid` with every fault."""
        raw = await self.body()
        if may_be_empty and not raw:
            return
        check_media(self, {JSON, MERGE_PATCH} if self.method == "PATCH" else {JSON})
        if len(raw) < THREAD_FROM_BYTES:
            self._model = read(model, raw)
        else:
            self._model = await asyncio.to_thread(read, model, raw)


def ids_in(request: ApiRequest) -> set[UUID]:
    """Return the ids in a request's address and body: the records that it may be about."""
    address = request.scope["path"] + "?" + request.scope["query_string"].decode("latin-1")
    text = address + (request.raw or b"")[:THREAD_FROM_BYTES].decode("latin-1")
    return {UUID(found) for found in _ID.findall(text)[:IDS_MAX]}


async def chunks(request: Request, max_bytes: int) -> AsyncIterator[bytes]:
    """Yield the body as it arrives. `TooLarge` as soon as it exceeds the limit.

    `UnsupportedMedia` if it is encoded, such as compressed: a small body could become a large one.
    """
    if request.headers.get("content-encoding", "").strip().lower() not in {"", "identity"}:
        raise UnsupportedMedia("Send the body without a Content-Encoding.")
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
    """Return the whole body. `TooLarge` above `BODY_MAX_BYTES`."""
    return b"".join([chunk async for chunk in chunks(request, BODY_MAX_BYTES)])


def check_media(request: Request, allowed: Collection[str]) -> str:
    """Return the media type of the body, or raise `UnsupportedMedia`."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in allowed:
        raise UnsupportedMedia(f"Send {' or '.join(sorted(allowed))}.")
    return media


def check_query(
    request: Request, known: Collection[str] | None, several: Collection[str] = ()
) -> None:
    """Check that each query parameter is text and comes once. `Invalid` names the others.

    `known` are the names that the route takes. None leaves this check to a model. Those of
    `several` may be repeated.
    """
    query: bytes = request.scope["query_string"]
    if not query:
        return
    faults = [Fault(pointer(name), "not_utf8", "It isn't UTF-8.") for name in _broken(query)]
    if not faults:
        parameters = request.query_params.multi_items()
        faults = list(_repeated(parameters, several)) or list(_unstorable(parameters))
    if not faults and known is not None:
        unknown = "Extra inputs are not permitted"
        faults = [
            Fault(pointer(name), "extra_forbidden", unknown)
            for name, _ in parameters
            if name not in known
        ]
    if faults:
        raise Invalid(faults, "query")


def _broken(query: bytes) -> Iterator[str]:
    """Yield the names of the parameters whose bytes aren't UTF-8."""
    for pair in query.split(b"&"):
        try:
            unquote_to_bytes(pair).decode()
        except UnicodeDecodeError:
            yield unquote(pair.partition(b"=")[0].decode("latin-1"))


def _repeated(parameters: list[tuple[str, str]], several: Collection[str]) -> Iterator[Fault]:
    for name, times in Counter(name for name, _ in parameters).items():
        if times > 1 and name not in several:
            yield Fault(pointer(name), "repeated", "Give this parameter once.")


def _unstorable(parameters: list[tuple[str, str]]) -> Iterator[Fault]:
    for name, value in parameters:
        if "\0" in value or "\0" in name:
            yield Fault(pointer(name), "nul_character", "A NUL character can't be stored.")
