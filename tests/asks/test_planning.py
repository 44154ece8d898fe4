"""Who is asked, and what ends an ask before it is sent."""

import json
from typing import Any

import pytest
import time_machine

from app.state.compare import differences
from tests.asks.asked import (
    DUE_AT,
    ENDED_AT,
    HOUR,
    OCCURRED_AT,
    asked,
    asks,
    consent,
    draft,
    sign,
    signed,
    stop,
)
from tests.ground import Api, Clinic
from tests.transfer.exported import NDJSON


def only(api: Api) -> dict[str, Any]:
    [ask] = asks(api)
    return ask


def changed(api: Api, path: str, id: str, **changes: Any) -> dict[str, Any]:
    return api.change(api.get(f"{path}/{id}").json(), path, **changes)


def act(api: Api, session: dict[str, Any], action: str, body: dict[str, Any]) -> dict[str, Any]:
    version = api.get(f"/v1/sessions/{session['id']}").json()["version"]
    held = {"If-Match": f'"{version}"'}
    answer = api.post(f"/v1/sessions/{session['id']}/{action}", body, headers=held)
    assert answer.status_code == 200, answer.text
    done: dict[str, Any] = answer.json()
    return done


def amend(api: Api, session: dict[str, Any], **changes: Any) -> dict[str, Any]:
    body = {"reason": "Wrong before.", "kind": "correction", "changes": changes}
    return act(api, session, "amend", body)


def test_signing_plans_an_ask_a_day_after_the_visit_ended(here: Api) -> None:
    session, ask = asked(here)
    assert (ask["session_id"], ask["patient_id"]) == (session["id"], session["patient_id"])
    assert (ask["due_at"], ask["next_at"], ask["next_kind"]) == (DUE_AT, DUE_AT, "first")
    assert (ask["status"], ask["channel"], ask["language"]) == ("due", "email", "en")
    assert asks(here, "&due=true") == [ask]
    assert asks(here, "&due=false") == []
    assert here.get(f"/v1/asks/{ask['id']}").json() == ask


def test_nobody_is_asked_without_a_consent_to_messages(here: Api) -> None:
    signed(here, here.patient()["id"])
    assert asks(here) == []


def test_a_draft_and_a_missed_visit_plan_nothing(here: Api) -> None:
    patient_id = here.patient()["id"]
    consent(here, patient_id)
    draft(here, patient_id)
    unneedled: dict[str, Any] = {"needlings": [], "needle_count": None}
    draft(here, patient_id, attendance="no_show", technique=None, **unneedled)
    talk = draft(here, patient_id, **unneedled)
    sign(here, talk)
    assert [(ask["status"], ask["reason"]) for ask in asks(here)] == [("cancelled", "not_needled")]


def test_a_consent_that_is_given_in_time_plans_asks_of_signed_visits(
    here: Api, clock: time_machine.Traveller
) -> None:
    patient_id = here.patient()["id"]
    session = signed(here, patient_id)
    clock.move_to(ENDED_AT + 5 * HOUR)
    consent(here, patient_id, obtained_at="2026-11-20T15:00:00-08:00")
    assert (only(here)["session_id"], only(here)["due_at"]) == (session["id"], DUE_AT)


def test_a_consent_that_is_given_too_late_plans_nothing(
    here: Api, clock: time_machine.Traveller
) -> None:
    patient_id = here.patient()["id"]
    signed(here, patient_id)
    clock.move_to(ENDED_AT + 36 * HOUR)
    consent(here, patient_id)
    assert asks(here) == []


def test_an_import_plans_nothing_and_neither_does_a_later_consent(here: Api) -> None:
    patient, practitioner = here.patient(), here.practitioner()
    row = {
        "type": "session",
        "patient_id": patient["id"],
        "practitioner_id": practitioner["id"],
        "occurred_at": OCCURRED_AT,
        "technique": "gunn_ims",
        "needlings": [{"muscle": "infraspinatus", "side": "left"}],
        "status": "signed",
        "signed_at": "2026-11-20T10:40:00-08:00",
        "signed_by": "Dana",
    }
    consent(here, patient["id"])
    answer = here("POST", "/v1/imports", content=json.dumps(row), headers=NDJSON)
    assert answer.json()["created"] == 1, answer.text
    consent(here, patient["id"])
    assert asks(here) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "inactive"}, "inactive"),
        ({"deceased_on": "2026-11-20"}, "deceased"),
    ],
)
def test_a_patient_who_has_left_or_died_is_not_asked(
    here: Api, change: dict[str, str], reason: str
) -> None:
    session, _ = asked(here)
    changed(here, "/v1/patients", session["patient_id"], **change)
    assert (only(here)["status"], only(here)["reason"]) == ("cancelled", reason)
    assert only(here)["next_at"] is None


def test_voiding_a_session_cancels_its_ask(here: Api) -> None:
    session, _ = asked(here)
    act(here, session, "void", {"reason": "Wrong patient."})
    assert (only(here)["status"], only(here)["reason"]) == ("cancelled", "void")


def test_moving_a_session_cancels_its_ask_and_asks_the_other_patient(here: Api) -> None:
    session, _ = asked(here)
    other = here.patient()["id"]
    consent(here, other, address="ben@example.org")
    amend(here, session, patient_id=other)
    found = {ask["patient_id"]: ask for ask in asks(here)}
    old, new = found[session["patient_id"]], found[other]
    assert (old["status"], old["reason"]) == ("cancelled", "moved")
    assert (new["status"], new["next_kind"]) == ("due", "first")


def test_an_amended_time_moves_the_message(here: Api) -> None:
    session, _ = asked(here)
    amend(here, session, occurred_at="2026-11-20T09:00:00-08:00")
    assert only(here)["due_at"] == only(here)["next_at"] == "2026-11-21T17:45:00Z"


def test_a_closed_episode_cancels_nothing(here: Api) -> None:
    patient_id = here.patient()["id"]
    consent(here, patient_id)
    episode = here.create("/v1/episodes", patient_id=patient_id, complaint="Neck")
    signed(here, patient_id, episode_id=episode["id"])
    closed = {"status": "finished", "closed_at": "2026-11-20T10:45:00-08:00"}
    changed(here, "/v1/episodes", episode["id"], **closed)
    assert only(here)["status"] == "due"


def test_whoever_stops_messages_is_not_asked_and_is_asked_again_after_a_new_consent(
    here: Api, clock: time_machine.Traveller
) -> None:
    session, _ = asked(here)
    clock.move_to(ENDED_AT + HOUR)
    stop(here, session["patient_id"])
    assert (only(here)["status"], only(here)["reason"]) == ("cancelled", "stopped")
    consent(here, session["patient_id"], obtained_at="2026-11-20T11:40:00-08:00")
    assert (only(here)["status"], only(here)["reason"]) == ("due", None)
    assert only(here)["next_at"] == DUE_AT


def test_a_consent_that_is_changed_into_a_withdrawn_one_stops_messages(here: Api) -> None:
    patient_id = here.patient()["id"]
    given = consent(here, patient_id)
    signed(here, patient_id)
    at = "2026-11-20T10:44:00-08:00"
    here.change(given, "/v1/consents", decision="withdrawn", withdrawn_at=at)
    assert (only(here)["status"], only(here)["reason"]) == ("cancelled", "stopped")


@pytest.mark.parametrize("source", ["patient_link", "practitioner", "integration"])
def test_a_report_answers_an_ask(here: Api, clock: time_machine.Traveller, source: str) -> None:
    session, _ = asked(here)
    clock.move_to(ENDED_AT + 20 * HOUR)
    body = {"reported_at": "2026-11-21T06:00:00-08:00", "soreness": 3, "source": source}
    report = here.create(f"/v1/sessions/{session['id']}/follow-ups", **body)
    assert (only(here)["status"], only(here)["answered_by"]) == ("answered", report["id"])


def test_a_report_on_the_same_day_answers_nothing(here: Api) -> None:
    session, ask = asked(here)
    body = {"reported_at": "2026-11-20T10:45:00-08:00", "soreness": 3}
    here.create(f"/v1/sessions/{session['id']}/follow-ups", **body)
    assert only(here) == ask


def test_an_open_alert_ends_an_ask(here: Api) -> None:
    session, _ = asked(here)
    body = {"reported_at": "2026-11-20T10:45:00-08:00", "soreness": 3, "red_flags": ["chest_pain"]}
    here.create(f"/v1/sessions/{session['id']}/follow-ups", **body)
    assert (only(here)["status"], only(here)["reason"]) == ("cancelled", "open_alert")


def test_a_serious_event_ends_an_ask(here: Api, clinic: Clinic) -> None:
    session, _ = asked(here)
    here.create(
        "/v1/adverse-events",
        patient_id=session["patient_id"],
        session_id=session["id"],
        kind="bruise",
        severity="serious",
        expected=False,
        causality="possible",
        occurred_at="2026-11-20T10:44:00-08:00",
        description="It swells.",
    )
    assert (only(here)["status"], only(here)["reason"]) == ("cancelled", "serious_event")
    op = clinic.operation()
    with clinic.database.reading(clinic.id) as db:
        op.begin(db)
        assert list(differences(op)) == []


def test_quiet_hours_that_leave_no_moment_leave_an_ask_that_says_so(here: Api) -> None:
    clinic = here.get("/v1/clinic").json()
    here(
        "PATCH",
        "/v1/clinic",
        json={"quiet_hours": {"from": "10:01", "to": "10:00"}},
        headers={"If-Match": f'"{clinic["version"]}"'},
    )
    _, ask = asked(here)
    assert (ask["status"], ask["reason"], ask["due_at"]) == ("expired", "no_moment", None)
