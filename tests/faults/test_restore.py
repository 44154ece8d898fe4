"""R10: a backup made under load and a point-in-time restore have every answered change."""

import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import make_url, text

from app.core.db.database import Database
from app.core.operation import rows
from app.records.registry import registry
from tests import postgres
from tests.cli.program import run
from tests.faults.account import check_account, check_file
from tests.faults.callers import Written
from tests.faults.conftest import Site, create_site, deploy
from tests.faults.load import Load
from tests.faults.test_kill import wait_for
from tests.ground import Clinic
from tests.postgres import OwnServer, own_server
from tests.serving import PATIENCE_S, ROOT

CALLERS = 4
REST_S = 0.1


def check_there(clinic: Clinic, written: Iterable[Written]) -> None:
    """Every acknowledged change is there."""
    op = clinic.operation()
    answered = [one.answer.body for one in written]
    with clinic.database.reading(clinic.id) as db:
        op.begin(db)
        stored = {
            row.id: row.version
            for noun in ("patients", "sessions", "follow_ups", "practitioners")
            for row in op.all(rows(registry[noun].table))
        }
    assert answered
    assert all(stored[UUID(record["id"])] >= record["version"] for record in answered)


@pytest.fixture(name="elsewhere")
def url_of_an_empty_database(site: Site, tmp_path: Path) -> Iterator[str]:
    if site.deployment.database.is_sqlite:
        yield f"sqlite:///{tmp_path}/elsewhere.db"
    else:
        with postgres.server() as server, server.database() as url:
            yield url


def test_a_backup_under_load_has_every_change_answered_before_it(
    site: Site, elsewhere: str, tmp_path: Path
) -> None:
    load, file = Load(site, CALLERS), tmp_path / "backup"
    with load.running(REST_S):
        wait_for(load, 40)
        answered = load.written
        made = run(site.deployment.url, ROOT, "backup", str(file))
        wait_for(load, 1)
    assert made.code == 0, made.err
    came = run(elsewhere, ROOT, "restore", str(file))
    assert came.code == 0, came.err
    check_file(elsewhere)
    with closing(Database(elsewhere)) as restored:
        check_there(Clinic(site.clinic.id, restored), answered)
        check_account(Clinic(site.clinic.id, restored))


@pytest.fixture(name="archived")
def archiving_postgresql() -> Iterator[OwnServer]:
    with own_server(fast=True, archiving=True) as server:
        yield server


def asked(url: str, question: str) -> str:
    with closing(Database(url)) as database, database.owning() as db:
        return str(db.execute(text(question)).scalar_one())


def test_a_point_in_time_restore_has_every_change_answered_before_it(
    archived: OwnServer, tmp_path: Path
) -> None:
    base = tmp_path / "base"
    with archived.database() as url, deploy(url, tmp_path) as deployment:
        with closing(create_site(deployment)) as site:
            load = Load(site, CALLERS)
            with load.running():
                wait_for(load, 10)
                base_backup(archived, base)
                wait_for(load, 40)
                answered = load.written
                moment = asked(url, "SELECT clock_timestamp()")
                wait_for(load, 40)
            deployment.serving.kill()
            wait_until_archived(archived, asked(url, "SELECT pg_walfile_name(pg_switch_wal())"))
        deployment.database.close()
        archived.kill()
        restore_to(archived, base, moment)
        with closing(Database(url)) as restored:
            clinic = Clinic(site.clinic.id, restored)
            check_there(clinic, answered)
            check_account(clinic)
            with pytest.raises((KeyError, AssertionError)):
                check_there(
                    clinic, load.written
                )  # later records are missing or have an older version


def base_backup(server: OwnServer, target: Path) -> None:
    run_dir = str(make_url(server.url("postgres")).query["host"])
    subprocess.run(
        [
            *(str(server.programs / "pg_basebackup"), f"--host={run_dir}", "--username=postgres"),
            *(f"--pgdata={target}", "--checkpoint=fast", "--wal-method=none", "--no-sync"),
        ],
        check=True,
        capture_output=True,
    )


def wait_until_archived(server: OwnServer, segment: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not (server.archive / segment).exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def restore_to(server: OwnServer, base: Path, moment: str) -> None:
    """Follow the steps in docs/operator.md."""
    shutil.rmtree(server.data)
    shutil.copytree(base, server.data)
    with (server.data / "postgresql.conf").open("a") as settings:
        settings.write(
            f"restore_command = 'cp {server.archive}/%f %p'\n"
            f"recovery_target_time = '{moment}'\nrecovery_target_action = 'promote'\n"
        )
    (server.data / "recovery.signal").touch()
    for path in (server.data, *server.data.rglob("*")):
        postgres.own(path)
    server.data.chmod(0o700)
    server.start()
