"""Bounds of a connection, which hold before the caller is known: see `app.core.values.bounds`.

uvicorn's own protocol accepts a head of any length, and waits for ever for the rest of a head, of a
body, or for a client that doesn't read.
"""

import asyncio
import resource
import time
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.core.values import bounds
from app.core.values.clock import uuid7
from app.core.values.problems import HeadTooLarge, Problem, TooSlow

SWEEP_EVERY_S: Final = 0.5
ANYBODY: Final = "*"
"""Trusting every address names no proxy."""


class Limits(NamedTuple):
    """How many connections a process holds, and how many wait to be accepted."""

    connections: int
    backlog: int


def limits() -> Limits:
    """Raise this process's limit of descriptors if it is low, and return what fits below it.

    A burst is accepted as a whole, so connections that wait to be accepted need descriptors too.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < bounds.DESCRIPTORS_WANTED:
        most = bounds.DESCRIPTORS_WANTED
        soft = most if hard == resource.RLIM_INFINITY else min(hard, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        soft = bounds.DESCRIPTORS_WANTED
    room = max(soft - bounds.DESCRIPTORS_KEPT, soft // 2)
    backlog = min(bounds.BACKLOG_MAX, room // 3)
    return Limits(min(bounds.CONNECTIONS_MAX, room - backlog), backlog)


class _Hosts(Protocol):
    def __contains__(self, host: str | None) -> bool: ...


@lru_cache
def _proxies(trusted: str) -> _Hosts:
    """Return the addresses that uvicorn trusts as proxies, of those in this list."""
    if trusted == ANYBODY:
        return frozenset()
    # It only reads the list here, and wraps no application.
    return ProxyHeadersMiddleware(no_application, trusted).trusted_hosts


async def no_application(*_: object) -> None:
    """Do nothing."""


class Connections:
    """The connections of this process. Each dictionary is in the order in which they wait."""

    def __init__(self) -> None:
        self.most = bounds.CONNECTIONS_MAX
        self._all: set[Connection] = set()
        self._heads: dict[Connection, None] = {}
        self._bodies: dict[Connection, None] = {}
        self._unread: dict[Connection, None] = {}
        self._is_swept = False

    def add(self, one: "Connection") -> None:
        """Add a new connection. If it is one too many, close another, or else the new one."""
        self._all.add(one)
        if len(self._all) > self.most:
            others = (one_ for held in self._waiting() for one_ in held if not one_.is_exempt)
            next(others, one).end()
        if not self._is_swept:
            self._is_swept = True
            one.loop.call_later(SWEEP_EVERY_S, self._sweep, one.loop)

    def wait_for_head(self, one: "Connection") -> None:
        """Note that a connection waits for a head from now on."""
        self._bodies.pop(one, None)
        self._heads.pop(one, None)
        if one in self._all:
            self._heads[one] = None

    def wait_for_body(self, one: "Connection") -> None:
        """Note that a connection waits for more of a body from now on."""
        self._heads.pop(one, None)
        self._bodies.pop(one, None)
        if one in self._all:
            self._bodies[one] = None

    def wait_no_more(self, one: "Connection") -> None:
        """Note that the server has the whole request."""
        self._heads.pop(one, None)
        self._bodies.pop(one, None)

    def forget(self, one: "Connection") -> None:
        """Drop a connection that has ended."""
        self._all.discard(one)
        for held in self._waiting():
            held.pop(one, None)

    def _waiting(self) -> tuple[dict["Connection", None], ...]:
        return self._heads, self._bodies, self._unread

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """End every connection that has waited for too long."""
        now = time.monotonic()
        for one in list(self._heads):
            one.check_head(now)
        for one in list(self._bodies):
            one.check_body(now)
        for one in list(self._all):
            if one.leaves_unread(now):
                self._unread.setdefault(one)
            else:
                self._unread.pop(one, None)
        self._is_swept = bool(self._all)
        if self._is_swept:
            loop.call_later(SWEEP_EVERY_S, self._sweep, loop)


CONNECTIONS: Final = Connections()


class Connection(HttpToolsProtocol):
    """The HTTP protocol of one connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_exempt = False
        self._since = self._heard_at = self._unread_from = self._read_at = time.monotonic()
        self._unread_bytes = self._bytes_read = 0
        self._is_in_head, self._has_begun = True, False
        self._head_bytes = self._body_bytes = 0
        self._heads = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first byte."""
        super().connection_made(transport)
        trusted = self.config.forwarded_allow_ips
        proxies = _proxies(trusted if isinstance(trusted, str) else ",".join(trusted))
        self.is_exempt = self.client is not None and self.client[0] in proxies
        CONNECTIONS.add(self)
        CONNECTIONS.wait_for_head(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        CONNECTIONS.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the received bytes, or refuse a head that is too long."""
        self._heard_at = time.monotonic()
        left = bounds.HEAD_MAX_BYTES - self._head_bytes
        if not self._is_in_head or len(data) <= left:
            self._head_bytes += len(data)
            super().data_received(data)
            return
        read = self._heads
        super().data_received(data[:left])
        if self.transport.is_closing():
            return
        if self._heads == read:
            self._refuse(HeadTooLarge())
        else:
            self.data_received(data[left:])

    def on_message_begin(self) -> None:
        """Note the first byte of a request."""
        self._has_begun, self._since = True, self._heard_at
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note the end of the head: the body follows."""
        self._is_in_head = False
        self._heads += 1
        self._since = self._heard_at
        self._body_bytes = 0
        CONNECTIONS.wait_for_body(self)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count the bytes of the body."""
        self._body_bytes += len(body)
        CONNECTIONS.wait_for_body(self)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note the end of the body: the next head follows."""
        self._is_in_head, self._has_begun, self._head_bytes = True, False, 0
        CONNECTIONS.wait_no_more(self)
        super().on_message_complete()
        if self.cycle.response_complete:
            self._await_next()

    def on_response_complete(self) -> None:
        """Note the end of the answer: the client's next request may follow."""
        if self._is_in_head and not self.pipeline:
            self._await_next()
        super().on_response_complete()

    def _await_next(self) -> None:
        if not self._has_begun:
            self._since = time.monotonic()
        CONNECTIONS.wait_for_head(self)

    def check_head(self, now: float) -> None:
        """End the connection if its first byte, or its whole head, is late."""
        if self._has_begun and now - self._since > bounds.HEAD_S:
            self._refuse(TooSlow())
        elif not self._has_begun and now - self._since > bounds.FIRST_BYTE_S:
            self.end()

    def check_body(self, now: float) -> None:
        """End the connection if its body comes too slowly. The server's own waiting is free."""
        if self.flow.read_paused or self.cycle.waiting_for_100_continue:
            self._since += SWEEP_EVERY_S
            self._heard_at = now
            return
        allowed_s = bounds.BODY_GRACE_S + self._body_bytes / bounds.BODY_LEAST_BYTES_PER_S
        is_late = now - self._since > allowed_s or now - self._heard_at > bounds.BODY_SILENCE_S
        if is_late and (self.cycle.response_started or self.pipeline):
            self.end()
        elif is_late:
            self._refuse(TooSlow())

    def leaves_unread(self, now: float) -> bool:
        """Return whether the client leaves an answer unread. If it does so too long, end it."""
        before, self._unread_bytes = self._unread_bytes, self.transport.get_write_buffer_size()
        if self._unread_bytes == 0:
            self._begin_unread(now)
            return False
        if self._unread_bytes < before:
            self._bytes_read += before - self._unread_bytes
            self._read_at = now
        allowed_s = bounds.ANSWER_SILENCE_S + self._bytes_read / bounds.ANSWER_LEAST_BYTES_PER_S
        is_silent = now - self._read_at > bounds.ANSWER_SILENCE_S
        if is_silent or now - self._unread_from > allowed_s:
            self.end()
        return True

    def resume_writing(self) -> None:
        """Note that the client has read most of what was sent. More of the answer may follow."""
        self._begin_unread(time.monotonic())
        super().resume_writing()

    def _begin_unread(self, now: float) -> None:
        self._unread_from = self._read_at = now
        self._bytes_read = 0

    def end(self) -> None:
        """Close the connection at once, and drop what the client hasn't read."""
        CONNECTIONS.forget(self)
        self.transport.abort()

    def _refuse(self, problem: Problem) -> None:
        """Answer a request that isn't whole, and close the connection."""
        response = problem.response(str(uuid7()))
        line = f"HTTP/1.1 {response.status_code} {problem.title}\r\n".encode()
        response.headers["Connection"] = "close"
        fields = b"".join(name + b": " + value + b"\r\n" for name, value in response.raw_headers)
        self.transport.write(line + fields + b"\r\n" + bytes(response.body))
        CONNECTIONS.wait_no_more(self)
        self.transport.close()
