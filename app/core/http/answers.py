"""Answers: what a route's function returns, and its HTTP response."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import orjson
from fastapi import Request
from pydantic_core import to_jsonable_python
from starlette.responses import Response

from app.core.http.requests import JSON, public_url

V = TypeVar("V")


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
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self, request: Request) -> Response:
        """Return the HTTP response: 304 if the client has this version already."""
        headers = {"Cache-Control": "no-store", **self.headers}
        if self.version is not None:
            headers["ETag"] = f'"{self.version}"'
            if request.method == "GET" and _client_has(request, self.version):
                return Response(status_code=304, headers=headers)
        if self.location is not None:
            headers["Location"] = self.location
        if self.following is not None:
            self.body["next"] = str(public_url(request).include_query_params(**self.following))
        # Records are plain values. Pydantic dumps models, such as a muscle.
        content = orjson.dumps(self.body, to_jsonable_python, orjson.OPT_UTC_Z)
        return Response(content, self.status, headers, JSON)


class Page(Answer[V]):
    """A page of a list whose items have the view `V`: `Page[SessionView]`."""

    __slots__ = ()

    def __init__(
        self, items: Sequence[Any], cursor: str | None = None, **following: object
    ) -> None:
        """`cursor` and the `following` query parameters lead to the next page, if there is one."""
        if cursor is not None:
            following["cursor"] = cursor
        body = {"items": items, "next": None, "next_cursor": cursor}
        super().__init__(body, following=following or None)


def respond(answer: Answer[Any] | Response, request: Request) -> Response:
    """Return the response to a request: the function's own, or that of its `Answer`."""
    if isinstance(answer, Answer):
        return answer.response(request)
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def _client_has(request: Request, version: int) -> bool:
    if_none_match = request.headers.get("if-none-match")
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in if_none_match.split(",")}
    return str(version) in tags or "*" in tags
