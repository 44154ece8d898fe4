"""CORS: which other origins' pages may call the API (Fetch standard, §3.2)."""

from collections.abc import Collection
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.http.openapi import HEADERS
from app.core.http.requests import request_id
from app.core.values.problems import MalformedRequest

METHODS: Final = ("GET", "HEAD", "PATCH", "POST", "PUT")
REQUEST_HEADERS: Final = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "X-Request-Id",
)


class Cors(CORSMiddleware):
    """Let pages of `origins` call the API, but none of the server's own `pages`.

    Browsers send no cookies with these calls: a page needs a token.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str], pages: Collection[str]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=REQUEST_HEADERS,
            expose_headers=sorted(HEADERS),
        )
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or add the headers to the answer of a request to the API."""
        path = scope.get("path", "")
        if any(path == page or path.startswith(f"{page}/") for page in self._pages):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def preflight_response(self, request_headers: Headers) -> Response:
        """Return the answer to a preflight, which needs no token. A refusal is a problem."""
        response = super().preflight_response(request_headers)
        if response.status_code == HTTPStatus.OK:
            return response
        refused = MalformedRequest(f"{bytes(response.body).decode()}.").response(request_id())
        refused.headers["Vary"] = response.headers["Vary"]
        return refused
