"""Clients that hold what they can: half heads, half bodies, unread answers, unfinished uploads."""

import resource
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Final

from tests.serving import HOST

FROM: Final = "127.0.0.2"
"""The address of the strangers, which is no trusted proxy's."""
AGAIN_S = 3.0
DESCRIPTORS = 8_000
SMALL_BYTES = 4_096

HALF_HEAD: Final = b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Half: "
HALF_BODY: Final = (
    b"POST /r/nobody.json HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    b"Content-Length: 1000\r\n\r\n{"
)
UNREAD: Final = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n" * 8


def may_open() -> bool:
    """Raise this process's limit of descriptors; return whether it is high enough."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, hard = (sys.maxsize if limit == resource.RLIM_INFINITY else limit for limit in limits)
    if soft < DESCRIPTORS <= hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, limits[1]))
    return hard >= DESCRIPTORS


def connect(port: int, *, reads: bool = True) -> socket.socket:
    """Connect as a stranger. Whoever doesn't read has a small buffer."""
    wire = socket.socket()
    if not reads:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BYTES)
    wire.settimeout(10.0)
    wire.bind((FROM, 0))
    wire.connect((HOST, port))
    return wire


class Strangers:
    """A number of connections that send this and no more, and begin again when they are closed."""

    def __init__(self, port: int, number: int, sent: bytes, *, reads: bool = True) -> None:
        self._port, self._sent, self._reads = port, sent, reads
        self._wires = [self._begin() for _ in range(number)]
        self.closed = 0

    def look(self) -> None:
        """Replace every connection that the server has closed."""
        for n, wire in enumerate(self._wires):
            if wire is None or self._is_closed(wire):
                self.closed += 1
                if wire is not None:
                    wire.close()
                self._wires[n] = self._begin()

    def close(self) -> None:
        """Close them all."""
        for wire in self._wires:
            if wire is not None:
                wire.close()

    def _begin(self) -> socket.socket | None:
        with suppress(OSError):
            wire = connect(self._port, reads=self._reads)
            wire.sendall(self._sent)
            wire.settimeout(0)
            return wire
        return None

    def _is_closed(self, wire: socket.socket) -> bool:
        try:
            return wire.recv(1) == b"" if self._reads else wire.send(b"") < 0
        except BlockingIOError:
            return False
        except OSError:
            return True


@contextmanager
def held(all_: Sequence[Strangers]) -> Iterator[None]:
    """Let strangers hold what they can during the block, and hang up after it."""
    enough = Event()

    def hold() -> None:
        while not enough.wait(AGAIN_S):
            for strangers in all_:
                strangers.look()

    holder = Thread(target=hold)
    holder.start()
    try:
        yield
    finally:
        enough.set()
        holder.join()
        for strangers in all_:
            strangers.close()


def unread_export(key: str) -> bytes:
    """A request for an export."""
    return (
        b"GET /v1/exports/records.ndjson HTTP/1.1\r\nHost: a\r\n"
        b"Authorization: Bearer " + key.encode() + b"\r\n\r\n"
    )


class Upload:
    """An upload of which only a part is sent, or all of it."""

    def __init__(self, port: int, key: str, media: str, length: int) -> None:
        self._wire = connect(port)
        fields = (
            "POST /v1/imports HTTP/1.1",
            "Host: a",
            f"Authorization: Bearer {key}",
            f"Content-Type: {media}",
            f"Content-Length: {length}",
        )
        self._wire.sendall("\r\n".join(fields).encode() + b"\r\n\r\n")

    def send(self, piece: bytes, times: int) -> None:
        """Send a piece so many times, unless the server ends the upload."""
        with suppress(OSError):
            for _ in range(times):
                self._wire.sendall(piece)

    def answer(self) -> bytes:
        """Return the answer as it comes."""
        self._wire.settimeout(60.0)
        received = b""
        while b"\r\n\r\n" not in received or not received.rstrip().endswith(b"}"):
            piece = self._wire.recv(1 << 16)
            if not piece:
                break
            received += piece
        return received

    def close(self) -> None:
        """Hang up."""
        self._wire.close()
