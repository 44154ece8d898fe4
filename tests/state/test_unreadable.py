"""A record with a value that can't be read or shown raises its alert before the answer."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from app.patients.models import Patient
from app.sessions.models import TreatmentSession
from tests.ground import Api, Clinic
from tests.ledger.attacker import owning
from tests.state.test_found_at_once import alerts_now
from tests.summaries.charts import released

OF_SESSION = {
    "needle_count": '{"inserted": 9, "removed": 9}',
    "overrides": '[{"what": 1}]',
    "warnings": "[7]",
    "credentials": '{"a": 1}',
    "co_interventions": "7",
}
"""By the column, JSON that the view of a session doesn't have."""
BYTES = {"note": "X'FF00'"}
TIMES = {"occurred_at": "'9999-12-31 23:59:59.000000'", "occurred_at_offset_min": "99999"}


def spoil(clinic: Clinic, table: str, id_: str, column: str, value: str) -> None:
    """Put a value into a row behind the program, past SQLite's checks."""
    is_sqlite = clinic.database.engine.dialect.name == "sqlite"
    written = UUID(id_).hex if is_sqlite else id_
    with owning(clinic) as db:
        if is_sqlite:
            db.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        db.exec_driver_sql(f"UPDATE {table} SET {column} = {value} WHERE id = '{written}'")
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
