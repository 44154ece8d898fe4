"""People read alerts, acknowledge them once, and add notes."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.alerts.rules import NOTES_MAX
from app.core.values.access import ROLES, Scope
from app.core.values.clock import uuid7
from tests.ground import Api, Clinic
from tests.records.bodies import faults

ALERTS = "/v1/alerts"
CALLED = {"action": "called", "note": "Breathes freely."}


@pytest.fixture(name="alert")
def open_alert(api: Api) -> dict[str, Any]:
    session = api.session()
    body = {"reported_at": "2026-11-02T10:00:00-08:00", "soreness": 4, "red_flags": ["fainting"]}
    api.create(f"/v1/sessions/{session['id']}/follow-ups", **body)
    [alert] = api.get(ALERTS).json()["items"]
    found: dict[str, Any] = alert
    return found


def acknowledge(api: Api, alert: dict[str, Any], body: Any = None) -> Any:
    return api.post(f"{ALERTS}/{alert['id']}/acknowledge", body or CALLED)


def note(api: Api, alert: dict[str, Any], text: Any = "No answer.") -> Any:
    return api.post(f"{ALERTS}/{alert['id']}/notes", {"note": text})


def test_an_alert_is_acknowledged_once_and_says_by_whom_and_what_was_done(
    api: Api, alert: dict[str, Any]
) -> None:
    answer = acknowledge(api, alert)
    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert (done["status"], done["version"]) == ("acknowledged", 2)
    assert (done["action"], done["note"]) == ("called", CALLED["note"])
    assert done["acknowledged_by"].startswith("client:")
    assert done["acknowledged_at"] is not None
    assert api.get(f"{ALERTS}/{alert['id']}").json() == done
    second = acknowledge(api, alert, {"action": "seen"})
    assert (second.status_code, second.json()["type"]) == (409, "/problems/alert-acknowledged")
    first = {k: second.json()[k] for k in ("acknowledged_by", "acknowledged_at", "action")}
    assert first == {k: done[k] for k in first}
    assert api.get(f"{ALERTS}/{alert['id']}").json() == done


def test_a_practitioner_who_acknowledges_is_named_by_the_ledger_too(
    api: Api, alert: dict[str, Any]
) -> None:
    person = api.practitioners(ROLES["practitioner"])
    done = acknowledge(person, alert).json()
    [entry] = api.get("/v1/changes?limit=200").json()["items"][-1:]
    assert (entry["operation"], entry["patient_id"]) == ("alerts.acknowledge", alert["patient_id"])
    assert entry["actor"] == done["acknowledged_by"]
    assert entry["actor"].startswith("practitioner:")


def test_of_two_acknowledgements_at_once_one_wins(api: Api, alert: dict[str, Any]) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: acknowledge(api, alert), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert api.get(f"{ALERTS}/{alert['id']}").json()["version"] == 2


def test_a_repeated_acknowledgement_with_the_same_key_gets_the_same_answer(
    api: Api, alert: dict[str, Any]
) -> None:
    path, key = f"{ALERTS}/{alert['id']}/acknowledge", {"Idempotency-Key": "once"}
    first, again = (api.post(path, CALLED, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, {"/action": "missing"}),
        ({"action": "ignored"}, {"/action": "literal_error"}),
        ({"action": "other"}, {"/note": "note_missing"}),
        ({"action": "called", "note": " "}, {"/note": "blank"}),
        ({"action": "called", "note": "x" * 4001}, {"/note": "string_too_long"}),
        ({"action": "called", "by": "me"}, {"/by": "extra_forbidden"}),
    ],
)
def test_an_acknowledgement_says_what_was_done(
    api: Api, alert: dict[str, Any], body: dict[str, Any], found: dict[str, str]
) -> None:
    assert faults(acknowledge(api, alert, body or {"note": None})) == found


def test_notes_are_added_before_and_after_and_change_nothing_else(
    api: Api, alert: dict[str, Any]
) -> None:
    assert note(api, alert).json()["status"] == "open"
    acknowledge(api, alert)
    whole = note(api, alert, "That was another patient.").json()
    assert [each["note"] for each in whole["notes"]] == ["No answer.", "That was another patient."]
    assert {each["written_by"] for each in whole["notes"]} == {whole["acknowledged_by"]}
    assert (whole["status"], whole["action"], whole["version"]) == ("acknowledged", "called", 4)


def test_an_alert_has_a_limited_number_of_notes(api: Api, alert: dict[str, Any]) -> None:
    for _ in range(NOTES_MAX):
        assert note(api, alert).status_code == 200
    refused = note(api, alert)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/alert-notes-full")
    assert faults(note(api, alert, "")) == {"/note": "string_too_short"}


def test_alerts_are_listed_newest_first_by_status_patient_and_session(
    api: Api, alert: dict[str, Any]
) -> None:
    session = api.session(patient_id=alert["patient_id"])
    body = {"reported_at": "2026-11-03T10:00:00-08:00", "soreness": 4, "red_flags": ["dry_cough"]}
    api.create(f"/v1/sessions/{session['id']}/follow-ups", **body)
    acknowledge(api, alert)

    def reasons(query: str) -> list[list[str]]:
        return [each["reasons"] for each in api.get(f"{ALERTS}?{query}").json()["items"]]

    assert reasons("") == [["dry_cough"], ["fainting"]]
    assert reasons("status=open") == [["dry_cough"]]
    assert reasons("status=acknowledged") == [["fainting"]]
    assert reasons(f"patient_id={alert['patient_id']}") == [["dry_cough"], ["fainting"]]
    assert reasons(f"session_id={alert['session_id']}") == [["fainting"]]
    assert reasons(f"patient_id={uuid7()}") == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_no_client_makes_changes_or_removes_an_alert(
    api: Api, alert: dict[str, Any], method: str
) -> None:
    path = ALERTS if method == "POST" else f"{ALERTS}/{alert['id']}"
    assert api(method, path, json={}).status_code == 405
    assert api.get(f"{ALERTS}/{alert['id']}").json() == alert


def test_owner_practitioner_and_front_desk_acknowledge_and_others_only_read() -> None:
    answering = {role for role, scopes in ROLES.items() if Scope.ALERTS_WRITE in scopes}
    reading = {role for role, scopes in ROLES.items() if Scope.ALERTS_READ in scopes}
    assert answering == {"owner", "practitioner", "front-desk"}
    assert reading == answering | {"integration"}


def test_who_may_only_read_alerts_acknowledges_none(
    api: Api, clinic: Clinic, alert: dict[str, Any]
) -> None:
    reader = Api(api.wire, clinic.key({Scope.ALERTS_READ}))
    assert reader.get(f"{ALERTS}/{alert['id']}").status_code == 200
    assert acknowledge(reader, alert).status_code == 403
    assert note(reader, alert).status_code == 403


def test_another_clinics_alert_is_not_there(other_api: Api, alert: dict[str, Any]) -> None:
    assert other_api.get(ALERTS).json()["items"] == []
    assert acknowledge(other_api, alert).status_code == 404
    assert note(other_api, alert).status_code == 404
