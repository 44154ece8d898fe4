"""What comes before anybody knows who calls is limited, too."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from pydantic_core import from_json

from app.core.database import Database
from app.core.heads import HEAD_MAX_BYTES
from app.core.schema import migrate
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


@pytest.fixture(name="wire")
def a_connection(server: Serving) -> Iterator[socket.socket]:
    with socket.create_connection((HOST, server.port), timeout=10) as wire:
        yield wire


def answer(wire: socket.socket) -> tuple[int, bytes]:
    """The status and the body of the next answer, whose length it says."""
    received = b""
    while END not in received:
        received += wire.recv(65536)
    head, _, body = received.partition(END)
    length = int(head.lower().partition(b"content-length:")[2].split()[0])
    while len(body) < length:
        body += wire.recv(65536)
    return int(head.split()[1]), body


@pytest.mark.parametrize("start", [b"GET /", LINE + b"X: ", LINE + b"a: b\r\n" * 12_000])
def test_a_head_without_end_is_refused_as_soon_as_it_is_too_long(
    wire: socket.socket, start: bytes
) -> None:
    wire.sendall(start[:HEAD_MAX_BYTES])
    sent = len(start[:HEAD_MAX_BYTES])
    while sent <= HEAD_MAX_BYTES:
        sent += wire.send(PIECE)
    status, body = answer(wire)
    problem = from_json(body)
    assert (status, problem["status"], problem["type"]) == (431, 431, "/problems/head-too-large")
    assert wire.recv(1) == b""


def test_a_head_may_be_as_long_as_that_and_each_of_many(wire: socket.socket) -> None:
    fill = HEAD_MAX_BYTES - len(LINE) - len(b"X: ") - len(END)
    for _ in range(5):
        wire.sendall(LINE + b"X: " + b"x" * fill + END)
        assert answer(wire)[0] == 200


def test_a_body_does_not_count(wire: socket.socket) -> None:
    for _ in range(2):
        size = 20 * len(PIECE)
        line = b"POST /v1/patients HTTP/1.1\r\nHost: a\r\nContent-Length: %d" % size
        wire.sendall(line + END + PIECE * 20)
        assert answer(wire)[0] == 401
