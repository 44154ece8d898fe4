"""Whoever says that a message isn't for them gets no other one until a person has seen to it."""

import re
from typing import Any

import pytest
import time_machine

from app.asks.service import links
from app.asks.service.links import find
from tests.asks.asked import EMAIL, ENDED_AT, HOUR, asked, asks, consent, signed
from tests.asks.test_actions import refusal
from tests.asks.test_planning import changed
from tests.asks.test_sending import DAY, TOKEN, box, report, send
from tests.deliveries.mailbox import Mailbox
from tests.ground import Api, Clinic

__all__ = ["box"]
NEXT_DAY = "2026-11-21T12:00:00-08:00"
"""When the patient gave another address, by word of mouth."""


def say_not_me(clinic: Clinic, box: Mailbox) -> None:
    """Say by the link of the last message that it is for somebody else."""
    token = re.search(TOKEN, box.texts[-1]).group().rpartition("/")[2]  # type: ignore[union-attr]
    with clinic.database.writing(clinic.id) as db:
        found = find(db, token)
        assert found is not None
        op = links.operation(found, "link.not-me")
        op.begin(db)
        links.say_not_me(op, found.link_id)
        op.finish()


@pytest.fixture
def ask(here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox) -> dict[str, Any]:
    """An ask whose message reached somebody else, a day after the visit."""
    _, ask = asked(here)
    clock.move_to(ENDED_AT + DAY)
    send(clinic)
    clock.move_to(ENDED_AT + DAY + HOUR)
    say_not_me(clinic, box)
    return ask


def second_visit(here: Api, ask: dict[str, Any]) -> dict[str, Any]:
    session = signed(here, ask["patient_id"], occurred_at="2026-11-21T10:30:00-08:00")
    [found] = asks(here, f"&session_id={session['id']}")
    return found


def test_nothing_is_sent_again_to_the_address_and_the_refusal_says_why(
    here: Api, ask: dict[str, Any]
) -> None:
    assert refusal(here, ask) == "not_me"


def test_the_next_visit_asks_nobody_at_the_address(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox, ask: dict[str, Any]
) -> None:
    second = second_visit(here, ask)
    assert (second["status"], second["reason"]) == ("cancelled", "not_me")
    clock.move_to(ENDED_AT + 3 * DAY)
    send(clinic)
    assert len(box.mails) == 1


def test_an_ask_that_was_planned_before_is_cancelled_too(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    _, first = asked(here)
    clock.move_to(ENDED_AT + DAY)
    send(clinic)
    second = second_visit(here, first)
    assert second["status"] == "due"
    say_not_me(clinic, box)
    [found] = asks(here, f"&session_id={second['session_id']}")
    assert (found["status"], found["reason"]) == ("cancelled", "not_me")


@pytest.mark.parametrize("how", ["new", "corrected"])
def test_a_confirmed_address_gets_messages_again(
    here: Api,
    clinic: Clinic,
    clock: time_machine.Traveller,
    box: Mailbox,
    ask: dict[str, Any],
    how: str,
) -> None:
    second = second_visit(here, ask)
    clock.move_to(ENDED_AT + DAY + 2 * HOUR)
    if how == "new":
        new = {"address": "other@example.org", "obtained_at": NEXT_DAY}
        consent(here, ask["patient_id"], **new)
    else:
        [old] = here.get(f"/v1/consents?patient_id={ask['patient_id']}").json()["items"]
        changed(here, "/v1/consents", old["id"], address="other@example.org")
    [found] = asks(here, f"&session_id={second['session_id']}")
    assert (found["status"], found["reason"]) == ("due", None)
    assert here.post(f"/v1/asks/{ask['id']}/send").status_code == 200
    send(clinic)
    assert box.recipients == [EMAIL, "other@example.org"]


def test_a_report_by_telephone_confirms_no_address(
    here: Api, clock: time_machine.Traveller, ask: dict[str, Any]
) -> None:
    clock.move_to(ENDED_AT + DAY + 2 * HOUR)
    report(here, {"id": ask["session_id"]})
    answered = here.get(f"/v1/asks/{ask['id']}").json()
    assert (answered["status"], answered["reason"]) == ("answered", "not_me")
    assert second_visit(here, ask)["reason"] == "not_me"


def test_a_person_sees_to_it_once_with_words_and_the_address_stays_without_messages(
    here: Api, ask: dict[str, Any]
) -> None:
    place = f"/v1/asks/{ask['id']}"
    seen = here.post(f"{place}/cancel", {"note": "Will ask at the next visit."}).json()
    assert (seen["reason"], seen["note"]) == ("not_me", "Will ask at the next visit.")
    assert here.post(f"{place}/cancel", {"note": "Again."}).status_code == 409
    assert refusal(here, ask) == "not_me"
