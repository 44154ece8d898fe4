"""The commands do what they promise, with text for people and JSON for programs."""

import json
import os
import re
import socket
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Client
from sqlalchemy import text

from app.auth.queries import client_by_id
from app.cli import story
from app.core.db.database import Database
from app.core.values.access import ROLES, Scope
from app.core.values.clock import uuid7
from tests.cli.program import Ran, run, url_of, within
from tests.ground import Api, Clinic

Program = Callable[..., Ran]


@pytest.fixture(name="on")
def program_on_any_database(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Program:
    return partial(within, monkeypatch, capsys)


@pytest.fixture(name="program")
def program_on_the_database(database: Database, on: Program) -> Program:
    return partial(on, url_of(database))


def test_clinics_and_keys_can_be_created_listed_and_revoked(program: Program, wire: Client) -> None:
    clinic = program("clinic", "add", "North Clinic", "--json").data
    assert list(clinic) == ["id"]
    listed = program("clinic", "list", "--json").data
    assert {"id": clinic["id"], "name": "North Clinic"}.items() <= listed[-1].items()
    added = program("client", "add", "tablet", "--clinic", clinic["id"], "--scopes", "*", "--json")
    assert (added.code, added.err) == (0, "")
    client = added.data
    assert sorted(client) == ["api_key", "client_id"]
    api = Api(wire, client["api_key"])
    assert api.get("/v1/clinic").json()["name"] == "North Clinic"
    feed = api.get("/v1/changes").json()["items"]
    assert [change["operation"] for change in feed] == ["clinics.create", "clients.create"]
    assert feed[0]["actor"].startswith("cli:")
    assert client["api_key"] not in json.dumps(feed)
    revoke = ("client", "revoke", client["client_id"], "--clinic", clinic["id"], "--json")
    assert program(*revoke).data["client_id"] == client["client_id"]
    again = Api(wire, client["api_key"] + " ")  # like another process, which has not cached the key
    assert again.get("/v1/clinic").status_code in {200, 401}


def test_a_key_has_the_requested_scopes_and_expiry(
    program: Program, clinic: Clinic, wire: Client
) -> None:
    scopes = ("--scopes", "patients:read, changes:read", "--expires", "2099-01-01")
    result = program("client", "add", "reader", "--clinic", str(clinic.id), *scopes)
    key = re.search(r"API key +(nw_\S+)", result.out)
    assert key is not None
    api = Api(wire, key[1])
    assert api.get("/v1/patients").status_code == 200
    assert api.post("/v1/patients", {}).status_code == 403
    made = api.get("/v1/changes").json()["items"][-1]["body"]
    assert made["scopes"] == ["changes:read", "patients:read"]
    assert made["expires_at"].startswith("2099-01-01T00:00:00")


@pytest.mark.parametrize(
    ("given", "scopes"),
    [
        *((role, held) for role, held in ROLES.items()),
        ("*", set(Scope)),
        ("front-desk, changes:read", ROLES["front-desk"] | {Scope.CHANGES_READ}),
        ("auditor front-desk", ROLES["auditor"] | ROLES["front-desk"]),
    ],
)
def test_scopes_may_be_given_as_roles(
    program: Program, clinic: Clinic, given: str, scopes: set[Scope]
) -> None:
    add = ("client", "add", "x", "--clinic", str(clinic.id), "--scopes", given, "--json")
    id_ = program(*add).data["client_id"]
    with clinic.database.reading() as db:
        found_ = client_by_id(db, UUID(id_))
    assert found_ is not None
    assert found_.scopes == sorted(scopes)


def test_wrong_usage_is_reported_and_exits_with_2(program: Program, clinic: Clinic) -> None:
    add = ("client", "add", "x", "--clinic", str(clinic.id))
    for arguments in (
        ("nonsense",),
        add,
        (*add, "--scopes", "patients:eat"),
        (*add, "--scopes", "front-desk boss"),
        (*add, "--scopes", "*", "--expires", "2001-01-01"),
        ("clinic", "add", " "),
        ("client", "revoke", "not-an-id", "--clinic", str(clinic.id)),
    ):
        ran = program(*arguments)
        assert ran.code == 2, arguments
        assert "Traceback" not in ran.err
        assert "Usage" in ran.err


def test_an_unknown_clinic_client_or_file_is_reported_and_exits_with_1(
    program: Program, clinic: Clinic
) -> None:
    stranger = str(uuid7())
    for arguments, told in (
        (("client", "add", "x", "--clinic", stranger, "--scopes", "*"), "no clinic with this id"),
        (("client", "revoke", stranger, "--clinic", str(clinic.id)), "no client with this id"),
        (("import", "nowhere.ndjson"), "can't be read: No such file"),
        (("import", ".", "--clinic", str(clinic.id)), "can't be read"),
    ):
        ran = program(*arguments)
        assert (ran.code, ran.out) == (1, ""), arguments
        assert told in ran.err
        assert "Traceback" not in ran.err


def test_import_does_the_same_as_the_api(
    program: Program, clinic: Clinic, cohort: Sequence[dict[str, Any]], tmp_path: Path
) -> None:
    file = tmp_path / "cohort.ndjson"
    file.write_text("\n".join(map(json.dumps, cohort)))
    this = ("import", str(file), "--clinic", str(clinic.id))
    tried = program(*this, "--dry-run")
    assert (tried.code, tried.err) == (0, "")
    assert tried.out == (
        "839 rows: 839 created, 0 unchanged, 0 rejected. Nothing was stored. No alert was raised"
        " for 2 of the new records. Look at them: they have a red flag or a serious event.\n"
    )
    assert program(*this, "--json").data["created"] == 839
    report = program(*this, "--json").data
    assert (report["created"], report["unchanged"], report["errors"]) == (0, 839, [])


def test_rejected_rows_are_reported_and_exit_with_1(
    program: Program, clinic: Clinic, tmp_path: Path
) -> None:
    file = tmp_path / "patients.csv"
    file.write_text("type,given_name,sex\npatient,Ada,female\npatient,Ben,x\n")
    ran = program("import", str(file), "--clinic", str(clinic.id))
    assert ran.code == 1
    assert ran.out == "2 rows: 1 created, 0 unchanged, 1 rejected.\n"
    assert ran.err.startswith("line 3 /sex literal_error: ")
    file.write_text("given_name\nAda\n")
    ran = program("import", str(file), "--clinic", str(clinic.id))
    assert ran.code == 1
    assert "name each column once" in ran.err


def test_doctor_says_that_there_is_no_key_before_anything_is_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEEDLEWORK_LEDGER_KEY")
    url = f"sqlite:///{tmp_path}/new.db"
    assert run(url, tmp_path, "migrate").code == 0
    (tmp_path / "ledger.pem").unlink()
    found = {f["check"]: f["found"] for f in run(url, tmp_path, "doctor", "--json").data}
    assert found["signing key"] == "no readable key"


def test_doctor_finds_no_fault_in_a_correct_installation(program: Program) -> None:
    ran = program("doctor", "--json")
    states = {finding["check"]: finding["state"] for finding in ran.data}
    # The tests' own PostgreSQL runs without durability, and other tests alter rows and notes in it,
    # or let messages wait: doctor must report that.
    broken = {check for check, state in states.items() if state == "broken"}
    broken -= {"state", "signing key", "mail", "messages", "posts"}
    broken -= {"asks", "patients' sender", "patients' page"}
    assert broken <= {"fsync", "full_page_writes"}
    assert ran.code == (1 if "broken" in states.values() else 0)
    assert states["database"] == states["migration"] == "ok"
    assert all(f["remedy"] for f in ran.data if f["state"] != "ok")


def test_openapi_prints_the_document_that_the_api_serves(program: Program, wire: Client) -> None:
    assert program("openapi").data == wire.get("/openapi.json").json()


def test_help_names_every_command_and_the_exit_codes(program: Program) -> None:
    result = program("--help").out
    commands = (
        "serve",
        "migrate",
        "demo",
        "import",
        "clinic",
        "client",
        "openapi",
        "doctor",
        "backup",
        "restore",
    )
    assert all(re.search(rf"^│ {command} ", result, re.MULTILINE) for command in commands)
    assert "Exit codes" in result


def test_every_scope_can_be_given(program: Program, clinic: Clinic) -> None:
    add = ("client", "add", "all", "--clinic", str(clinic.id), "--json", "--scopes")
    assert program(*add, ",".join(Scope)).code == 0


def test_a_command_that_needs_a_migrated_database_says_so(on: Program, tmp_path: Path) -> None:
    file = tmp_path / "empty.db"
    empty = f"sqlite:///{file}"
    for there in (False, True):
        if there:
            file.touch()
        ran = on(empty, "clinic", "add", "First")
        assert (ran.code, ran.out) == (1, "")
        assert "python -m app migrate" in ran.err
        ran = on(empty, "doctor")
        assert ran.code == 1
        assert f"broken   {'migration' if there else 'database'}" in ran.out
        assert "python -m app migrate" in ran.out
        assert file.exists() == there
    assert on(empty, "migrate").code == 0
    assert "no clinic yet" in on(empty, "import", __file__).err
    assert on(empty, "clinic", "add", "First").code == 0


def test_a_missing_database_is_not_created_by_reading_it(on: Program, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/mistyped/records.db"
    for arguments in (("doctor",), ("clinic", "list"), ("import", __file__)):
        assert on(url, *arguments).code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_new_database_is_private_to_its_account(on: Program, tmp_path: Path) -> None:
    folder = tmp_path / "var"
    url = f"sqlite:///{folder}/needlework.db"
    before = os.umask(0)
    try:
        assert on(url, "migrate").code == 0
        with closing(Database(url)) as database, database.reading() as db:
            db.execute(text("SELECT * FROM clinics"))
            modes = {each.name: oct(each.stat().st_mode & 0o777) for each in folder.iterdir()}
    finally:
        os.umask(before)
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    assert modes == dict.fromkeys((f"needlework.db{end}" for end in ("", "-shm", "-wal")), "0o600")
    found = {finding["check"]: finding["state"] for finding in on(url, "doctor", "--json").data}
    assert found["folder"] == "ok"


def test_an_existing_folder_and_file_keep_their_modes(on: Program, tmp_path: Path) -> None:
    file = tmp_path / "needlework.db"
    file.touch()
    file.chmod(0o640)
    tmp_path.chmod(0o750)
    assert on(f"sqlite:///{file}", "migrate").code == 0
    assert (file.stat().st_mode & 0o777, tmp_path.stat().st_mode & 0o777) == (0o640, 0o750)


COMMANDS = (("migrate",), ("doctor",), ("import", __file__), ("clinic", "add", "First"))
NO_URL = "not the URL of a SQLite or PostgreSQL database"


@pytest.mark.parametrize("arguments", COMMANDS)
@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://someone:hidden@127.0.0.1:1/none", "Connection refused"),
        ("postgresql://someone:hidden@127.0.0.1:1/none?no_such=1", 'option "no_such"'),
        ("postgresql://someone:some@hidden@127.0.0.1:1/none", NO_URL),
        ("postgresql://someone:hidden@127.0.0.1:hidden/none", NO_URL),
        ("postgresql://someone:hidden", NO_URL),
        ("sqlite+nodriver:///hidden.db", NO_URL),
        ("sqlite+aiosqlite:///hidden.db", NO_URL),
        ("mysql://someone:hidden@x", NO_URL),
        ("nonsense", NO_URL),
    ],
)
def test_a_missing_database_is_reported_without_its_password(
    url: str, told: str, arguments: Sequence[str], on: Program
) -> None:
    ran = on(url, *arguments)
    assert ran.code == 1
    assert told in ran.out + ran.err
    assert "hidden" not in ran.out + ran.err
    assert ran.err.count("\n") == (0 if ran.out else 1)


def test_a_folder_that_can_not_be_created_is_reported(on: Program) -> None:
    ran = on("sqlite:////proc/no/folder/x.db", "migrate")
    assert (ran.code, ran.out) == (1, "")
    assert "can't be opened: No such file or directory" in ran.err


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_file_that_is_not_a_database_is_reported(
    on: Program, tmp_path: Path, arguments: Sequence[str]
) -> None:
    file = tmp_path / "letter.db"
    file.write_text("Dear reader")
    ran = on(f"sqlite:///{file}", *arguments)
    assert ran.code == 1
    assert "file is not a database" in ran.out + ran.err
    assert file.read_text() == "Dear reader"


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (["CREATE TABLE patients (name)"], "another program's tables"),
        (["CREATE TABLE things (name)"], "another program's tables"),
        (
            [
                "CREATE TABLE alembic_version (version_num)",
                "INSERT INTO alembic_version VALUES ('x')",
            ],
            "Can't locate revision identified by 'x'",
        ),
    ],
)
def test_another_programs_database_is_left_unchanged(
    on: Program, tmp_path: Path, statements: Sequence[str], told: str
) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as other:
        for statement in statements:
            other.execute(statement)
        other.commit()
        before = other.execute("SELECT sql FROM sqlite_schema").fetchall()
        ran = on(f"sqlite:///{file}", "migrate")
        assert (ran.code, ran.out) == (1, "")
        assert told in ran.err
        assert on(f"sqlite:///{file}", "doctor").code == 1
        assert other.execute("SELECT sql FROM sqlite_schema").fetchall() == before


def test_a_port_in_use_is_reported(program: Program) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for command in ("serve", "demo"):
            ran = program(command, "--port", port)
            assert ran.code == 1
            assert f"Can't listen on 127.0.0.1:{port}" in ran.err
            assert "--port" in ran.err
        assert f"make run PORT={int(port) + 1}" in ran.err


def test_the_demo_is_the_same_clinic_every_time(on: Program, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/demo.db"
    first, second = (on(url, "demo", "--no-serve") for _ in range(2))
    assert (first.code, second.code) == (0, 0)
    secret, way_in = re.compile(r"nw_\S+"), re.compile(r"(?<=/console\n).*?\n\n", re.DOTALL)
    assert way_in.sub("", secret.sub("", first.out)) == way_in.sub("", secret.sub("", second.out))
    assert [len(secret.findall(ran.out)) for ran in (first, second)] == [1, 1]
    assert not set(secret.findall(first.out)) & set(secret.findall(second.out))
    assert [c["name"] for c in on(url, "clinic", "list", "--json").data] == ["Demo clinic"]


def test_the_demo_shows_its_example_patients(program: Program, wire: Client) -> None:
    result = program("demo", "--no-serve").out
    key = re.search(r"nw_\S+", result)
    assert key is not None
    api = Api(wire, key[0])
    patients = api.get("/v1/patients?limit=200").json()["items"]
    assert len(patients) == story.PATIENTS
    by_name = {patient["given_name"]: patient["id"] for patient in patients}

    def progress(number: int) -> Any:
        return api.get(f"/v1/patients/{by_name[story.NAMES[number]]}/progress").json()

    assert by_name[story.NAMES[0]] == story.PATIENT
    pain, function = progress(0)["measures"]
    assert pain["verdict"] == "improved_uncertain"  # no MDC is known in the shoulder
    assert (function["verdict"], function["responder"]["state"]) == ("improved_important", "held")
    assert "recurrence" in {flag["code"] for flag in progress(story.RELAPSING)["flags"]}
    assert progress(story.ALARMED)["adverse_events"]["close_calls"] == 1
    assert api.get("/v1/alerts").json()["items"] == []  # the story is imported
