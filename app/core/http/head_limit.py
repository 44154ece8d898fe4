"""A size limit for the head of a request, which is read before the caller is known."""

from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.core.values.clock import uuid7
from app.core.values.problems import HeadTooLarge

HEAD_MAX_BYTES: Final = 64 * 1024


class HeadLimit(HttpToolsProtocol):
    """The HTTP protocol of one connection. uvicorn's own accepts a head of any length."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_in_head = True
        self._head_bytes = 0
        self._heads = 0

    def data_received(self, data: bytes) -> None:
        """Parse the received bytes, or refuse a head that is too long."""
        left = HEAD_MAX_BYTES - self._head_bytes
        if not self._is_in_head or len(data) <= left:
            self._head_bytes += len(data)
            super().data_received(data)
            return
        read = self._heads
        super().data_received(data[:left])
        if self.transport.is_closing():
            return
        if self._heads == read:
            self._refuse()
        else:
            self.data_received(data[left:])

    def on_headers_complete(self) -> None:
        """Note the end of the head: the body follows."""
        self._is_in_head = False
        self._heads += 1
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note the end of the body: the next head follows."""
        self._is_in_head, self._head_bytes = True, 0
        super().on_message_complete()

    def _refuse(self) -> None:
        response = HeadTooLarge().response(str(uuid7()))
        line = f"HTTP/1.1 {response.status_code} {HeadTooLarge.title}\r\n".encode()
        headers = [*response.raw_headers, (b"connection", b"close")]
        fields = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        self.transport.write(line + fields + b"\r\n" + bytes(response.body))
        self.transport.close()
