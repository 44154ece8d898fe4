"""The program beside other processes: starting, stopping, being killed, starting twice."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import func, select

from app.core.db.database import Database
from app.core.values.clock import uuid7
from app.patients.models import Patient
from tests import postgres
from tests.cli.program import PATIENCE_S, run, start, url_of
from tests.ground import Clinic, create_clinic, migrated_like
from tests.serving import NEEDLEWORK, free_port, serving

BODIES = (("/v1/imports", "application/x-ndjson"), ("/v1/patients", "application/json"))


@pytest.fixture(name="empty", params=["sqlite", "postgresql"])
def url_of_an_empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
    else:
        with postgres.server() as server, server.database() as url:
            yield url


def patients(database: Database, clinic: Clinic) -> int:
    with database.reading(clinic.id) as db:
        mine = select(func.count()).where(Patient.clinic_id == clinic.id)
        return int(db.execute(mine).scalar_one())


def test_simultaneous_migrations_run_once(empty: str, tmp_path: Path) -> None:
    running = [start(empty, tmp_path, "migrate") for _ in range(3)]
    outputs = [process.communicate(timeout=PATIENCE_S) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], outputs
    assert run(empty, tmp_path, "clinic", "add", "First", "--json").code == 0


def test_processes_on_one_database_see_what_each_other_writes(
    database: Database, tmp_path: Path
) -> None:
    def clinics() -> set[str]:
        return {clinic["id"] for clinic in run(url_of(database), tmp_path, *listing).data}

    listing = ("clinic", "list", "--json")
    with database.reading(), database.reading():
        pass  # both stay open in the pool; the second was opened after the first
    before = clinics()
    clinic = create_clinic(database)
    assert clinics() == before | {str(clinic.id)}


def test_an_import_that_was_killed_is_completed_by_the_next(
    database: Database, clinic: Clinic, tmp_path: Path
) -> None:
    file = tmp_path / "patients.ndjson"
    rows = [{"type": "patient", "id": str(uuid7()), "given_name": f"P{n}"} for n in range(2_000)]
    file.write_text("\n".join(map(json.dumps, rows)))
    arguments = ("import", str(file), "--clinic", str(clinic.id), "--json")
    with start(url_of(database), tmp_path, *arguments) as process:
        deadline = time.monotonic() + PATIENCE_S
        while patients(database, clinic) == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    kept = patients(database, clinic)
    assert 0 < kept < len(rows)
    report = run(url_of(database), tmp_path, *arguments).data
    assert (report["created"], report["unchanged"], report["rejected"]) == (2_000 - kept, kept, 0)
    assert patients(database, clinic) == len(rows)


def answers(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


def turn(port: int) -> None:
    """Wait until the server's event loop has received everything that was sent before."""
    for _ in range(3):
        assert httpx2.get(f"http://127.0.0.1:{port}/healthz").status_code == 200


@contextmanager
def served(database: Database, folder: Path, end: list[str]) -> Iterator[int]:
    """Run `serve` on this port until SIGTERM; afterwards `end` is its log."""
    port = free_port()
    with start(url_of(database), folder, "serve", "--port", str(port)) as server:
        deadline = time.monotonic() + PATIENCE_S
        while not answers(port):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        try:
            yield port
        finally:
            server.send_signal(signal.SIGTERM)
            out, err = server.communicate(timeout=PATIENCE_S)
    assert (server.returncode, out) == (0, "")
    end += err.splitlines()


def test_several_workers_on_sqlite_are_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/one-writer.db"
    ran = run(url, tmp_path, "serve", "--workers", "2", "--port", str(free_port()))
    assert (ran.code, ran.out) == (1, "")
    assert "serve with one worker" in ran.err


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_workers_end_when_their_supervisor_is_killed(database: Database, tmp_path: Path) -> None:
    environment = {"NEEDLEWORK_DATABASE_URL": url_of(database)}
    two = (*NEEDLEWORK, "--workers=2")
    with serving(tmp_path / "server.log", two, **environment) as server:
        deadline = time.monotonic() + PATIENCE_S
        os.kill(server.pid, signal.SIGKILL)
        while answers(server.port):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_serve_answers_until_it_is_stopped(
    database: Database, clinic: Clinic, tmp_path: Path
) -> None:
    log: list[str] = []
    with (
        served(database, tmp_path, log) as port,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        assert client.get("/readyz").status_code == 200
        client.get(f"/v1/patients/{clinic.id}?q=a-word")
    requests = [line for line in map(json.loads, log) if line["event"] == "request"]
    assert [line["status"] for line in requests] == [200, 401]
    assert all(set(line) >= {"operation", "status", "ms", "request_id"} for line in requests)
    assert str(clinic.id) not in "".join(log)
    assert "a-word" not in "".join(log)


@pytest.mark.alike
def test_a_client_that_disconnects_in_the_middle_of_a_body_is_not_a_server_error(
    database: Database, tmp_path: Path
) -> None:
    log: list[str] = []
    # Alone: in a shared database, messages of other clinics may fail, and are logged.
    with migrated_like(database, tmp_path) as own, served(own, tmp_path, log) as port:
        key = create_clinic(own).key()
        for path, media in BODIES:
            head = (
                f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
                f"Content-Type: {media}\r\nContent-Length: 1000000\r\n\r\n"
            )
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(head.encode() + b'{"given_name":')
                turn(port)  # the body has started
            turn(port)
    lines = [json.loads(line) for line in log]
    requests = [line for line in lines if line["event"] == "request"]
    told = [(line["operation"], line["status"]) for line in requests]
    ended = [each for each in told if each != ("health", 200)]
    assert ended == [("imports.create", 400), ("patients.create", 400)]
    assert {line["level"] for line in lines} == {"info"}
