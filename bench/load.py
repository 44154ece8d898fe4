"""The load: keep-alive connections, each of which sends the next request after an answer.

Runs in a separate process, so that no figure includes its cost. Speaks just enough HTTP/1.1.
"""

import asyncio
import itertools
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

KEY_MARK = b"{a-key-of-its-own-for-the-request}"


@dataclass(frozen=True, slots=True)
class Work:
    """The requests to send to a server, in turn, and the expected status."""

    port: int
    requests: tuple[bytes, ...]
    status: int
    connections: int = 16


@dataclass(slots=True)
class Outcome:
    """The result of some seconds of load."""

    requests: int = 0
    wall_s: float = 0.0
    latencies_s: list[float] = field(default_factory=list)
    refused: str | None = None
    """The first answer with another status, which ends the load."""

    def latency_ms(self, share: float) -> float:
        """The latency quantile in milliseconds; `share` is from 0 to 1."""
        ordered = sorted(self.latencies_s)
        return 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def request(method: str, path: str, token: str, body: bytes | None = None) -> bytes:
    """The bytes of a request. One with a body gets its own Idempotency-Key each time."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", f"Authorization: Bearer {token}"]
    if body is not None:
        lines += [
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            f"Idempotency-Key: {KEY_MARK.decode()}",
        ]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def run(work: Work, seconds: float) -> Outcome:
    """Send requests for this long, and return after the last one is answered."""
    return asyncio.run(_run(work, seconds))


async def _run(work: Work, seconds: float) -> Outcome:
    outcome = Outcome()
    loop = asyncio.get_running_loop()
    supply = itertools.cycle(work.requests)
    started = time.perf_counter()
    end = started + seconds

    def connect() -> _Requests:
        return _Requests(supply, work.status, end, outcome)

    connected = [
        await loop.create_connection(connect, "127.0.0.1", work.port)
        for _ in range(work.connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in connected))
    outcome.wall_s = time.perf_counter() - started
    return outcome


class _Requests(asyncio.Protocol):
    """One connection, which sends requests until `end`."""

    def __init__(self, supply: Iterator[bytes], status: int, end: float, outcome: Outcome) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self._supply, self._end, self._outcome = supply, end, outcome
        self._status = f"HTTP/1.1 {status} ".encode()
        self._received = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if found and len(rest) >= _length(head):
            self._answered(head, rest)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server hung up"))

    def _send(self) -> None:
        self._received = b""
        next_ = next(self._supply).replace(KEY_MARK, secrets.token_hex(len(KEY_MARK) // 2).encode())
        self._sent_at = time.perf_counter()
        self._transport.write(next_)

    def _answered(self, head: bytes, body: bytes) -> None:
        now = time.perf_counter()
        if head.startswith(self._status):
            self._outcome.requests += 1
            self._outcome.latencies_s.append(now - self._sent_at)
        else:
            self._outcome.refused = (head.partition(b"\r\n")[0] + b" " + body[:300]).decode()
        if now < self._end and self._outcome.refused is None:
            self._send()
        else:
            self.done.set_result(None)
            self._transport.close()


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0]) if found else 0
