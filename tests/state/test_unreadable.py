"""A record with a value that can't be read or shown raises its alert before the answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from app.core.db.database import Database
from app.main import create_app
from app.patients.models import Patient
from app.sessions.models import TreatmentSession
from tests.ground import Api, Clinic, create_clinic, migrated_like
from tests.ledger.attacker import owning
from tests.state.test_found_at_once import alerts_now
from tests.summaries.charts import released
from tests.wire import wired

OF_SESSION = {
    "needle_count": '{"inserted": 9, "removed": 9}',
    "overrides": '[{"what": 1}]',
    "warnings": "[7]",
    "credentials": '{"a": 1}',
    "co_interventions": "7",
}
"""By the column, JSON that the view of a session doesn't have."""
VALUES = [
    ("sessions", "occurred_at", "'9999-12-31 23:59:59.000000+00'"),
    ("sessions", "occurred_at_offset_min", "32000"),
    ("needlings", "muscle", "'nobody'"),
    ("session_measurements", "instrument", "'nothing'"),
]
"""By table and column, values in SQL that a row can't have."""
ONLY_SQLITE = [
    ("sessions", "note", "X'FF00'"),
    ("sessions", "note", "CAST(X'FF00' AS TEXT)"),
    ("sessions", "note", "X'4142'"),
    ("sessions", "occurred_at", "'soon'"),
    ("session_measurements", "value", "'abc'"),
]
"""Values that only SQLite stores in such a column."""


@pytest.fixture(name="own")
def clinic_in_a_database_of_its_own(database: Database, tmp_path: Path) -> Iterator[Clinic]:
    with migrated_like(database, tmp_path) as another:
        yield create_clinic(another)


def spoil(clinic: Clinic, table: str, id_: str, column: str, value: str) -> None:
    """Put a value into a row behind the program, past SQLite's checks."""
    is_sqlite = clinic.database.engine.dialect.name == "sqlite"
    written = UUID(id_).hex if is_sqlite else id_
    with owning(clinic) as db:
        if is_sqlite:
            db.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        key = "id" if table in {"sessions", "patients"} else "session_id"
        change = f"UPDATE {table} SET {column} = {value} WHERE {key} = '{written}'"  # noqa: S608 - the test's own values
        db.exec_driver_sql(change)
        if is_sqlite:
            db.exec_driver_sql("PRAGMA ignore_check_constraints = OFF")


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def sources(api: Api) -> set[str]:
    return {alert["source"]["id"] for alert in alerts_now(api)}


@pytest.mark.parametrize("column", OF_SESSION)
def test_a_chart_with_a_record_that_can_t_be_shown_reports_every_changed_record_at_once(
    api: Api, clinic: Clinic, column: str
) -> None:
    session = api.session()
    patient_id = session["patient_id"]
    other = api.session(patient_id=patient_id)
    with owning(clinic) as db:
        mine = TreatmentSession.id == UUID(other["id"])
        db.execute(update(TreatmentSession).where(mine).values(note="Nothing happened."))
        of_patient = Patient.id == UUID(patient_id)
        db.execute(update(Patient).where(of_patient).values(language="xx"))
    spoil(clinic, "sessions", session["id"], column, f"'{OF_SESSION[column]}'")
    answer = released(api, patient_id)
    assert answer.status_code == 200 or problem(answer) == (503, "unreadable-record")
    assert sources(api) == {session["id"], other["id"], patient_id}


NPRS = {"phase": "before", "instrument": "nprs", "value": 7}


def looks(session: dict[str, Any]) -> dict[str, str]:
    """The addresses that show a session or what is derived from it, by name."""
    id_, patient_id = session["id"], session["patient_id"]
    return {
        "session": f"/v1/sessions/{id_}",
        "note": f"/v1/sessions/{id_}/note",
        "list": f"/v1/sessions?patient_id={patient_id}",
        "timeline": f"/v1/patients/{patient_id}/timeline",
        "progress": f"/v1/patients/{patient_id}/progress",
        "picture": f"/v1/patients/{patient_id}/progress.svg",
        "body map": f"/v1/patients/{patient_id}/body-map.svg",
        "follow-ups": f"/v1/sessions/{id_}/follow-ups",
    }


def check_every_look(api: Api, clinic: Clinic, table: str, column: str, value: str) -> None:
    session = api.session(measurements=[NPRS])
    spoil(clinic, table, session["id"], column, value)
    failed = []
    for name, path in looks(session).items():
        answer = api.get(path)
        if answer.status_code != 200:
            assert problem(answer) == (503, "unreadable-record"), name
            failed.append(name)
            assert session["id"] in sources(api), name
    answer = released(api, session["patient_id"])
    assert answer.status_code == 200 or problem(answer) == (503, "unreadable-record")
    assert sources(api) == {session["id"]}
    answer = api.post(f"/v1/sessions/{session['id']}/sign", headers={"If-Match": '"1"'})
    assert problem(answer) in {(503, "unreadable-record"), (409, "differs-from-ledger")}


@pytest.mark.parametrize(("table", "column", "value"), VALUES)
def test_a_value_that_no_row_can_have_is_reported_by_every_answer_that_can_t_show_it(
    api: Api, clinic: Clinic, table: str, column: str, value: str
) -> None:
    check_every_look(api, clinic, table, column, value)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("table", "column", "value"), ONLY_SQLITE)
def test_a_value_of_another_type_is_reported_by_every_answer_that_can_t_show_it(
    own: Clinic, table: str, column: str, value: str
) -> None:
    with wired(create_app(own.database)) as wire:
        check_every_look(Api(wire, own.key()), own, table, column, value)


def test_a_failure_of_the_program_stays_one(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    session = api.session()
    monkeypatch.setattr("app.records.queries.record_for_answer", lambda *_: int("x"))
    assert problem(api.get(f"/v1/sessions/{session['id']}")) == (500, "internal")
    assert sources(api) == set()


REPORT = {
    "reported_at": "2026-11-02T10:00:00-08:00",
    "soreness": 1,
    "red_flags": ["fainting"],
}
CHANGES = [
    *VALUES,
    ("sessions", "attendance", "'declined'"),
    ("sessions", "occurred_at", "'2027-11-01 18:00:00.000000+00'"),
    ("sessions", "status", "'void'"),
]


@pytest.mark.parametrize(("table", "column", "value"), CHANGES)
def test_no_report_of_a_patient_is_lost_because_somebody_changed_its_session(
    api: Api, clinic: Clinic, table: str, column: str, value: str
) -> None:
    session = api.session(measurements=[NPRS])
    spoil(clinic, table, session["id"], column, value)
    report = api.create(f"/v1/sessions/{session['id']}/follow-ups", **REPORT)
    assert report["hours_after"] == 24
    event = api.create(
        "/v1/adverse-events",
        patient_id=session["patient_id"],
        session_id=session["id"],
        kind="pneumothorax",
        severity="serious",
        expected=False,
        causality="definite",
        description="Short of breath",
        outcome="recovering",
        occurred_at="2026-11-01T12:00:00-08:00",
    )
    alerts = api.get("/v1/alerts", params={"patient_id": session["patient_id"]}).json()["items"]
    assert {alert["source"]["id"] for alert in alerts} >= {report["id"], event["id"]}


def test_a_report_on_a_session_that_was_changed_raises_the_alert_about_that_too(
    api: Api, clinic: Clinic
) -> None:
    session = api.session()
    spoil(clinic, "sessions", session["id"], "occurred_at_offset_min", "32000")
    spoil(clinic, "sessions", session["id"], "attendance", "'declined'")
    api.create(f"/v1/sessions/{session['id']}/follow-ups", **REPORT)
    assert sources(api) == {session["id"]}


def test_a_report_is_refused_for_a_reason_that_the_ledger_has_too(api: Api, clinic: Clinic) -> None:
    session = api.session()
    spoil(clinic, "sessions", session["id"], "attendance", "'declined'")
    earlier = REPORT | {"reported_at": "2026-10-30T10:00:00-08:00"}
    answer = api.post(f"/v1/sessions/{session['id']}/follow-ups", earlier)
    assert [each["code"] for each in answer.json()["errors"]] == ["before_session"]
