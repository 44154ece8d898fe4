"""What a client holds of a connection has a bound, before anybody knows who it is."""

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from app.core.http import connections
from app.core.values import bounds
from tests.core.listening import answer, connect, listening, rest, start

pytestmark = pytest.mark.alike
HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"
WHOLE = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
ANSWER_BYTES = 32 * 1024 * 1024
SHORT_S = 0.3
LONG_S = 60.0


@pytest.fixture(autouse=True)
def swept_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SWEEP_EVERY_S", 0.02)


@pytest.fixture(name="port")
def a_server() -> Iterator[int]:
    with listening(answer) as port:
        yield port


def with_body(length: int, body: bytes = b"") -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % length + body


def status(received: bytes) -> int:
    return int(received.split(b" ", 2)[1])


@pytest.mark.bound("first-byte")
def test_a_connection_that_sends_nothing_is_closed(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "FIRST_BYTE_S", SHORT_S)
    with connect(port) as wire:
        assert rest(wire) == b""


@pytest.mark.bound("head")
@pytest.mark.parametrize("before", [b"", WHOLE], ids=["first", "second"])
def test_a_half_head_is_answered_408_and_its_connection_closed(
    port: int, before: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "HEAD_S", SHORT_S)
    with connect(port, before + HEAD) as wire:
        received = rest(wire)
    answers = received.split(b"HTTP/1.1 ")[1:]
    assert [each[:3] for each in answers] == ([b"200"] if before else []) + [b"408"]
    assert b"/problems/too-slow" in answers[-1]


@pytest.mark.bound("head")
def test_a_head_that_grows_byte_by_byte_is_given_no_more_time(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "HEAD_S", SHORT_S)
    with connect(port, HEAD + b"X: ") as wire:
        wire.settimeout(0.02)
        received = b""
        while not received:
            wire.sendall(b"x")
            try:
                received = wire.recv(1 << 16)
            except TimeoutError:
                continue
    assert status(received) == 408


@pytest.mark.bound("body")
@pytest.mark.parametrize("bound", ["BODY_GRACE_S", "BODY_SILENCE_S"])
def test_a_half_body_is_answered_408_and_its_connection_closed(
    port: int, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "BODY_GRACE_S", LONG_S)
    monkeypatch.setattr(bounds, bound, SHORT_S)
    with connect(port, with_body(9, b"half")) as wire:
        assert status(rest(wire)) == 408


@pytest.mark.bound("body")
def test_a_body_may_take_long_if_it_comes_at_the_least_rate(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "BODY_GRACE_S", SHORT_S)
    monkeypatch.setattr(bounds, "BODY_LEAST_BYTES_PER_S", 1_000)
    with connect(port, with_body(30_000)) as wire:
        for _ in range(30):
            time.sleep(SHORT_S / 10)
            wire.sendall(bytes(1_000))
        assert status(wire.recv(1 << 16)) == 200


@pytest.mark.bound("body")
def test_the_rest_of_a_body_after_the_answer_has_the_same_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def at_once(_scope: Any, _receive: Any, send: Any) -> None:
        await start(send, 0)
        await send({"type": "http.response.body"})

    monkeypatch.setattr(bounds, "BODY_GRACE_S", SHORT_S)
    with listening(at_once) as port, connect(port, with_body(9, b"half")) as wire:
        received = b""
        wire.settimeout(0.02)
        for _ in range(500):
            try:
                wire.sendall(b"")
                piece = wire.recv(1 << 16)
            except TimeoutError:
                continue
            except ConnectionResetError:
                break
            if not piece:
                break
            received += piece
        else:
            pytest.fail("the connection stays open")
    assert received.count(b"HTTP/1.1 200") == 1


async def long_answer(_scope: Any, _receive: Any, send: Any) -> None:
    await start(send, ANSWER_BYTES)
    await send({"type": "http.response.body", "body": bytes(ANSWER_BYTES)})


@pytest.mark.bound("answer")
@pytest.mark.parametrize("closes", [b"", b"Connection: close\r\n"], ids=["kept", "closing"])
def test_an_answer_that_nobody_reads_ends_with_its_connection(
    closes: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "ANSWER_SILENCE_S", SHORT_S)
    ask = b"GET / HTTP/1.1\r\nHost: a\r\n" + closes + b"\r\n"
    with listening(long_answer) as port, connect(port, ask) as wire:
        time.sleep(3 * SHORT_S)
        assert len(rest(wire)) < ANSWER_BYTES


@pytest.mark.bound("answer")
def test_an_answer_may_take_long_if_it_is_read_at_the_least_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "ANSWER_SILENCE_S", SHORT_S)
    with listening(long_answer) as port, connect(port, WHOLE) as wire:
        size = 0
        began = time.monotonic()
        while piece := wire.recv(1 << 18):
            size += len(piece)
            time.sleep(0.01)
            if size >= ANSWER_BYTES:
                break
        assert time.monotonic() - began > SHORT_S
    assert size > ANSWER_BYTES


@pytest.fixture
def at_most(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many connections the server holds in these tests."""
    monkeypatch.setattr(connections.CONNECTIONS, "most", 5)
    return 5


def is_open(wire: socket.socket) -> bool:
    """Return whether a connection is still answered."""
    try:
        wire.sendall(b"\r\n" if wire.gettimeout() is None else b"X: y\r\n\r\n")
        return wire.recv(1 << 16) != b""
    except (ConnectionResetError, BrokenPipeError):
        return False


@pytest.mark.bound("connections")
def test_at_the_limit_the_oldest_connection_without_a_whole_head_is_closed(
    port: int, at_most: int
) -> None:
    with ExitStack() as stack:
        body = stack.enter_context(connect(port, with_body(2, b"1")))
        heads = [stack.enter_context(connect(port, HEAD)) for _ in range(at_most - 1)]
        for n in range(3):
            with connect(port, WHOLE) as wire:
                assert status(wire.recv(1 << 16)) == 200
            assert rest(heads[n]) == b""
            stack.enter_context(connect(port, HEAD))
            time.sleep(0.05)
        assert is_open(heads[-1])
        body.sendall(b"2")
        assert status(body.recv(1 << 16)) == 200


@pytest.mark.bound("connections")
def test_at_the_limit_without_half_heads_the_longest_silent_body_is_closed(
    port: int, at_most: int
) -> None:
    with ExitStack() as stack:
        bodies = [stack.enter_context(connect(port, with_body(9, b"1"))) for _ in range(at_most)]
        time.sleep(0.05)
        bodies[0].sendall(b"2")
        time.sleep(0.05)
        with connect(port, WHOLE) as wire:
            assert status(wire.recv(1 << 16)) == 200
        assert rest(bodies[1]) == b""
        bodies[0].sendall(b"3456789")
        assert status(bodies[0].recv(1 << 16)) == 200


@pytest.mark.bound("connections")
def test_at_the_limit_of_unread_answers_the_oldest_is_closed(at_most: int) -> None:
    async def by_path(scope: Any, receive: Any, send: Any) -> None:
        await (long_answer if scope["path"] == "/long" else answer)(scope, receive, send)

    with listening(by_path) as port, ExitStack() as stack:
        ask = WHOLE.replace(b"/ ", b"/long ", 1)
        readers = [stack.enter_context(connect(port, ask)) for _ in range(at_most)]
        time.sleep(0.2)
        with connect(port, WHOLE) as wire:
            assert status(wire.recv(1 << 16)) == 200
        assert len(rest(readers[0])) < ANSWER_BYTES


@pytest.mark.bound("connections")
def test_a_trusted_proxy_keeps_its_connections_at_the_limit(at_most: int) -> None:
    proxy = "127.0.0.9"
    with listening(answer, forwarded_allow_ips=proxy) as port, ExitStack() as stack:
        kept = [stack.enter_context(connect(port, HEAD, proxy)) for _ in range(at_most - 1)]
        strangers = [stack.enter_context(connect(port, HEAD)) for _ in range(2)]
        assert rest(strangers[0]) == b""
        assert all(map(is_open, kept))


@pytest.mark.bound("connections")
def test_the_limit_of_connections_is_below_the_limit_of_descriptors() -> None:
    limits = connections.limits()
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert limits.connections + limits.backlog + bounds.DESCRIPTORS_KEPT <= descriptors


@pytest.mark.bound("connections")
@pytest.mark.parametrize("hard", [256, 1_024, 1_000_000])
def test_few_descriptors_leave_room_for_the_database(
    hard: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (min(1_024, hard), hard))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    limits = connections.limits()
    assert limits.backlog > 0
    assert limits.connections + limits.backlog <= hard - 100


def test_a_client_may_keep_its_connection_between_requests(port: int) -> None:
    with closing(connect(port)) as wire:
        for _ in range(3):
            wire.sendall(WHOLE)
            assert status(wire.recv(1 << 16)) == 200
            time.sleep(0.05)
