"""A server of another party on this machine, which records the requests that it gets."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import pytest
from pydantic_core import to_json

from app.settings import settings

DRIP_S = 0.1


class Told(NamedTuple):
    """An answer that is more than a page."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


Act = Callable[[dict[str, str], Mapping[str, str]], Told]
"""Answers a query or a form, and the headers that came with it."""


class Published:
    """The JSON at each path, and the paths that were requested."""

    def __init__(self) -> None:
        self.pages: dict[str, Any] = {}
        self.acts: dict[str, Act] = {}
        self.asked: list[str] = []
        self.dripped = 0
        self.url = ""


class _Handler(BaseHTTPRequestHandler):
    published: Published

    def do_GET(self) -> None:
        """Answer with the published page; a few paths misbehave."""
        self.published.asked.append(self.path)
        path, _, query = self.path.partition("?")
        if path in self.published.acts:
            self._act(path, query)
        elif self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", self.published.url + "/keys")
            self.end_headers()
        elif self.path == "/drip":
            self.send_response(200)
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b" ")
                self.wfile.flush()
                self.published.dripped += 1
                time.sleep(DRIP_S)
        else:
            page = self.published.pages.get(self.path)
            body = page if isinstance(page, bytes) else to_json(page)
            self.send_response(404 if page is None else 200)
            self.end_headers()
            self.wfile.write(body)

    def do_POST(self) -> None:
        """Answer a form."""
        self.published.asked.append(self.path)
        length = int(self.headers.get("Content-Length", "0"))
        self._act(self.path, self.rfile.read(length).decode())

    def _act(self, path: str, form: str) -> None:
        told = self.published.acts[path](dict(parse_qsl(form)), dict(self.headers))
        self.send_response(told.status)
        for name, value in told.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(told.body)))
        self.end_headers()
        self.wfile.write(told.body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def publishing(tls: ssl.SSLContext | None = None) -> Iterator[Published]:
    """Serve on the loopback while the block runs."""
    published = Published()
    handler = type("Handler", (_Handler,), {"published": published})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    published.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield published
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def loopback_let_in() -> Iterator[None]:
    """Allow this process to send requests to its own machine."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("NEEDLEWORK_OUTGOING_TO_LOOPBACK", "1")
        settings.cache_clear()
        try:
            yield
        finally:
            monkeypatch.undo()
            settings.cache_clear()
