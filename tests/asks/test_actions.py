"""What people and their programs do about an ask."""

from typing import Any

import pytest
import time_machine

from app.core.values.clock import uuid7
from tests.asks.asked import ENDED_AT, HOUR, asked, stop
from tests.asks.test_planning import act, changed
from tests.asks.test_sending import DAY, box, only, report, send
from tests.deliveries.mailbox import Mailbox
from tests.ground import Api, Clinic

__all__ = ["box"]


def refusal(api: Api, ask: dict[str, Any]) -> str:
    answer = api.post(f"/v1/asks/{ask['id']}/send")
    assert answer.status_code == 409, answer.text
    assert answer.json()["type"] == "/problems/ask-not-sendable"
    reason: str = answer.json()["reason"]
    return reason


def test_a_person_may_send_again_at_night(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    _, ask = asked(here)
    clock.move_to(ENDED_AT + DAY)
    send(clinic)
    clock.move_to(ENDED_AT + 36 * HOUR)
    again = here.post(f"/v1/asks/{ask['id']}/send").json()
    assert (again["next_kind"], again["status"]) == ("again", "sent")
    send(clinic)
    clock.move_to(ENDED_AT + 50 * HOUR)
    send(clinic)
    kinds = [(each["kind"], each["status"]) for each in only(here)["attempts"]]
    assert kinds == [("first", "sent"), ("again", "sent")]
    assert len(box.mails) == 2


def test_a_person_may_send_what_was_cancelled(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    session, ask = asked(here)
    changed(here, "/v1/patients", session["patient_id"], status="inactive")
    clock.move_to(ENDED_AT + DAY)
    assert refusal(here, ask) == "inactive"
    changed(here, "/v1/patients", session["patient_id"], status="active")
    assert here.post(f"/v1/asks/{ask['id']}/send").json()["status"] == "due"
    send(clinic)
    assert len(box.mails) == 1
    assert only(here)["status"] == "sent"


@pytest.mark.parametrize(
    ("hours", "reason"), [(17.9, "too_early"), (60, "too_late"), (24, "void"), (25, "answered")]
)
def test_nobody_sends_what_must_not_go(
    here: Api, clock: time_machine.Traveller, hours: float, reason: str
) -> None:
    session, ask = asked(here)
    clock.move_to(ENDED_AT + hours * HOUR)
    if reason == "void":
        act(here, session, "void", {"reason": "Wrong patient."})
    if reason == "answered":
        report(here, session)
    assert refusal(here, ask) == reason


def test_a_person_cancels_an_ask_once_with_words(here: Api) -> None:
    _, ask = asked(here)
    cancelled = here.post(f"/v1/asks/{ask['id']}/cancel", {"note": "She called."}).json()
    assert (cancelled["status"], cancelled["reason"]) == ("cancelled", "by_person")
    assert (cancelled["note"], cancelled["next_at"]) == ("She called.", None)
    again = here.post(f"/v1/asks/{ask['id']}/cancel", {"note": "She called."})
    assert (again.status_code, again.json()["ask_status"]) == (409, "cancelled")


def test_a_bounce_fails_an_ask_apart_from_one_that_nobody_answered(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    _, ask = asked(here)
    clock.move_to(ENDED_AT + DAY)
    send(clinic)
    [attempt] = only(here)["attempts"]
    bounce = {"attempt_id": attempt["id"], "status": "failed", "reason": "No such mailbox."}
    told = here.post(f"/v1/asks/{ask['id']}/delivery", bounce).json()
    assert (told["status"], told["reason"], told["next_at"]) == ("failed", "bounced", None)
    assert told["attempts"][0]["reason"] == "No such mailbox."
    assert here.post(f"/v1/asks/{ask['id']}/delivery", bounce).json() == told
    clock.move_to(ENDED_AT + 2 * DAY)
    send(clinic)
    assert len(box.mails) == 1


@pytest.mark.parametrize(
    ("reason", "stored"),
    [
        ("550 5.1.1 <ana@example.org>: user unknown", "550 5.1.1 <[address]>: user unknown"),
        ("mailbox full for Zed@pat.example", "mailbox full for [address]"),
        ("No such mailbox.", "No such mailbox."),
    ],
)
def test_the_reason_of_a_bounce_is_stored_without_the_address(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox, reason: str, stored: str
) -> None:
    _, ask = asked(here)
    clock.move_to(ENDED_AT + DAY)
    send(clinic)
    [attempt] = only(here)["attempts"]
    bounce = {"attempt_id": attempt["id"], "status": "failed", "reason": reason}
    told = here.post(f"/v1/asks/{ask['id']}/delivery", bounce).json()
    assert told["attempts"][0]["reason"] == stored
    assert len(box.mails) == 1


def test_a_delivery_of_an_unknown_attempt_is_refused(here: Api) -> None:
    _, ask = asked(here)
    body = {"attempt_id": str(uuid7()), "status": "sent"}
    answer = here.post(f"/v1/asks/{ask['id']}/delivery", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/attempt_id"


def test_whoever_opts_out_at_the_clinics_sender_stops_all_asks(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    _, ask = asked(here)
    clock.move_to(ENDED_AT + DAY)
    send(clinic)
    body = {"attempt_id": only(here)["attempts"][0]["id"], "status": "opted_out"}
    told = here.post(f"/v1/asks/{ask['id']}/delivery", body).json()
    assert (told["status"], told["reason"]) == ("cancelled", "stopped")
    assert refusal(here, ask) == "stopped"
    assert len(box.mails) == 1


def test_a_withdrawal_for_another_channel_stops_nothing(
    here: Api, clock: time_machine.Traveller
) -> None:
    session, _ = asked(here)
    clock.move_to(ENDED_AT + HOUR)
    stop(here, session["patient_id"], channel="post")
    assert only(here)["status"] == "due"
