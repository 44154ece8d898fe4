"""Consents, screenings, adverse events and measurements are written in the console."""

import pytest
from fastapi import FastAPI

from app.core.values.access import Scope
from tests.ground import Api, Clinic
from tests.web.console import Desk, words
from tests.web.writing.sent import form_on, send


def new(patient: dict[str, str], what: str) -> str:
    return f"/console/patients/{patient['id']}/{what}/new"


@pytest.fixture(name="ana")
def a_patient(api: Api) -> dict[str, str]:
    api.live_in("America/Vancouver")
    return api.patient(given_name="Ana")


def test_a_consent_is_stored_with_who_asked_and_when(
    desk: Desk, api: Api, ana: dict[str, str]
) -> None:
    here = new(ana, "consents")
    refused = send(desk, here, kind="needling", decision="withdrawn")
    assert form_on(refused.text, here).wrong == {"form", "withdrawn_at"}
    form = {"kind": "needling", "decision": "refused", "form": "verbal"}
    risks = {"risks_disclosed__pneumothorax": "yes", "risks_disclosed": "a long drive, Bruise"}
    answer = send(desk, here, **form, **risks)
    assert answer.status_code == 303, answer.text
    [consent] = api.get("/v1/consents").json()["items"]
    assert (consent["decision"], consent["given_by"]) == ("refused", "The patient")
    assert consent["risks_disclosed"] == ["bruise", "pneumothorax", "a_long_drive"]
    assert "Before you needle" in words(desk.get(f"/console/patients/{ana['id']}").text)


def test_a_screening_stores_the_questions_that_were_answered_and_the_decision(
    desk: Desk, api: Api, ana: dict[str, str]
) -> None:
    session = api.session(patient_id=ana["id"])
    here = f"/console/sessions/{session['id']}/screenings/new"
    assert form_on(send(desk, here).text, here).wrong == {"decision"}
    typed = {"answers__1__answer": "yes", "answers__1__detail": "Stopped.", "decision": "modified"}
    answer = send(desk, here, **typed, decided_at="2026-11-01T09:00")
    assert answer.status_code == 303, answer.text
    [screening] = api.get("/v1/screenings").json()["items"]
    assert screening["answers"] == [
        {"code": "anticoagulant", "answer": "yes", "detail": "Stopped."}
    ]
    assert screening["decision"] == "modified"


def test_a_serious_event_raises_an_alert_that_the_chart_shows_at_once(
    desk: Desk, api: Api, ana: dict[str, str]
) -> None:
    here = new(ana, "adverse-events")
    assert form_on(send(desk, here).text, here).wrong == {
        *("kind", "severity", "expected", "causality", "description"),
    }
    form = {"kind": "pneumothorax", "severity": "serious", "expected": "no"}
    answer = send(desk, here, **form, causality="certain", description="Short of breath.")
    assert answer.status_code == 303, answer.text
    [event] = api.get("/v1/adverse-events").json()["items"]
    assert (event["expected"], event["close_call"], event["muscle"]) == (False, False, None)
    assert "Alert:" in words(desk.get(answer.headers["location"]).text)


def test_a_value_between_visits_is_stored(desk: Desk, api: Api, ana: dict[str, str]) -> None:
    here = new(ana, "measurements")
    form = {"phase": "between", "instrument": "nprs"}
    assert form_on(send(desk, here, **form, value="11").text, here).wrong == {"value"}
    assert send(desk, here, **form, value="4").status_code == 303
    [value] = api.get("/v1/measurements").json()["items"]
    assert (value["value"], value["reported_by"]) == (4, "patient")


def test_links_and_forms_are_for_those_who_hold_the_rights(
    app: FastAPI, clinic: Clinic, api: Api, ana: dict[str, str]
) -> None:
    reads = {scope for scope in Scope if scope.endswith(":read")}
    desk = Desk(app).let_in(clinic, reads)
    chart = desk.get(f"/console/patients/{ana['id']}").text
    for what in ("consents", "adverse-events", "measurements", "sessions", "episodes"):
        assert new(ana, what) not in chart
        assert desk.get(new(ana, what)).status_code == 403
    every = Desk(app).let_in(clinic)
    chart = every.get(f"/console/patients/{ana['id']}").text
    for what in ("consents", "adverse-events", "measurements", "sessions", "episodes"):
        assert f'href="{new(ana, what)}"' in chart
        assert every.get(new(ana, what)).status_code == 200
    del api
