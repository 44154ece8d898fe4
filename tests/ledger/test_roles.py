"""On PostgreSQL the server's role can't alter the ledger, even without its triggers."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from app.core.db.database import Database
from app.core.operation import perform
from app.core.values.clock import uuid7
from app.main import create_app
from app.retention import service
from tests import postgres
from tests.cli.program import within
from tests.faults.account import check_ledger
from tests.ground import Api, create_clinic
from tests.wire import wired

LATE = datetime(2090, 1, 1, tzinfo=UTC)


class Roles(NamedTuple):
    """The same database, as its owner and as the server's role."""

    owner: str
    application: str


@pytest.fixture
def roles() -> Iterator[Roles]:
    """An empty database, its owner, and a role without any right in it."""
    with postgres.server() as server, server.database() as url:
        names = [f"{part}_{uuid7().hex}" for part in ("owner", "application")]
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as db:
            for name in names:
                db.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'made up'"))
            db.execute(text(f"GRANT CREATE, USAGE ON SCHEMA public TO {names[0]}"))
        parsed = make_url(url)
        yield Roles(
            *(
                parsed.set(username=name, password="made up").render_as_string(hide_password=False)
                for name in names
            )
        )
        with admin.connect() as db:
            for name in names:
                db.execute(text(f"DROP OWNED BY {name}"))
                db.execute(text(f"DROP ROLE {name}"))
        admin.dispose()


def test_the_application_does_all_its_work_and_cannot_alter_the_ledger(
    roles: Roles,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEEDLEWORK_OWNER_URL", roles.owner)
    for _ in range(2):
        assert within(monkeypatch, capsys, roles.application, "migrate").code == 0
    monkeypatch.delenv("NEEDLEWORK_OWNER_URL")
    database = Database(roles.application)
    with wired(create_app(database)) as wire:
        clinic = create_clinic(database)
        api = Api(wire, clinic.key())
        session = api.session()
        api.post(f"/v1/sessions/{session['id']}/sign", headers={"If-Match": '"1"'})
        assert api.get(f"/v1/patients/{session['patient_id']}/progress").status_code == 200
        policy = clinic.operation("retention.policy")
        perform(database, policy, lambda: service.set_policy(policy, 10, 18))
        erasing = clinic.operation(service.ERASE)
        erasing.at = LATE
        patient_id = UUID(session["patient_id"])
        erase = lambda: service.erase(erasing, patient_id, "time is up")  # noqa: E731 - one expression
        with pytest.raises(ProgrammingError, match="permission denied"):
            perform(database, erasing, erase, owning=True)
        with closing(Database(roles.owner)) as owned:
            perform(owned, erasing, erase, owning=True)
        assert api.get(f"/v1/sessions/{session['id']}").status_code == 404
    check_ledger(clinic)
    for change in (
        "UPDATE ledger_entries SET actor = 'nobody'",
        "UPDATE ledger_entries SET body = NULL, salt = NULL",
        "DELETE FROM ledger_entries",
        "DELETE FROM ledger_tiles",
        "UPDATE ledger_checkpoints SET note = ''",
        "TRUNCATE ledger_entries",
        "ALTER TABLE ledger_entries DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
    ):
        with pytest.raises(DBAPIError) as refusal, database.engine.begin() as db:
            db.execute(text(change))
        assert getattr(refusal.value.orig, "sqlstate", None) == "42501", change
        assert "append-only" not in str(refusal.value.orig), "a trigger stood in, not the role"
    told = {line["check"]: line for line in doctor(monkeypatch, capsys, roles.application)}
    assert told["ledger"]["state"] == "ok"
    database.close()


def test_only_the_owner_erases_from_the_command_line(
    roles: Roles,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEEDLEWORK_OWNER_URL", roles.owner)
    assert within(monkeypatch, capsys, roles.application, "migrate").code == 0
    with closing(Database(roles.application)) as database, wired(create_app(database)) as wire:
        clinic = create_clinic(database)
        patient_id = Api(wire, clinic.key()).patient()["id"]
        policy = clinic.operation("retention.policy")
        perform(database, policy, lambda: service.set_policy(policy, 10, 18))
    with closing(Database(roles.owner)) as owned, owned.writing(clinic.id, owning=True) as db:
        # As if the patient had last been here long ago.
        db.execute(text("ALTER TABLE ledger_entries DISABLE TRIGGER USER"))
        db.execute(text("UPDATE ledger_entries SET at = '1990-01-01T00:00:00Z'"))
        db.execute(text("ALTER TABLE ledger_entries ENABLE TRIGGER USER"))
    erase = ("retention", "erase", patient_id, "--reason", "time is up")
    monkeypatch.delenv("NEEDLEWORK_OWNER_URL")
    refused = within(monkeypatch, capsys, roles.application, *erase)
    assert refused.code == 1
    assert "Let NEEDLEWORK_OWNER_URL name that role" in refused.err
    monkeypatch.setenv("NEEDLEWORK_OWNER_URL", roles.owner)
    assert within(monkeypatch, capsys, roles.application, *erase).out.startswith("Erased.")


def doctor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str
) -> list[dict[str, str]]:
    lines: list[dict[str, str]] = within(monkeypatch, capsys, url, "doctor", "--json").data
    return lines
