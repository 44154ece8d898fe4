"""A client of an application in this process, without a socket.

Starlette's test client switches between two threads fifteen times for each request, which takes
most of the request's time. This client switches once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from httpx2 import ASGITransport, BaseTransport, ByteStream, Client, Request, Response

HOST = "http://testserver"
CALLER = ("testclient", 50000)


class Direct(BaseTransport):
    """Hands each request to the application's event loop, and waits for the whole answer."""

    def __init__(self, portal: BlockingPortal, app: FastAPI) -> None:
        self._portal = portal
        self._app = app
        self._inner = ASGITransport(self._on_a_port, raise_app_exceptions=False, client=CALLER)

    def handle_request(self, request: Request) -> Response:
        request.read()
        return self._portal.call(self._answer, request)

    async def _on_a_port(self, scope: Any, receive: Any, send: Any) -> None:
        """Add the port: a server always has one, but a URL need not name it."""
        await self._app(scope | {"server": ("testserver", 80)}, receive, send)

    async def _answer(self, request: Request) -> Response:
        answer = await self._inner.handle_async_request(request)
        body = b"".join([part async for part in answer.aiter_raw()])
        return Response(answer.status_code, headers=answer.headers, stream=ByteStream(body))


class Wire(Client):
    """A client of `app`."""

    def __init__(self, portal: BlockingPortal, app: FastAPI, address: str) -> None:
        super().__init__(transport=Direct(portal, app), base_url=address)
        self.app = app


@contextmanager
def wired(app: FastAPI, address: str = HOST) -> Iterator[Wire]:
    """Start an application, yield a client of it at an address, and stop the application.

    An exception that the application doesn't catch is answered with 500, as by a server.
    """
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(app.router.lifespan_context(app)),
        Wire(portal, app, address) as wire,
    ):
        yield wire
