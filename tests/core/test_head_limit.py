"""The head of a request has a size limit: it is read before the caller is known."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from pydantic_core import from_json

from app.core.db.database import Database
from app.core.db.schema import migrate
from app.core.values.bounds import HEAD_MAX_BYTES
from tests.serving import HOST, Serving, serving

pytestmark = pytest.mark.alike
LINE = b"GET /healthz HTTP/1.1\r\nHost: a\r\n"
END = b"\r\n\r\n"
PIECE = b"x" * 10_000


@pytest.fixture(name="server", scope="module")
def a_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("heads")
    url = f"sqlite:///{folder}/needlework.db"
    with closing(Database(url)) as database:
        migrate(database)
    with serving(folder / "log", NEEDLEWORK_DATABASE_URL=url) as server:
        yield server


class Wire:
    """A connection and its answers."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=10)
        self.received = self.socket.makefile("rb")

    def answer(self) -> tuple[int, bytes]:
        """Return the status and the body of the next answer."""
        status = int(self.received.readline().split()[1])
        length = 0
        while (field := self.received.readline().lower().strip()) != b"":
            name, _, value = field.partition(b":")
            length = int(value) if name == b"content-length" else length
        return status, self.received.read(length)


@pytest.fixture(name="wire")
def a_connection(server: Serving) -> Iterator[Wire]:
    wire = Wire(server.port)
    with wire.socket, wire.received:
        yield wire


@pytest.mark.bound("head-size")
@pytest.mark.parametrize("start", [b"GET /", LINE + b"X: ", LINE + b"a: b\r\n" * 12_000])
def test_a_head_without_end_is_refused_as_soon_as_it_is_too_long(wire: Wire, start: bytes) -> None:
    wire.socket.sendall(start[:HEAD_MAX_BYTES])
    sent = len(start[:HEAD_MAX_BYTES])
    while sent <= HEAD_MAX_BYTES:
        sent += wire.socket.send(PIECE)
    status, body = wire.answer()
    problem = from_json(body)
    assert (status, problem["status"], problem["type"]) == (431, 431, "/problems/head-too-large")
    assert wire.received.read() == b""


def test_each_head_of_a_connection_may_reach_the_limit(wire: Wire) -> None:
    fill = HEAD_MAX_BYTES - len(LINE) - len(b"X: ") - len(END)
    for _ in range(5):
        wire.socket.sendall(LINE + b"X: " + b"x" * fill + END)
        assert wire.answer()[0] == 200


def test_a_body_does_not_count(wire: Wire) -> None:
    for _ in range(2):
        size = 20 * len(PIECE)
        line = b"POST /v1/patients HTTP/1.1\r\nHost: a\r\nContent-Length: %d" % size
        wire.socket.sendall(line + END + PIECE * 20)
        assert wire.answer()[0] == 401


@pytest.mark.parametrize("cut", range(1, 5))
def test_a_head_may_end_in_any_piece(wire: Wire, cut: int) -> None:
    wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    size = 20 * len(PIECE)
    head = b"POST /v1/patients HTTP/1.1\r\nHost: a\r\nContent-Length: %d" % size + END
    wire.socket.sendall(head[:-cut])
    time.sleep(0.05)
    wire.socket.sendall(head[-cut:] + PIECE * 20 + LINE + END)
    assert [wire.answer()[0], wire.answer()[0]] == [401, 200]
