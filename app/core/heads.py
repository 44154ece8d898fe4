"""The head of a request, read before anybody knows who sends it, is no longer than it may be."""

from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.core.clock import uuid7
from app.core.problems import Problem

HEAD_MAX_BYTES: Final = 64 * 1024
_END: Final = b"\r\n\r\n"


class HeadTooLarge(Problem):
    """The line and the headers of a request have 64 KiB, all together: send less in them."""

    status, code, title = 431, "head-too-large", "Head of the request is too large"


class Bounded(HttpToolsProtocol):
    """One connection. Its parser would keep a head of any length, and wait for the rest of it."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._is_in_head = True
        self._head_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Hand on what came, unless a head has grown too long."""
        if self._is_in_head:
            left = HEAD_MAX_BYTES - self._head_bytes
            if len(data) > left and data.find(_END, 0, left) < 0:
                self._refuse()
                return
            self._head_bytes += len(data)
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """The head is read, and what comes now is a body."""
        self._is_in_head, self._head_bytes = False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next head may come."""
        self._is_in_head = True
        super().on_message_complete()

    def _refuse(self) -> None:
        response = HeadTooLarge().response(str(uuid7()))
        line = f"HTTP/1.1 {response.status_code} {HeadTooLarge.title}\r\n".encode()
        headers = [*response.raw_headers, (b"connection", b"close")]
        fields = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        self.transport.write(line + fields + b"\r\n" + bytes(response.body))
        self.transport.close()
