"""Every page about one patient carries the line that its print repeats on each sheet."""

import re
from typing import Any

import pytest
from fastapi import FastAPI

from tests.asks.conftest import clock, here
from tests.asks.test_sending import box
from tests.ground import Api
from tests.summaries.charts import consent
from tests.web.console import words
from tests.web.test_alerts import alarmed
from tests.web.test_follow_ups import (
    SignIn,
    an_ask_that_was_sent_and_reminded,
    signing_in_later,
)

__all__ = ["an_ask_that_was_sent_and_reminded", "box", "clock", "here", "signing_in_later"]
OF_NOBODY = {
    "/console/people/{id}": "an account",
    "/console/people/{id}/end": "an account",
    "/console/practitioners/{id}/edit": "a practitioner",
    "/console/clinic/recipients/{id}/edit": "who is told of alerts",
    "/console/sign-in/{clinic_id}": "a clinic",
    "/console/{name}": "a file",
    "/console/exports/{dataset}.{format}": "a file",
    "/console/patients/{patient_id}/everything.zip": "a file",
}
"""Pages with a parameter that are about no patient, and about what they are."""
OF_SIGNED = ("amend", "void")


@pytest.mark.alike
def test_every_page_about_a_patient_says_on_paper_who_it_is_and_of_which_clinic(
    app: FastAPI, here: Api, ask: dict[str, Any], at: SignIn
) -> None:
    patient = here.get(f"/v1/patients/{ask['patient_id']}").json()
    draft = here.session(patient_id=patient["id"], occurred_at=ask["sent_at"])
    ids = {
        "patients": patient["id"],
        "alerts": alarmed(here, patient["id"])["id"],
        "follow-ups": ask["id"],
        "episodes": here.create("/v1/episodes", patient_id=patient["id"], complaint="Neck")["id"],
        "sessions": draft["id"],
        **_beside(here, patient["id"], draft),
    }
    name = " ".join(filter(None, (patient["given_name"], patient["family_name"])))
    desk = at(60)
    places = {re.sub(r":\w+\}", "}", path) for path in _pages(app)}
    assert places >= OF_NOBODY.keys()
    for place in sorted(places - OF_NOBODY.keys()):
        kind = place.split("/")[2]
        id_ = ask["session_id"] if place.endswith(OF_SIGNED) else ids[kind]
        answer = desk.get(re.sub(r"\{\w+\}", id_, place))
        assert answer.status_code == 200, place
        [line] = re.findall(r'<div class="running">(.*?)</div>', answer.text, re.DOTALL)
        assert words(line).startswith(name or "No name recorded"), place
        assert f"born {patient['birth_date'] or 'on an unknown day'}" in words(line), place
        assert "· Test clinic · as of 20" in words(line), place


def _beside(api: Api, patient_id: str, session: dict[str, Any]) -> dict[str, str]:
    """Records beside the session, by the path of their forms."""
    at = "2026-11-01T10:00:00Z"
    event = {"severity": "mild", "expected": True, "causality": "certain", "description": "x"}
    measured = {"instrument": "nprs", "value": 3, "phase": "before", "taken_at": at}
    screened = {"rule_set": "r", "answers": [], "decision": "proceed", "decided_by": "x"}
    made = {
        "consents": consent(api, patient_id),
        "measurements": api.create("/v1/measurements", patient_id=patient_id, **measured),
        "adverse-events": api.create(
            "/v1/adverse-events", patient_id=patient_id, kind="bruise", occurred_at=at, **event
        ),
        "screenings": api.create(
            "/v1/screenings",
            session_id=session["id"],
            decided_at=session["occurred_at"],
            **screened,
        ),
    }
    return {name: str(record["id"]) for name, record in made.items()}


def _pages(app: FastAPI) -> list[str]:
    """The paths of the console's pages that have a parameter."""
    return [
        str(route.path)
        for route in app.routes
        if hasattr(route, "path") and "GET" in (getattr(route, "methods", ()) or ())
        if route.path.startswith("/console/") and "{" in route.path
    ]
