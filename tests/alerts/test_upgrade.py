"""What was marked before there were alerts has an open alert after the upgrade."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from alembic.config import Config

from app.core.db.database import Database
from app.core.operation import perform
from app.core.values.access import Scope
from app.main import create_app
from app.records import service as records
from app.sessions.service import SESSIONS, Derived
from app.state import inspection
from tests.ground import Api, Clinic, create_clinic, migrated_like
from tests.serving import ROOT
from tests.transfer.exported import NDJSON, lines
from tests.wire import wired

BEFORE = "0021"
CLINICAL = [Scope.SESSIONS_READ, Scope.FOLLOW_UPS_READ]


@pytest.fixture(name="own")
def clinic_of_one_test(database: Database, tmp_path: Path) -> Iterator[Clinic]:
    with migrated_like(database, tmp_path) as own:
        yield create_clinic(own)


@pytest.fixture(name="older")
def client_of_that_clinic(own: Clinic) -> Iterator[Api]:
    with wired(create_app(own.database)) as wire:
        yield Api(wire, own.key())


def upgrade_again(clinic: Clinic) -> None:
    """Take a database back to the schema before alerts, and upgrade it."""
    config = Config(ROOT / "alembic.ini")
    with clinic.database.owning() as db:
        config.attributes["connection"] = db
        command.downgrade(config, BEFORE)
        db.commit()
        command.upgrade(config, "head")
        db.commit()


def marked(clinic: Clinic, api: Api, *flags: str) -> dict[str, Any]:
    """A session that an earlier program has marked for the red flags of a report."""
    session = api.session()
    body = {"type": "follow_up", "session_id": session["id"], "soreness": 4}
    body |= {"reported_at": "2026-11-02T10:00:00-08:00", "red_flags": list(flags)}
    answer = api("POST", "/v1/imports", content=lines([body]), headers=NDJSON).json()
    assert answer["created"] == 1  # and no alert is raised
    op = clinic.operation("sessions.alert")

    def mark() -> None:
        stored = records.lock_for_server(op, SESSIONS, UUID(session["id"]))
        records.store(op, SESSIONS, stored, Derived(alert=True), operation="sessions.alert")

    perform(clinic.database, op, mark)
    found: dict[str, Any] = api.get(f"/v1/sessions/{session['id']}").json()
    assert found["alert"] is True
    return found


def differences(clinic: Clinic) -> list[Any]:
    """The rows that differ from the ledger."""
    op = clinic.operation()
    with clinic.database.reading(clinic.id) as db:
        op.begin(db)
        return list(inspection.faults(op))


def test_each_marked_session_gets_an_open_alert_and_stays_as_it_is(own: Clinic, older: Api) -> None:
    session = marked(own, older, "dry_cough", "fainting")
    older.session()
    upgrade_again(own)
    [alert] = older.get("/v1/alerts").json()["items"]
    assert alert.pop("deliveries") == []  # nobody is sent a message about it
    assert alert["reasons"] == ["before_alerts", "dry_cough", "fainting"]
    assert alert["source"] == {"resource": "sessions", "id": session["id"]}
    assert (alert["patient_id"], alert["status"]) == (session["patient_id"], "open")
    assert alert["raised_at"] == session["updated_at"]
    assert older.get(f"/v1/sessions/{session['id']}").json() == session
    stated = [
        one
        for one in older.get("/v1/changes?limit=200").json()["items"]
        if one["operation"] == "alerts.upgrade"
    ]
    assert [(one["body"], one["patient_id"]) for one in stated] == [(alert, alert["patient_id"])]
    assert differences(own) == []


def test_such_an_alert_is_acknowledged_like_any_other(own: Clinic, older: Api) -> None:
    marked(own, older, "chest_pain")
    upgrade_again(own)
    [alert] = older.get("/v1/alerts?status=open").json()["items"]
    body = {"action": "other", "note": "Long over."}
    assert older.post(f"/v1/alerts/{alert['id']}/acknowledge", body).status_code == 200
    assert differences(own) == []


def test_clinical_readers_may_read_alerts_and_signers_acknowledge_them(
    own: Clinic, older: Api
) -> None:
    reader = Api(older.wire, own.key(CLINICAL))
    signer = Api(older.wire, own.key([Scope.SESSIONS_SIGN]))
    desk = Api(older.wire, own.key([Scope.PATIENTS_READ]))
    marked(own, older, "chest_pain")
    upgrade_again(own)
    alert = older.get("/v1/alerts").json()["items"][0]["id"]
    path, body = f"/v1/alerts/{alert}/acknowledge", {"action": "called"}
    assert [api.get("/v1/alerts").status_code for api in (reader, signer, desk)] == [200, 200, 403]
    assert [api.post(path, body).status_code for api in (desk, reader, signer)] == [403, 403, 200]
    assert differences(own) == []
