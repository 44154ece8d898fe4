"""Whoever raises an alert learns at once if nobody is told of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from tests.clinics.test_clinic import change
from tests.deliveries.mailbox import mailing
from tests.ground import Api

MONDAY_02 = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
OFFICE = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "17:00"}
DANA = {"name": "Dana", "channel": "email", "to": "dana@clinic.example"}
PAGER = {"name": "Pager", "channel": "post", "to": "https://pager.example/in"}


@pytest.fixture(name="clock", autouse=True)
def stopped_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY_02, tick=False) as clock:
        yield clock


def report(api: Api, *red_flags: str, **more: Any) -> dict[str, Any]:
    session = api.session()
    path = f"/v1/sessions/{session['id']}/follow-ups"
    at = "2026-11-03T10:00:00-08:00"
    return api.create(path, reported_at=at, soreness=4, red_flags=red_flags, **more)


def test_without_recipients_the_answer_says_when_somebody_may_read_it_and_whom_to_call(
    api: Api,
) -> None:
    change(api, time_zone="America/Vancouver", hours=[OFFICE], emergency_number="911")
    raised = report(api, "breathlessness")["alert"]
    [alert] = api.get("/v1/alerts?status=open").json()["items"]
    assert raised == {
        "id": alert["id"],
        "recipients": 0,
        "notice": "No message goes to anybody about this alert, so nobody may read it before"
        " opening time, Monday 2026-11-30 08:00. In an emergency, call 911.",
        "emergency_number": "911",
    }


def test_without_hours_and_number_the_answer_says_what_is_known(api: Api) -> None:
    assert report(api, "fainting")["alert"]["notice"] == (
        "No message goes to anybody about this alert, so nobody may read it before opening time."
        " In an emergency, call the local emergency number."
    )


def test_while_the_clinic_is_open_the_alert_waits_in_the_console(
    api: Api, clock: time_machine.Traveller
) -> None:
    change(api, hours=[OFFICE], emergency_number="112")
    clock.move_to(MONDAY_02.replace(hour=9))
    assert report(api, "fainting")["alert"]["notice"] == (
        "No message goes to anybody about this alert, so nobody may read it before"
        " somebody opens the console. In an emergency, call 112."
    )


def test_recipients_count_only_if_this_server_can_reach_them(api: Api) -> None:
    change(api, alert_recipients=[DANA, PAGER])
    assert report(api, "fainting")["alert"]["recipients"] == 0
    with mailing("smtp+plain://127.0.0.1:9"):
        told = report(api, "fainting")["alert"]
    assert (told["recipients"], told["notice"]) == (1, None)
    with mailing("smtp+plain://127.0.0.1:9", post_key="k" * 32):
        assert report(api, "fainting")["alert"]["recipients"] == 2


def test_a_report_without_a_red_flag_raises_none(api: Api) -> None:
    assert report(api)["alert"] is None


def test_a_serious_event_names_its_alert_until_somebody_acknowledges_it(api: Api) -> None:
    given: dict[str, Any] = {"kind": "pneumothorax", "occurred_at": "2026-11-02T10:00:00-08:00"}
    given |= {"patient_id": api.patient()["id"], "description": "Short of breath"}
    given |= {"expected": False, "causality": "probable"}
    event = api.create("/v1/adverse-events", severity="significant", **given)
    assert event["alert"] is None
    raised = api.change(event, "/v1/adverse-events", severity="serious")
    api.post(f"/v1/alerts/{raised['alert']['id']}/acknowledge", {"action": "called"})
    later = api.change(raised, "/v1/adverse-events", description="Sent to emergency")
    assert later["alert"] is None


def test_reading_a_report_names_no_alert(api: Api) -> None:
    made = report(api, "fainting")
    read = api.get(f"/v1/sessions/{made['session_id']}/follow-ups/{made['id']}").json()
    assert read == {name: value for name, value in made.items() if name != "alert"}
