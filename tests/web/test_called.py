"""What a patient says by telephone is stored also about a visit of which no message asked."""

from typing import Any

import pytest
from fastapi import FastAPI

from app.core.values.access import ROLES, Scope
from tests.ground import Api, Clinic
from tests.web.console import Desk, words
from tests.web.writing.sent import again, form_on, send

NORMAL = {"none_of_these": "yes", "soreness": "4"}


@pytest.fixture(name="visit")
def a_visit_without_consent_to_messages(api: Api) -> dict[str, Any]:
    return api.session()


def called(visit: dict[str, Any]) -> str:
    return f"/console/sessions/{visit['id']}/phoned"


def reports(api: Api, visit: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/v1/sessions/{visit['id']}/follow-ups").json()["items"]
    return found


def test_a_call_about_a_visit_is_stored_and_counts(
    desk: Desk, api: Api, visit: dict[str, Any]
) -> None:
    session = f"/console/sessions/{visit['id']}"
    for place in (session, f"/console/patients/{visit['patient_id']}"):
        assert f'href="{called(visit)}"' in desk.get(place).text
    answer = send(desk, called(visit), **NORMAL, comment="Fine since noon.")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{session}?said=entered")
    [told] = reports(api, visit)
    assert (told["soreness"], told["source"], told["red_flags"]) == (4, "practitioner", [])


def test_a_sign_of_danger_alerts_at_once_and_stays_one_alert_when_the_report_is_complete(
    desk: Desk, api: Api, visit: dict[str, Any]
) -> None:
    refused = send(desk, called(visit), flag_breathlessness="yes")
    assert refused.status_code == 422
    assert "Act now: breathlessness" in words(refused.text)
    [alert] = api.get("/v1/alerts?status=open").json()["items"]
    assert reports(api, visit) == []
    held = form_on(refused.text, called(visit)).values
    answer = again(desk, called(visit), held, soreness="3")
    assert answer.status_code == 303
    [told] = reports(api, visit)
    [still] = api.get("/v1/alerts?status=open").json()["items"]
    assert (still["id"], still["source"]["id"]) == (alert["id"], told["id"])
    page = words(desk.get(answer.headers["location"]).text)
    assert "Alert: breathlessness" in page
    assert "In an emergency the patient calls" in page


def test_the_front_desk_calls_about_the_last_visit_from_the_details(
    app: FastAPI, clinic: Clinic, api: Api, visit: dict[str, Any]
) -> None:
    fran = Desk(app).let_in(clinic, ROLES["front-desk"])
    details = f"/console/patients/{visit['patient_id']}/details"
    assert f'href="{called(visit)}"' in fran.get(details).text
    answer = send(fran, called(visit), **NORMAL)
    assert answer.headers["location"] == f"{details}?said=entered"
    reader = Desk(app).let_in(clinic, {Scope.PATIENTS_READ})
    assert "phoned" not in reader.get(details).text
    assert reader.get(called(visit)).status_code == 403
    assert len(reports(api, visit)) == 1
