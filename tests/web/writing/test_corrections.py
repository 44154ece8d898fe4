"""Consents, screenings, adverse events and measurements are corrected in the console."""

from typing import Any

import pytest
from fastapi import FastAPI

from app.core.values.access import Scope
from tests.ground import Api, Clinic
from tests.web.console import Desk, rows, words
from tests.web.writing.sent import again, form_on, opened, send

pytestmark = pytest.mark.alike
AT = "2026-11-01T10:00:00-07:00"
CONSENT = {
    "kind": "needling",
    "decision": "given",
    "form": "written",
    "risks_disclosed": ["soreness", "own_words"],
    "given_by": "The patient",
    "obtained_by": "Dana",
    "obtained_at": AT,
}
EVENT = {
    "kind": "bruise",
    "severity": "mild",
    "expected": True,
    "causality": "quite_sure",
    "close_call": True,
    "muscle": "infraspinatus",
    "side": "left",
    "occurred_at": AT,
    "description": "A bruise.",
}
VALUE = {"phase": "before", "instrument": "ndi_pct", "taken_at": AT, "items": [1] * 9 + [None]}
ANSWERS = [
    {"code": "other", "answer": "yes", "detail": "One."},
    {"code": "needle_phobia", "answer": "no"},
    {"code": "other", "answer": "unknown", "detail": "Two."},
]


@pytest.fixture(name="session")
def a_session(api: Api) -> dict[str, Any]:
    api.live_in("America/Vancouver")
    patient = api.patient(given_name="Ana")
    return api.session(patient_id=patient["id"], occurred_at=AT)


def made(api: Api, session: dict[str, Any], noun: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(f"/v1/{noun}", {"patient_id": session["patient_id"], **body})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def screened(api: Api, session: dict[str, Any]) -> dict[str, Any]:
    body = {"session_id": session["id"], "rule_set": "mine", "answers": ANSWERS}
    decided = {"decision": "proceed", "decided_by": "Dana", "decided_at": AT}
    answer = api.post("/v1/screenings", body | decided)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def form_of(noun: str, record: dict[str, Any]) -> str:
    return f"/console/{noun}/{record['id']}/edit"


def stored(api: Api, noun: str, record: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/v1/{noun}/{record['id']}").json()
    return found


@pytest.mark.parametrize(
    ("noun", "body", "typed"),
    [
        ("consents", CONSENT, {"valid_until": "2027-11-01"}),
        ("adverse-events", EVENT, {"outcome": "Gone."}),
        ("measurements", VALUE, {"phase": "between"}),
    ],
)
def test_only_what_a_person_corrects_is_changed(
    desk: Desk, api: Api, session: dict[str, Any], noun: str, body: Any, typed: dict[str, str]
) -> None:
    before = made(api, session, noun, body)
    here = form_of(noun, before)
    assert f'href="{here}"' in desk.get(f"/console/patients/{session['patient_id']}").text
    untouched = send(desk, here)
    assert untouched.status_code == 303, untouched.text
    assert stored(api, noun, before)["version"] == 1
    assert send(desk, here, **typed).status_code == 303
    after = stored(api, noun, before)
    assert {name: after[name] for name in typed} == typed
    left = before.keys() - {*typed, "version", "updated_at", "alert"}
    assert {name: after[name] for name in left} == {name: before[name] for name in left}


def test_a_screening_keeps_its_own_questions_and_takes_further_answers(
    desk: Desk, api: Api, session: dict[str, Any]
) -> None:
    screening = screened(api, session)
    here = form_of("screenings", screening)
    assert f'href="{here}"' in desk.get(f"/console/sessions/{session['id']}").text
    assert send(desk, here).status_code == 303
    assert stored(api, "screenings", screening) == screening
    values = opened(desk, here)
    [anticoagulant] = [n.split(".")[1] for n, v in values.items() if v == "anticoagulant"]
    typed = {f"answers__{anticoagulant}__answer": "yes", "answers__1__answer": ""}
    refused = again(desk, here, values, **typed, answers__5__detail="No answer to it.")
    assert form_on(refused.text, here).wrong == {"answers.5.answer"}
    held = form_on(refused.text, here).values
    done = again(desk, here, held, answers__5__detail="", decision="modified")
    assert done.status_code == 303, done.text
    after = stored(api, "screenings", screening)
    codes = [(one["code"], one["answer"]) for one in after["answers"]]
    assert codes == [("other", "yes"), ("other", "unknown"), ("anticoagulant", "yes")]
    assert (after["decision"], after["rule_set"], after["version"]) == ("modified", "mine", 2)


@pytest.mark.parametrize(
    ("noun", "body", "member"),
    [
        ("consents", CONSENT, "given_by"),
        ("adverse-events", EVENT, "description"),
        ("measurements", {**VALUE, "items": None, "value": 20, "activity": None}, "value"),
    ],
)
def test_a_stale_correction_shows_both_versions(
    desk: Desk, api: Api, session: dict[str, Any], noun: str, body: dict[str, Any], member: str
) -> None:
    record = made(api, session, noun, body)
    here = form_of(noun, record)
    values = opened(desk, here)
    api.change(record, f"/v1/{noun}", **{member: 30 if member == "value" else "Theirs"})
    answer = again(desk, here, values, **{member: "Mine"})
    assert answer.status_code == 412
    [[_, mine, theirs]] = rows(answer.text, "data-differing")
    assert (mine, theirs) == ("Mine", "30" if member == "value" else "Theirs")
    held = form_on(answer.text, here).values
    assert (held["version"], held[member]) == ("2", "Mine")


def test_a_consent_to_messages_keeps_its_channel_and_address(
    desk: Desk, api: Api, session: dict[str, Any]
) -> None:
    sent = {"kind": "messages", "channel": "email", "address": "ana@example.org"}
    consent = made(api, session, "consents", {**CONSENT, **sent})
    here = form_of("consents", consent)
    assert send(desk, here, address="ana.n@example.org").status_code == 303
    after = stored(api, "consents", consent)
    assert (after["kind"], after["address"]) == ("messages", "ana.n@example.org")


@pytest.mark.parametrize(
    ("noun", "typed"),
    [
        (
            "adverse-events",
            {
                "kind": "bruise",
                "severity": "mild",
                "expected": "yes",
                "causality": "certain",
                "description": "A bruise.",
            },
        ),
        ("measurements", {"phase": "after", "instrument": "nprs", "value": "3"}),
    ],
)
def test_what_belongs_to_a_visit_is_recorded_from_its_page(
    desk: Desk, api: Api, session: dict[str, Any], noun: str, typed: dict[str, str]
) -> None:
    here = f"/console/sessions/{session['id']}/{noun}/new"
    assert f'href="{here}"' in desk.get(f"/console/sessions/{session['id']}").text
    target = f"/console/patients/{session['patient_id']}/{noun}/new"
    values = form_on(desk.get(here).text, target).values
    assert values["session_id"] == session["id"]
    at = {"occurred_at": "2026-11-01T10:20", "taken_at": "2026-11-01T10:20"}
    answer = again(desk, target, values, **typed, **{k: v for k, v in at.items() if k in values})
    assert answer.status_code == 303, answer.text
    [record] = api.get(f"/v1/{noun}").json()["items"]
    assert record["session_id"] == session["id"]
    page = desk.get(f"/console/sessions/{session['id']}").text
    assert f'href="{form_of(noun, record)}"' in page
    assert "Recorded with this visit" in words(page)


def test_corrections_are_for_those_who_hold_the_rights(
    app: FastAPI, clinic: Clinic, api: Api, session: dict[str, Any]
) -> None:
    forms = [
        form_of("consents", made(api, session, "consents", CONSENT)),
        form_of("adverse-events", made(api, session, "adverse-events", EVENT)),
        form_of("measurements", made(api, session, "measurements", VALUE)),
        form_of("screenings", screened(api, session)),
    ]
    reads = {scope for scope in Scope if scope.endswith(":read")}
    desk = Desk(app).let_in(clinic, reads)
    pages = [f"/console/patients/{session['patient_id']}", f"/console/sessions/{session['id']}"]
    shown = "".join(desk.get(page).text for page in pages)
    for form in forms:
        assert desk.get(form).status_code == 403
        assert form not in shown
