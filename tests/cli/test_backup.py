"""A backup is complete or absent, restores everything, and overwrites nothing unasked."""

import os
import shutil
import sqlite3
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import make_url, text

from app.core.db import copies
from app.core.db.database import Database
from app.ledger.inspection import faults
from app.ledger.signing import seal
from app.ledger.tiles import grow
from app.main import create_app
from tests import postgres
from tests.cli.program import PATIENCE_S, Ran, url_of, within
from tests.faults.account import check_account
from tests.ground import Api, Clinic, create_clinic, empty_like, migrated_like
from tests.wire import wired

Program = Callable[..., Ran]


@pytest.fixture(name="on")
def program_on_any_database(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Program:
    return partial(within, monkeypatch, capsys)


@pytest.fixture(name="database")
def database_without_the_clinics_of_other_tests(
    database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A separate database: a restore checks all ledgers, and other tests attack theirs."""
    with migrated_like(database, tmp_path_factory.mktemp("own")) as own:
        yield own


@pytest.fixture(name="api")
def client_of_a_clinic_there(clinic: Clinic) -> Iterator[Api]:
    with wired(create_app(clinic.database)) as wire:
        yield Api(wire, clinic.key())


@pytest.fixture(name="program")
def program_on_the_database(database: Database, on: Program) -> Program:
    return partial(on, url_of(database))


@pytest.fixture(name="elsewhere")
def url_of_an_empty_database(database: Database, tmp_path: Path) -> Iterator[str]:
    with empty_like(database, tmp_path) as url:
        yield url


def test_a_restore_has_all_records_and_the_ledger(
    on: Program, program: Program, elsewhere: str, clinic: Clinic, api: Api, tmp_path: Path
) -> None:
    session = api.session()
    file = tmp_path / "backup"
    made = program("backup", str(file), "--json")
    assert (made.code, made.data) == (0, {"file": str(file), "bytes": file.stat().st_size})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]
    entries = api.get("/v1/audit/entries?kind=security&resource=clinics").json()["items"]
    assert [entry["operation"] for entry in entries] == ["backups.create"]
    came = on(elsewhere, "restore", str(file), "--json")
    assert came.code == 0, came.err
    with closing(Database(elsewhere)) as restored:
        there = Clinic(clinic.id, restored)
        check_account(there)
        op = there.operation()
        with restored.reading(clinic.id) as db:
            op.begin(db)
            ids = db.execute(text("SELECT id FROM sessions")).scalars().all()
        assert session["id"].replace("-", "") in {str(id).replace("-", "") for id in ids}
    again = on(elsewhere, "restore", str(file))
    assert again.code == 1
    assert "move it away" in again.err or "isn't empty" in again.err


def test_an_existing_backup_is_only_replaced_on_request(
    program: Program, clinic: Clinic, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    file.write_text("older")
    refused = program("backup", str(file))
    assert (refused.code, refused.out) == (1, "")
    assert "exists already. Nothing was changed" in refused.err
    assert file.read_text() == "older"
    assert program("backup", str(file), "--replace").code == 0
    assert copies.database_kind(file) is not None
    assert clinic.database.file is None or copies.database_kind(file) == "sqlite"


def test_a_backup_that_fails_leaves_nothing_and_no_entry(
    on: Program, program: Program, api: Api, tmp_path: Path
) -> None:
    for target, told in (
        (tmp_path, "is not a file"),
        (tmp_path / "no" / "folder", "doesn't exist"),
        (Path(os.devnull), "is not a file"),
    ):
        ran = program("backup", str(target), "--replace")
        assert (ran.code, ran.out) == (1, "")
        assert told in ran.err
    nowhere = on(f"sqlite:///{tmp_path}/none.db", "backup", str(tmp_path / "backup"))
    assert (nowhere.code, nowhere.out) == (1, "")
    assert list(tmp_path.iterdir()) == []
    assert api.get("/v1/audit/entries?kind=security&resource=clinics").json()["items"] == []


def test_a_backup_never_replaces_its_own_database(on: Program, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/needlework.db"
    assert on(url, "migrate").code == 0
    (tmp_path / "link").symlink_to(tmp_path / "needlework.db")
    for name in ("needlework.db", "needlework.db-wal", "link"):
        ran = on(url, "backup", str(tmp_path / name), "--replace")
        assert (ran.code, ran.out) == (1, "")
        assert "is in use by the server" in ran.err


@pytest.fixture(name="postgresql")
def url_of_an_empty_postgresql() -> Iterator[str]:
    with postgres.server() as server, server.database() as url:
        yield url


def test_the_password_is_in_no_list_of_processes(
    on: Program, postgresql: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert on(postgresql, "migrate").code == 0
    seen = tmp_path / "seen"
    spy = tmp_path / "bin" / "pg_dump"
    spy.parent.mkdir()
    spy.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        "if '--version' in sys.argv: sys.exit(print('pg_dump (PostgreSQL) 99'))\n"
        f"open({str(seen)!r}, 'a').write(os.environ.get('PGPASSWORD', '') + repr(sys.argv))\n"
        "sys.exit('pg_dump: error: no\\nDETAIL: a name')\n"
    )
    spy.chmod(0o700)
    monkeypatch.setattr(copies, "DEBIAN_FOLDER", tmp_path)
    monkeypatch.setattr(copies, "wheel_programs", lambda: None)
    monkeypatch.setenv("PATH", str(spy.parent))
    url = make_url(postgresql).set(password="s3cret")
    ran = on(url.render_as_string(hide_password=False), "backup", str(tmp_path / "backup"))
    assert (ran.code, ran.out, ran.err) == (1, "", "It failed: pg_dump: error: no\n")
    password, told = seen.read_text().split("[", 1)
    assert password == "s3cret"
    assert "s3cret" not in told
    spy.unlink()
    missing = on(postgresql, "backup", str(tmp_path / "backup"))
    assert missing.code == 1
    assert "apt install postgresql-client" in missing.err
    assert not (tmp_path / "backup").exists()


@pytest.fixture(name="own")
def clinic_in_a_database_of_its_own(on: Program, tmp_path: Path) -> Iterator[Clinic]:
    url = f"sqlite:///{tmp_path}/own/needlework.db"
    assert on(url, "migrate").code == 0
    with closing(Database(url)) as database:
        clinic = create_clinic(database)
        for _ in range(300):
            clinic.key()
        grow(database, clinic.id)
        seal(database, clinic.id, clinic.operation().at)
        yield clinic


def restored(on: Program, folder: Path, file: Path) -> Ran:
    """The message of a `restore` that fails, and must not leave a database."""
    ran = on(f"sqlite:///{folder}/new.db", "restore", str(file))
    assert (ran.code, ran.out) == (1, "")
    assert not (folder / "new.db").exists()
    return ran


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE ledger_entries SET actor = 'x' WHERE number = 3", "Entry 3 was altered"),
        (
            "UPDATE ledger_entries SET body = '{}' WHERE number = 3",
            "The body of entry 3 was altered",
        ),
        ("DELETE FROM ledger_entries WHERE number = 3", "Entry 3 is missing"),
        (
            "DELETE FROM ledger_entries WHERE number = 601",
            "has 600 entries, but its counter says 601",
        ),
        ("UPDATE ledger_heads SET size = 299", "has 601 entries, but its counter says 299"),
        ("UPDATE ledger_tiles SET hashes = zeroblob(8192)", "A tile of the tree doesn't"),
        ("UPDATE ledger_tiles SET over_all = zeroblob(32)", "A tile of the tree doesn't"),
        (
            "DELETE FROM ledger_entries WHERE number = 601; UPDATE ledger_heads SET size = 600",
            "don't match the checkpoint of 601 entries",
        ),
    ],
)
def test_a_backup_with_an_altered_ledger_is_not_restored(
    on: Program, own: Clinic, tmp_path: Path, statement: str, told: str
) -> None:
    file = tmp_path / "backup"
    assert on(url_of(own.database), "backup", str(file)).code == 0
    with closing(sqlite3.connect(file)) as db:
        triggers = db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        db.executescript("".join(f"DROP TRIGGER {name};" for (name,) in triggers) + statement)
    ran = restored(on, tmp_path, file)
    assert told in ran.err
    assert "don't serve from it" in ran.err


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE patients SET given_name = 'Eve'", "of the ledger in: given_name"),
        ("UPDATE patients SET version = 7", "of the ledger in: version"),
        (
            "DELETE FROM patient_identifiers; DELETE FROM patient_words; DELETE FROM patients",
            "It is missing, but entry 604 of the ledger has it",
        ),
    ],
)
def test_a_backup_with_altered_records_is_not_restored(
    on: Program, own: Clinic, tmp_path: Path, statement: str, told: str
) -> None:
    file = tmp_path / "backup"
    with wired(create_app(own.database)) as wire:
        Api(wire, own.key()).patient(given_name="Ada")
    assert on(url_of(own.database), "backup", str(file)).code == 0
    with closing(sqlite3.connect(file)) as db:
        db.executescript(statement)
    assert told in restored(on, tmp_path, file).err


def test_an_invalid_backup_is_reported_and_not_restored(
    on: Program, own: Clinic, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    assert "can't be used: No such file" in restored(on, tmp_path, file).err
    file.write_text("Dear reader")
    assert "is not a backup of a sqlite database" in restored(on, tmp_path, file).err
    file.write_bytes(copies.POSTGRESQL_MAGIC + bytes(100))
    assert "is not a backup of a sqlite database" in restored(on, tmp_path, file).err
    with closing(sqlite3.connect(tmp_path / "other")) as db:
        db.execute("CREATE TABLE patients (name)")
        db.commit()
    told = restored(on, tmp_path, tmp_path / "other").err
    assert "not a backup of a Needlework database" in told
    assert on(url_of(own.database), "backup", str(file), "--replace").code == 0
    with closing(sqlite3.connect(file)) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
        db.commit()
    assert "newer Needlework (migration 9999)" in restored(on, tmp_path, file).err
    damaged = bytearray(file.read_bytes())
    damaged[8192:12288] = b"\xff" * 4096
    file.write_bytes(damaged)
    assert "is damaged" in restored(on, tmp_path, file).err
    file.write_bytes(damaged[: len(damaged) // 2])
    assert "is damaged" in restored(on, tmp_path, file).err


def test_leftover_files_of_another_database_do_not_affect_a_restore(
    on: Program, own: Clinic, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    assert on(url_of(own.database), "backup", str(file)).code == 0
    (tmp_path / "new.db-wal").write_bytes(b"old")
    assert "move it away" in restored(on, tmp_path, file).err
    (tmp_path / "new.db-wal").unlink()
    assert on(f"sqlite:///{tmp_path}/new.db", "restore", str(file)).code == 0
    assert stat.S_IMODE((tmp_path / "new.db").stat().st_mode) == 0o600


def test_a_sound_ledger_has_no_faults(clinic: Clinic) -> None:
    for _ in range(3):
        clinic.key()
    op = clinic.operation()
    with clinic.database.reading(clinic.id) as db:
        op.begin(db)
        assert list(faults(op)) == []


def finding(program: Program, check: str) -> dict[str, str | None]:
    """One line of doctor's report."""
    found: list[dict[str, str | None]] = program("doctor", "--json").data
    return next(each for each in found if each["check"] == check)


def test_doctor_reports_the_age_of_the_oldest_last_backup_of_any_clinic(
    on: Program, own: Clinic, tmp_path: Path
) -> None:
    program = partial(on, url_of(own.database))
    assert finding(program, "backup")["found"] == "1 of 1 clinics have no backup made by `backup`"
    assert program("backup", str(tmp_path / "backup")).code == 0
    fresh = finding(program, "backup")
    assert (fresh["state"], fresh["found"], fresh["remedy"]) == ("ok", "0 hours old", None)
    with time_machine.travel(own.operation().at + timedelta(hours=49)):
        old = finding(program, "backup")
        assert (old["state"], old["found"]) == ("warning", "49 hours old")
        assert "python -m app backup" in str(old["remedy"])
    create_clinic(own.database)
    assert finding(program, "backup")["found"] == "1 of 2 clinics have no backup made by `backup`"


def failures(database: Database) -> int:
    """How often archiving has failed; within one transaction the count never changes."""
    with database.reading() as db:
        count = text("SELECT failed_count FROM pg_stat_archiver")
        return int(db.execute(count).scalar_one())


def test_doctor_warns_about_a_superuser_and_unarchived_wal(on: Program) -> None:
    with postgres.own_server(fast=True, archiving=True) as server, server.database() as url:
        program = partial(on, url)
        assert program("migrate").code == 0
        role = finding(program, "role")
        assert (role["state"], role["found"]) == (
            "warning",
            "postgres is a superuser: anybody with its password can do everything",
        )
        assert finding(program, "wal archive")["state"] == "ok"
        shutil.rmtree(server.archive)
        with closing(Database(url)) as database:
            with database.owning() as db:
                db.execute(text("SELECT pg_switch_wal()"))
            deadline = time.monotonic() + PATIENCE_S
            while not failures(database):
                assert time.monotonic() < deadline
                time.sleep(0.1)
        assert finding(program, "wal archive")["state"] == "broken"
