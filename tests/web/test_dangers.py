"""The console about danger: no report of it is lost, and whoever acts knows what was said."""

from typing import Any

import pytest
from fastapi import FastAPI

from app.core.values.access import ROLES
from tests.asks.conftest import clock, here
from tests.asks.test_sending import box
from tests.ground import Api, Clinic
from tests.web.console import Desk, words
from tests.web.test_follow_ups import (
    SignIn,
    an_ask_that_was_sent_and_reminded,
    phone,
    signing_in_later,
)

__all__ = ["an_ask_that_was_sent_and_reminded", "box", "clock", "here", "signing_in_later"]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"none_of_these": "yes", "soreness": "2"},
        {"soreness": "11"},
        {"soreness": "2", "reported_at": "yesterday"},
        {"soreness": "2", "bruising": "perhaps"},
    ],
)
def test_a_sign_of_danger_on_the_telephone_counts_beside_every_fault_of_the_form(
    at: SignIn, here: Api, ask: dict[str, Any], form: dict[str, str]
) -> None:
    version = here.get("/v1/clinic").json()["version"]
    held = {"If-Match": f'"{version}"'}
    here("PATCH", "/v1/clinic", json={"emergency_number": "911"}, headers=held)
    fran = at(50, ROLES["front-desk"])
    for _ in range(2):
        answer = phone(fran, ask, flag_breathlessness="yes", **form)
        assert answer.status_code == 422
        [alert] = here.get("/v1/alerts?status=open").json()["items"]
        assert alert["reasons"] == ["breathlessness"]
        assert alert["source"] == {"resource": "asks", "id": ask["id"]}
        assert alert["session_id"] == ask["session_id"]
        page = words(answer.text)
        assert "Act now: breathlessness" in page
        assert "calls 911" in page
        assert "The alert is raised. No message goes to anybody about this alert" in page
        assert "Only the signs of danger are stored yet." in page
        assert f'href="/console/alerts/{alert["id"]}"' in answer.text
    whole = phone(fran, ask, flag_breathlessness="yes", flag_fainting="yes", soreness="2")
    assert whole.status_code == 303
    [report] = here.get(f"/v1/sessions/{ask['session_id']}/follow-ups").json()["items"]
    [alert] = here.get("/v1/alerts?status=open").json()["items"]
    assert alert["source"] == {"resource": "follow_ups", "id": report["id"]}
    assert alert["reasons"] == ["breathlessness", "fainting"]


def test_an_alert_names_who_treated_and_has_the_patient_s_own_words_where_they_may_be_read(
    app: FastAPI, api: Api, clinic: Clinic, desk: Desk
) -> None:
    dana = api.practitioner(given_name="Dana", family_name="Okafor")["id"]
    session = api.session(occurred_at="2025-11-01T10:00:00-08:00", practitioner_id=dana)
    said = "Cannot breathe well <since> noon."
    report = {"reported_at": "2025-11-02T10:00:00-08:00", "soreness": 4, "comment": said}
    flagged = report | {"red_flags": ["breathlessness"]}
    api.create(f"/v1/sessions/{session['id']}/follow-ups", **flagged)
    [alert] = api.get("/v1/alerts?status=open").json()["items"]
    chart = f"/console/patients/{session['patient_id']}"
    alerts = ["/console/alerts", f"/console/alerts/{alert['id']}"]
    for page in (*alerts, chart):
        assert f"In the patient\u2019s words: {said}" in words(desk.get(page).text), page
    for page in (chart, f"{chart}/timeline"):
        assert f"in the patient\u2019s words: “{said}”" in words(desk.get(page).text), page
    front = Desk(app).let_in(clinic, ROLES["front-desk"])
    for place in alerts:
        page = words(front.get(place).text)
        assert "treated by Dana Okafor" in page
        assert "Cannot breathe" not in page
