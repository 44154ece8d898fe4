"""Consents, screenings, adverse events and measurements are written in the console."""

import pytest
from fastapi import FastAPI

from app.core.values.access import Scope
from app.core.values.clock import now
from app.web.console.writing.safety import KINDS
from tests.ground import Api, Clinic
from tests.web.console import Desk, words
from tests.web.writing.sent import again, form_on, opened, send


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


def test_one_conversation_about_several_kinds_is_a_consent_to_each(
    desk: Desk, api: Api, ana: dict[str, str]
) -> None:
    here = new(ana, "consents")
    assert form_on(send(desk, here, decision="given", form="verbal").text, here).wrong == {
        f"kind.{kind}" for kind in KINDS
    }
    both = {"kind__needling": "yes", "kind__thoracic_needling": "yes"}
    risks = {"risks_disclosed__pneumothorax": "yes"}
    assert send(desk, here, **both, **risks, decision="given", form="verbal").status_code == 303
    found = api.get("/v1/consents").json()["items"]
    assert {one["kind"] for one in found} == {"needling", "thoracic_needling"}
    assert [one["risks_disclosed"] for one in found] == [["pneumothorax"]] * 2
    edit = f"/console/consents/{found[0]['id']}/edit"
    assert send(desk, edit, valid_until="2027-11-01").status_code == 303


def test_a_screening_stores_the_questions_that_were_answered_and_the_decision(
    desk: Desk, api: Api, ana: dict[str, str]
) -> None:
    session = api.session(patient_id=ana["id"])
    here = f"/console/sessions/{session['id']}/screenings/new"
    assert form_on(send(desk, here).text, here).wrong == {"decision"}
    typed = {"answers__1__answer": "yes", "answers__1__detail": "Stopped.", "decision": "modified"}
    answer = send(desk, here, **typed, decided_at="2026-11-01T09:00")
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == f"/console/sessions/{session['id']}/sign?said=screened"
    [screening] = api.get("/v1/screenings").json()["items"]
    assert screening["answers"] == [
        {"code": "anticoagulant", "answer": "yes", "detail": "Stopped."}
    ]
    assert screening["decision"] == "modified"


def test_after_a_screening_that_defers_comes_the_chart_and_a_signature_says_what_was_decided(
    desk: Desk, api: Api, ana: dict[str, str]
) -> None:
    session = api.session(patient_id=ana["id"], occurred_at=now().isoformat())
    typed = {"answers__1__answer": "yes", "decision": "deferred"}
    chart = f"/console/patients/{ana['id']}"
    for here in (f"/console/sessions/{session['id']}/screenings/new", new(ana, "screenings")):
        answer = send(desk, here, **typed)
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"].partition("?")[0] == chart
    told = words(desk.get(f"/console/sessions/{session['id']}/sign").text)
    assert "decided to defer needling, and this session has needles." in told


def test_no_to_all_others_answers_only_what_has_no_answer_and_stores_nothing(
    desk: Desk, api: Api, ana: dict[str, str]
) -> None:
    here = new(ana, "screenings")
    assert f'href="{here}"' in desk.get(f"/console/patients/{ana['id']}").text
    values = opened(desk, here)
    given = {name for name in values if name.endswith(".answer") and values[name]}
    assert given == set()
    typed = {"answers__1__answer": "yes", "answers__2__answer": "unknown"}
    shown = again(desk, here, values, **typed, more_rows="no")
    assert shown.status_code == 200
    assert api.get("/v1/screenings").json()["items"] == []
    held = form_on(shown.text, here).values
    answers = [value for name, value in held.items() if name.endswith(".answer")]
    assert (answers[1:3], set(answers[3:]), answers[0]) == (["yes", "unknown"], {"no"}, "no")
    practitioner = api.practitioner()["id"]
    assert form_on(again(desk, here, held).text, here).wrong == {"practitioner_id"}
    held["practitioner_id"] = practitioner
    assert form_on(again(desk, here, held).text, here).wrong == {"decision"}
    assert api.get("/v1/sessions").json()["items"] == []
    done = again(desk, here, held, decision="proceed", answers__1__detail="Stopped.")
    [session] = api.get("/v1/sessions").json()["items"]
    [screening] = api.get("/v1/screenings").json()["items"]
    assert done.headers["location"] == f"/console/sessions/{session['id']}/edit?said=screened"
    assert (session["status"], screening["session_id"]) == ("draft", session["id"])
    assert len(screening["answers"]) == len(answers)
    assert "The screening is stored." in words(desk.get(done.headers["location"]).text)
    assert opened(desk, here)["session_id"] == session["id"]
    assert send(desk, here, decision="proceed").status_code == 303
    assert len(api.get("/v1/sessions").json()["items"]) == 1


def test_no_to_all_others_says_what_it_filled_and_leaves_open_what_is_recorded(
    desk: Desk, api: Api, ana: dict[str, str]
) -> None:
    event = {"kind": "vasovagal", "severity": "mild", "expected": True, "causality": "certain"}
    about = {"patient_id": ana["id"], "occurred_at": "2026-11-01T10:00:00Z", "description": "x"}
    api.create("/v1/adverse-events", **event, **about)
    here = new(ana, "screenings")
    first = desk.get(here).text
    assert "Tendency to faint Recorded: Fainting or near-fainting, 2026-11-01." in words(first)
    assert first.index(">No to all others</button>") < first.index('id="answers.0"')
    shown = again(desk, here, form_on(first, here).values, answers__1__answer="yes", more_rows="no")
    told = words(shown.text)
    assert told.startswith("Filled, not stored: Screening")
    held = form_on(shown.text, here).values
    answers = {name: value for name, value in held.items() if name.endswith(".answer")}
    filled = [name for name, value in answers.items() if value == "no"]
    assert f"{len(filled)} questions without an answer: now “no”." in told
    assert "Still without an answer: Tendency to faint. Recorded: Fainting" in told
    assert [name for name, value in answers.items() if not value] == ["answers.12.answer"]
    assert 'role="status" tabindex="-1" autofocus' in shown.text


def test_the_usual_risks_of_what_is_consented_to_are_ticked_on_request_only(
    desk: Desk, api: Api, ana: dict[str, str]
) -> None:
    here = new(ana, "consents")
    values = opened(desk, here)
    assert not [name for name in values if name.startswith("risks_disclosed.")]
    nothing = again(desk, here, values, more_rows="usual")
    assert "Tick needling first" in words(nothing.text)
    typed = {"kind__needling": "yes", "risks_disclosed__fatigue": "yes"}
    shown = again(desk, here, values, **typed, more_rows="usual")
    told = words(shown.text)
    assert "Ticked: Bruise, Bleeding, Pain during needling" in told
    held = form_on(shown.text, here).values
    ticked = {name for name in held if name.startswith("risks_disclosed.")}
    assert {"risks_disclosed.vasovagal", "risks_disclosed.fatigue"} <= ticked
    assert "risks_disclosed.pneumothorax" not in ticked
    assert api.get("/v1/consents").json()["items"] == []
    thoracic = again(desk, here, held, kind__thoracic_needling="yes", more_rows="usual")
    held = form_on(thoracic.text, here).values
    del held["risks_disclosed.bleeding"]
    done = again(desk, here, held, decision="given", form="verbal")
    assert done.status_code == 303, done.text
    for one in api.get("/v1/consents").json()["items"]:
        assert "pneumothorax" in one["risks_disclosed"]
        assert "bleeding" not in one["risks_disclosed"]


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


@pytest.mark.alike
def test_a_serious_event_raises_its_alert_also_where_the_form_misses_something(
    desk: Desk, api: Api
) -> None:
    patient = api.patient(given_name="Ana")
    new = f"/console/patients/{patient['id']}/adverse-events/new"
    form = {"kind": "pneumothorax", "severity": "serious", "expected": "no", "causality": "unknown"}
    form |= {"occurred_at": "2025-11-01T10:00", "description": "Short of breath."}
    sides = {"muscle": "infraspinatus left", "side": "right"}
    for wrong in (form | {"description": ""}, form | sides):
        refused = send(desk, new, **wrong)
        assert refused.status_code == 422
        [alert] = api.get("/v1/alerts?status=open").json()["items"]
        assert alert["source"] == {"resource": "patients", "id": patient["id"]}
        assert alert["reasons"] == ["serious_adverse_event"]
        assert "Act now: serious adverse event" in words(refused.text)
        assert "The alert is raised." in words(refused.text)
    assert send(desk, new, **form).status_code == 303
    [event] = api.get(f"/v1/adverse-events?patient_id={patient['id']}").json()["items"]
    [alert] = api.get("/v1/alerts?status=open").json()["items"]
    assert alert["source"] == {"resource": "adverse_events", "id": event["id"]}
    assert send(desk, new, **form | {"severity": "mild", "description": ""}).status_code == 422
    assert len(api.get("/v1/alerts?status=open").json()["items"]) == 1
