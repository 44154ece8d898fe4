"""Texts are stored as they look, and a member that a change leaves alone stays as it was."""

from typing import Any

import pytest

from app.core.operation import perform
from app.patients.schemas import PatientBody
from app.patients.service import PATIENTS
from app.records.service import create_one
from tests.ground import Api, Clinic
from tests.records.bodies import create, faults

NEEDED = [
    ("patient", "/given_name"),
    ("patient", "/family_name"),
    ("patient", "/identifiers/0/system"),
    ("patient", "/identifiers/0/value"),
    ("practitioner", "/family_name"),
    ("episode", "/complaint"),
    ("episode", "/goals/0"),
    ("episode", "/close_reason"),
    ("session", "/needle_count/mismatch_reason"),
    ("session", "/needlings/0/needle/lot"),
    ("consent", "/given_by"),
    ("consent", "/obtained_by"),
    ("screening", "/override_reason"),
    ("screening", "/answers/0/detail"),
    ("adverse event", "/description"),
]


@pytest.mark.alike
@pytest.mark.parametrize(("kind", "place"), NEEDED)
@pytest.mark.parametrize("blank", [" ", "\u00a0\t", "\u200b", "\ufeff \u2060", "\u3164"])
def test_a_text_that_is_needed_is_not_blank(api: Api, kind: str, place: str, blank: str) -> None:
    assert faults(create(api, kind, (place, blank)))[place] == "blank"


def test_a_member_that_a_patch_leaves_alone_stays_as_it_was_written(
    api: Api, clinic: Clinic
) -> None:
    """It may have been stored before a rule existed."""
    older: dict[str, Any] = {"given_name": "Ana\u0301  Mari\u0301a", "family_name": " "}
    op = clinic.operation()
    body = PatientBody.model_construct(**{**PatientBody().__dict__, **older})
    view, _ = perform(clinic.database, op, lambda: create_one(op, PATIENTS, body))
    path = f"/v1/patients/{view['id']}"
    changed = api("PATCH", path, json={"sex": "female"}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200
    assert {name: changed.json()[name] for name in older} == older
    anew = api("PATCH", path, json={"given_name": " Ana  B "}, headers={"If-Match": '"2"'})
    assert anew.json()["given_name"] == "Ana B"
    blank = api("PATCH", path, json={"given_name": "\u200b"}, headers={"If-Match": '"3"'})
    assert faults(blank) == {"/given_name": "blank"}
