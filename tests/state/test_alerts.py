"""A row that differs from the ledger raises an alert, and much damage raises few."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import update

from app.alerts.models import Alert
from app.alerts.schemas import AcknowledgeBody
from app.alerts.service import ALERTS, ALERTS_MAX, acknowledge
from app.core.db.database import Database
from app.core.operation import perform
from app.core.values.clock import now
from app.patients.models import Patient
from app.patients.schemas import PatientBody
from app.patients.service import PATIENTS
from app.records.service import create
from app.state import walk as walking
from tests.ground import Clinic, create_clinic, migrated_like
from tests.ledger.attacker import owning

PEOPLE = 15


@pytest.fixture(name="clinic")
def clinic_with_some_patients(database: Database, tmp_path: Path) -> Iterator[Clinic]:
    with migrated_like(database, tmp_path) as own:
        clinic = create_clinic(own)
        op = clinic.operation("patients.create")
        bodies = [(PATIENTS, PatientBody(given_name=f"P {n}")) for n in range(PEOPLE)]
        perform(own, op, lambda: create(op, bodies))
        yield clinic


def altered(clinic: Clinic, *names: str) -> None:
    """Alter the rows of some patients, outside the program."""
    with owning(clinic) as db:
        chosen = update(Patient).where(Patient.given_name.in_(names))
        db.execute(chosen.values(language="xx"))


def healed(clinic: Clinic) -> None:
    with owning(clinic) as db:
        db.execute(update(Patient).values(language=None))


def walked(clinic: Clinic, hours: int) -> list[dict[str, Any]]:
    """Walk through everything after so many hours, and return the alerts, oldest first."""
    with time_machine.travel(now() + timedelta(hours=hours), tick=False):
        walking.walk(clinic.database)
    op = clinic.operation()
    with clinic.database.reading(clinic.id) as db:
        op.begin(db)
        views: list[Any] = [ALERTS.view_of(row) for row in op.all(ALERTS.select)]
    return sorted(views, key=lambda view: (view["raised_at"], view["id"]))


def test_a_row_that_differs_raises_one_alert_which_names_no_patient(clinic: Clinic) -> None:
    altered(clinic, "P 3")
    [alert] = walked(clinic, 1)
    assert alert["source"]["resource"] == "patients"
    assert (alert["reasons"], alert["patient_id"]) == (["differs_from_ledger"], None)
    assert walked(clinic, 30) == [alert]


def test_a_difference_that_is_acknowledged_is_not_raised_again_until_it_was_healed(
    clinic: Clinic,
) -> None:
    altered(clinic, "P 3")
    [alert] = walked(clinic, 1)
    op = clinic.operation("alerts.acknowledge")
    body = AcknowledgeBody(action="other", note="The row will be put back.")
    perform(clinic.database, op, lambda: acknowledge(op, alert["id"], body))
    assert len(walked(clinic, 30)) == 1
    healed(clinic)
    assert len(walked(clinic, 60)) == 1
    altered(clinic, "P 3")
    assert [each["status"] for each in walked(clinic, 90)] == ["acknowledged", "open"]


def test_many_rows_that_differ_raise_ten_alerts_and_one_for_the_clinic(clinic: Clinic) -> None:
    altered(clinic, "P 1", "P 2")
    assert len(walked(clinic, 1)) == 2
    altered(clinic, *(f"P {n}" for n in range(PEOPLE)))
    found = [alert["source"]["resource"] for alert in walked(clinic, 30)]
    assert sorted(found) == ["clinics", *["patients"] * ALERTS_MAX]


def test_what_the_server_changes_in_spite_of_a_difference_raises_the_alert_with_the_change(
    clinic: Clinic,
) -> None:
    altered(clinic, "P 3")
    [alert] = walked(clinic, 1)
    with owning(clinic) as db:
        db.execute(update(Alert).values(note="Nobody wrote this."))
    op = clinic.operation("alerts.acknowledge")
    body = AcknowledgeBody(action="other", note="The row will be put back.")
    perform(clinic.database, op, lambda: acknowledge(op, alert["id"], body))
    assert {each["source"]["resource"] for each in walked(clinic, 2)} == {"patients", "alerts"}
