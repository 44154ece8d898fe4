"""Answers: what a route's function returns, and its HTTP response."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import orjson
from fastapi import Request
from pydantic_core import to_jsonable_python
from starlette.responses import Response

from app.core.http.requests import JSON, public_url

V = TypeVar("V")
REFERENCE_CACHE: Final = "private, max-age=3600"
ASK_AGAIN: Final = "private, no-cache"
"""Clients may keep the answer, but ask each time whether it is still the same."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[V]):
    """A JSON answer. `V` is the view that documents its body: `Answer[SessionView]`."""

    body: Any
    """Plain values or models. They are not validated again: services return complete views."""
    status: int = 200
    version: int | None = None
    """The version of a record, sent as the ETag."""
    location: str | None = None
    following: Mapping[str, object] | None = None
    """The query parameters of the next page, if there is one."""
    reusable: bool = False
    """Whether clients may keep it: reference data, which rarely changes."""
    cache: str = REFERENCE_CACHE
    """How long clients may keep a reusable answer."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self, request: Request) -> Response:
        """Return the HTTP response: 304 if the client has this version already."""
        headers = {"Cache-Control": "no-store", **self.headers}
        if self.version is not None:
            headers["ETag"] = f'"{self.version}"'
            if request.method == "GET" and _client_has(request, str(self.version)):
                return Response(status_code=304, headers=headers)
        if self.location is not None:
            headers["Location"] = self.location
        if self.following is not None:
            self.body["next"] = str(public_url(request).include_query_params(**self.following))
        # Records are plain values. Pydantic dumps models, such as a muscle.
        content = orjson.dumps(self.body, to_jsonable_python, orjson.OPT_UTC_Z)
        if self.reusable:
            return kept(request, content, JSON, {"Cache-Control": self.cache})
        return Response(content, self.status, headers, JSON)


class Page(Answer[V]):
    """A page of a list whose items have the view `V`: `Page[SessionView]`."""

    __slots__ = ()

    def __init__(
        self,
        items: Sequence[Any],
        cursor: str | None = None,
        *,
        reusable: bool = False,
        cache: str = REFERENCE_CACHE,
        **following: object,
    ) -> None:
        """`cursor` and the `following` query parameters lead to the next page, if there is one."""
        if cursor is not None:
            following["cursor"] = cursor
        body = {"items": items, "next": None, "next_cursor": cursor}
        super().__init__(body, following=following or None, reusable=reusable, cache=cache)


def respond(answer: Answer[Any] | Response, request: Request) -> Response:
    """Return the response to a request: the function's own, or that of its `Answer`."""
    if isinstance(answer, Answer):
        return answer.response(request)
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def kept(
    request: Request,
    content: bytes,
    media: str,
    headers: Mapping[str, str],
    tag: str | None = None,
    packed: bytes | None = None,
) -> Response:
    """Return a response that clients may keep, or 304 if the client has this content already.

    `tag` is the content's digest, if it is known. `packed` is the content compressed by gzip, if
    that was done already.
    """
    tag = tag or digest(content)
    # A weak tag: the compressed answer has the same one.
    headers = {**headers, "ETag": f'W/"{tag}"'}
    if _client_has(request, tag):
        return Response(status_code=304, headers=headers)
    if packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        content = packed
    return Response(content, 200, headers, media)


def digest(content: bytes) -> str:
    """Return a short digest of the content of an answer, for its ETag."""
    return hashlib.sha256(content).hexdigest()[:16]


def _client_has(request: Request, version: str) -> bool:
    if_none_match = request.headers.get("if-none-match")
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in if_none_match.split(",")}
    return version in tags or "*" in tags
