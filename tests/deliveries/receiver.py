"""A receiver of signed messages on this machine, which runs the example of docs/operator.md."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

SLOWLY_S = 0.05
NO_CONTENT = 204


class Received(NamedTuple):
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """The requests that it got, and how it answers."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.status = 204
        self.said = b""
        """The body of its answers."""
        self.cuts_off = False
        """Whether it promises a longer body than it sends."""
        self.drips = False
        self.url = ""


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        """Keep the request, and answer as the test wants it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.receiver.requests.append(Received(self.path, headers, body))
        if self.receiver.drips:
            for _ in range(200):
                self.wfile.write(b"H")
                time.sleep(SLOWLY_S)
        self.send_response(self.receiver.status)
        if self.receiver.status in range(300, 400):
            self.send_header("Location", self.receiver.url + "/elsewhere")
        length = len(self.receiver.said) + (1 if self.receiver.cuts_off else 0)
        if self.receiver.status != NO_CONTENT:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(self.receiver.said)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve on the loopback while the block runs."""
    receiver = Receiver()
    handler = type("Handler", (_Handler,), {"receiver": receiver})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
