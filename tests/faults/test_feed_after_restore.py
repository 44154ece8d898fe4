"""A reader of the change feed lives through restores: it notices them, and misses nothing."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from pydantic_core import to_jsonable_python

from app.core.db.copies import SQLITE_SUFFIXES
from app.core.db.database import Database
from app.core.db.schema import migrate
from app.records.registry import registry
from tests import postgres
from tests.cli.program import run
from tests.faults.callers import Caller
from tests.faults.conftest import create_site, deploy
from tests.faults.follower import Follower
from tests.faults.load import created
from tests.faults.test_restore import asked, base_backup, restore_to, wait_until_archived
from tests.ground import Clinic, create_clinic
from tests.postgres import own_server
from tests.serving import ROOT, serving

LATER = 5
# Fewer new entries than were lost, so the reader's number lies beyond the end of the ledger; and
# more, so another entry has taken it.
NEW = pytest.mark.parametrize("new", [1, LATER * 4], ids=["beyond the end", "number taken again"])


def patients(caller: Caller, count: int) -> None:
    for _ in range(count):
        created(caller, "/v1/patients", {})


def check_copies(follower: Follower, clinic: Clinic) -> None:
    """The reader's copies are the stored records, and no others."""
    op = clinic.operation()
    with clinic.database.reading(clinic.id) as db:
        op.begin(db)
        stored = {
            str(row.id): to_jsonable_python(kind.view_of(row))
            for kind in registry.values()
            for row in op.all(kind.select)
        }
    assert stored
    held = {id: body for id, body in follower.copies.items() if id in stored}
    assert held == stored
    # The clinic, its key and the digest of the key are no records.
    others = follower.copies.keys() - stored.keys() - {str(clinic.id)}
    assert {follower.copies[id].get("version") for id in others} <= {None}


@contextmanager
def served(url: str, folder: Path, key: str) -> Iterator[Caller]:
    """A caller of a server on a database."""
    with (
        serving(folder / "server.log", NEEDLEWORK_DATABASE_URL=url) as server,
        closing(Caller(server.port, key)) as caller,
    ):
        yield caller


@contextmanager
def empty_databases(kind: str, folder: Path) -> Iterator[tuple[str, str]]:
    """The URLs of two databases without tables."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/one.db", f"sqlite:///{folder}/other.db"
        return
    with postgres.server() as server, server.database() as one, server.database() as other:
        yield one, other


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@NEW
def test_a_reader_notices_a_restored_backup(kind: str, new: int, tmp_path: Path) -> None:
    backup, follower = tmp_path / "backup", Follower()
    with empty_databases(kind, tmp_path) as (url, elsewhere):
        with closing(Database(url)) as database:
            migrate(database)
            clinic = create_clinic(database)
            key = clinic.key()
        with served(url, tmp_path, key) as caller:
            patients(caller, 3)
            follower.follow(caller)
            made = run(url, ROOT, "backup", str(backup))
            assert made.code == 0, made.err
            patients(caller, LATER)
            follower.follow(caller)
        came = run(elsewhere, ROOT, "restore", str(backup))
        assert came.code == 0, came.err
        with served(elsewhere, tmp_path, key) as caller:
            patients(caller, new)
            follower.follow(caller)
            assert follower.restarts == 1
            patients(caller, 1)
            follower.follow(caller)
        assert follower.restarts == 1
        with closing(Database(elsewhere)) as database:
            check_copies(follower, Clinic(clinic.id, database))


def test_a_reader_that_was_not_ahead_of_the_backup_continues(tmp_path: Path) -> None:
    backup, follower = tmp_path / "backup", Follower()
    with empty_databases("sqlite", tmp_path) as (url, elsewhere):
        with closing(Database(url)) as database:
            migrate(database)
            clinic = create_clinic(database)
            key = clinic.key()
        with served(url, tmp_path, key) as caller:
            patients(caller, 3)
            follower.follow(caller)
            patients(caller, LATER)
            assert run(url, ROOT, "backup", str(backup)).code == 0
        assert run(elsewhere, ROOT, "restore", str(backup)).code == 0
        with served(elsewhere, tmp_path, key) as caller:
            patients(caller, 1)
            follower.follow(caller)
        assert follower.restarts == 0
        with closing(Database(elsewhere)) as database:
            check_copies(follower, Clinic(clinic.id, database))


@NEW
def test_a_reader_notices_a_copied_file(new: int, tmp_path: Path) -> None:
    file, copied, follower = tmp_path / "one.db", tmp_path / "copied.db", Follower()
    url = f"sqlite:///{file}"
    with closing(Database(url)) as database:
        migrate(database)
        clinic = create_clinic(database)
        key = clinic.key()
    with served(url, tmp_path, key) as caller:
        patients(caller, 3)
        follower.follow(caller)
    assert run(url, ROOT, "clinic", "list").code == 0  # its end leaves one file, without a WAL
    assert not Path(f"{file}-wal").exists()
    shutil.copyfile(file, copied)
    with served(url, tmp_path, key) as caller:
        patients(caller, LATER)
        follower.follow(caller)
    for ending in ("", *SQLITE_SUFFIXES):
        Path(f"{file}{ending}").unlink(missing_ok=True)
    shutil.copyfile(copied, file)
    with served(url, tmp_path, key) as caller:
        patients(caller, new)
        follower.follow(caller)
    assert follower.restarts == 1
    with closing(Database(url)) as database:
        check_copies(follower, Clinic(clinic.id, database))


@NEW
def test_a_reader_notices_a_point_in_time_recovery(new: int, tmp_path: Path) -> None:
    base, follower = tmp_path / "base", Follower()
    with ExitStack() as stack:
        archived = stack.enter_context(own_server(fast=True, archiving=True))
        url = stack.enter_context(archived.database())
        deployment = stack.enter_context(deploy(url, tmp_path))
        with closing(create_site(deployment)) as site:
            caller = site.caller()
            patients(caller, 3)
            follower.follow(caller)
            base_backup(archived, base)
            moment = asked(url, "SELECT clock_timestamp()")
            patients(caller, LATER)
            follower.follow(caller)
            deployment.serving.kill()
        wait_until_archived(archived, asked(url, "SELECT pg_walfile_name(pg_switch_wal())"))
        deployment.database.close()
        archived.kill()
        restore_to(archived, base, moment)
        with served(url, tmp_path, site.key) as caller:
            patients(caller, new)
            follower.follow(caller)
        assert follower.restarts == 1
        with closing(Database(url)) as database:
            check_copies(follower, Clinic(site.clinic.id, database))
