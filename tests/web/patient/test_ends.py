"""How a link ends: not yet, no longer, stopped, void, or in other hands."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.asks.models import AskAnswer, AskLink
from app.asks.service import links
from tests.asks.asked import consent
from tests.retention.test_erasure import erase, set_policy
from tests.web.patient.conftest import FORM, STRANGE, Link, mint

EMERGENCY = "Call the emergency number"


def test_not_me_ends_every_link_of_the_ask_and_tells_the_clinic(link: Link) -> None:
    second = mint(link.clinic, link.ask_id)
    answer = link.wire.post(link.path, data={"reported_by": "not_me", "language": "en"})
    assert answer.status_code == 200
    assert "reached somebody else" in answer.text
    assert "604" not in answer.text
    ask = link.ask()
    assert (ask["status"], ask["reason"]) == ("cancelled", "not_me")
    for token in (link.token, second):
        assert link.wire.get(f"/r/{token}").status_code == 404
    assert link.reports() == []


def test_a_revoked_link_answers_as_one_that_never_was(link: Link) -> None:
    link.wire.post(link.path, data={"reported_by": "not_me"})
    revoked, unknown = link.open(), link.wire.get(f"/r/{STRANGE}")
    assert revoked.status_code == unknown.status_code == 404
    assert revoked.text == unknown.text
    assert link.send().text == link.wire.post(f"/r/{STRANGE}", data=FORM).text
    mine, other = f"{link.path}.json", f"/r/{STRANGE}.json"
    problems = [link.wire.get(path).json() | {"request_id": ""} for path in (mine, other)]
    assert problems[0] == problems[1]


def test_an_unknown_link_names_no_clinic_and_says_what_to_do_in_an_emergency(link: Link) -> None:
    shown = link.wire.get(f"/r/{STRANGE}").text
    assert "Test clinic" not in shown
    assert "604" not in shown
    assert EMERGENCY in shown


def test_before_its_moment_a_link_says_when_to_come_back(link: Link) -> None:
    link.wait(hours=-2)
    shown = link.open().text
    assert "too early" in shown
    assert "Saturday, November 21, 2026, 10:45" in shown
    assert EMERGENCY in shown
    assert "<form" not in shown
    assert link.send().status_code == 200
    assert link.reports() == []


def test_a_form_that_was_opened_in_time_is_taken_two_hours_after_the_end(link: Link) -> None:
    link.wait(days=13, hours=23 - 24.75)
    link.wait(hours=0.75 + 24 - 23)  # to the very end: 14 days after the visit's end
    while link.open().status_code == 200:
        link.wait(minutes=30)
    assert link.open().status_code == 410
    assert EMERGENCY in link.open().text
    link.wait(minutes=80)
    assert link.send().status_code == 200
    assert len(link.reports()) == 1


def test_a_form_that_comes_later_still_is_refused_kindly(link: Link) -> None:
    link.wait(days=14, hours=2)
    answer = link.send()
    assert answer.status_code == 410
    assert "call us" in answer.text
    assert link.reports() == []


def test_the_link_of_a_void_session_says_so_kindly(link: Link) -> None:
    session = link.api.get(f"/v1/sessions/{link.session['id']}").json()
    held = {"If-Match": f'"{session["version"]}"'}
    path = f"/v1/sessions/{session['id']}/void"
    assert link.api.post(path, {"reason": "Wrong patient."}, headers=held).status_code == 200
    for answer in (link.open(), link.send()):
        assert answer.status_code == 200
        assert "nothing to answer any more" in answer.text
        assert EMERGENCY in answer.text
    assert link.reports() == []


@pytest.mark.parametrize(
    "send",
    [
        lambda link: link.wire.post(f"{link.path}/stop", data={"language": "en"}),
        lambda link: link.wire.post(f"{link.path}/stop", data={"List-Unsubscribe": "One-Click"}),
        lambda link: link.wire.post(
            f"{link.path}/stop", files={"List-Unsubscribe": (None, "One-Click")}
        ),
        lambda link: link.wire.post(f"{link.path}/stop"),
    ],
    ids=["page", "mail program", "mail program, multipart", "nothing"],
)
def test_stopping_withdraws_the_consent_to_messages_once(
    link: Link, send: Callable[[Link], Any]
) -> None:
    for _ in range(2):
        link.wait(seconds=1)
        answer = send(link)
        assert answer.status_code == 200
        assert "ask you again" in answer.text
    path = f"/v1/consents?patient_id={link.session['patient_id']}&kind=messages"
    decisions = [each["decision"] for each in link.api.get(path).json()["items"]]
    assert sorted(decisions) == ["given", "withdrawn"]
    ask = link.ask()
    assert (ask["status"], ask["reason"]) == ("cancelled", "stopped")
    assert "ask you again" in link.open().text


def test_a_link_stops_messages_after_its_end_and_after_an_answer(link: Link) -> None:
    link.send()
    link.wait(days=30)
    assert link.wire.post(f"{link.path}/stop").status_code == 200
    assert "ask you again" in link.open().text


def test_links_that_nobody_knows_are_limited_and_those_that_exist_are_not(link: Link) -> None:
    codes = [link.wire.get(f"/r/{uuid4().hex[:22]}").status_code for _ in range(60)]
    assert codes[-1] == 429
    assert link.open().status_code == 200
    assert link.send().status_code == 200
    refused = link.wire.get(f"/r/{uuid4().hex[:22]}")
    assert "wait a minute" in refused.text
    link.wait(minutes=2)
    assert link.wire.get(f"/r/{uuid4().hex[:22]}").status_code == 404


def test_links_are_forgotten_long_after_their_end_with_the_digests_of_their_answers(
    link: Link,
) -> None:
    link.send()
    link.wait(days=14 + 59)
    links.forget(link.clinic.database)
    assert link.open().status_code != 404
    link.wait(days=2)
    links.forget(link.clinic.database)
    assert link.open().status_code == 404
    with link.clinic.database.reading(link.clinic.id) as db:
        mine = select(AskAnswer.digest).where(AskAnswer.clinic_id == link.clinic.id)
        assert db.execute(mine).all() == []
    assert len(link.reports()) == 1


def test_the_erasure_of_a_patient_takes_their_links_and_answers_along(link: Link) -> None:
    link.send()
    set_policy(link.clinic)
    erase(link.clinic, link.session["patient_id"])
    assert link.open().status_code == 404
    with link.clinic.database.reading(link.clinic.id) as db:
        for table in (AskLink, AskAnswer):
            mine = select(table.ask_id).where(table.clinic_id == link.clinic.id)
            assert db.execute(mine).all() == []


@pytest.mark.parametrize("body", [{"language": "en"}, {"List-Unsubscribe": "One-Click"}])
def test_whoever_said_not_me_can_still_stop_the_messages(link: Link, body: dict[str, str]) -> None:
    link.wire.post(link.path, data={"reported_by": "not_me"})
    page = link.wire.get(f"{link.path}/stop")
    assert page.status_code == 200
    assert "Stop these messages?" in page.text
    assert "604" not in page.text
    for _ in range(2):
        link.wait(seconds=1)
        answer = link.wire.post(f"{link.path}/stop", data=body)
        assert answer.status_code == 200
        assert "ask you again" in answer.text
    path = f"/v1/consents?patient_id={link.session['patient_id']}&kind=messages"
    decisions = [each["decision"] for each in link.api.get(path).json()["items"]]
    assert sorted(decisions) == ["given", "withdrawn"]


def test_whoever_said_not_me_does_not_stop_messages_to_an_address_confirmed_since(
    link: Link,
) -> None:
    link.wire.post(link.path, data={"reported_by": "not_me"})
    link.wait(hours=1)
    new = {"address": "other@example.org", "obtained_at": "2026-11-21T11:00:00-08:00"}
    consent(link.api, link.session["patient_id"], **new)
    assert "ask you again" in link.wire.post(f"{link.path}/stop").text
    path = f"/v1/consents?patient_id={link.session['patient_id']}&kind=messages"
    decisions = [each["decision"] for each in link.api.get(path).json()["items"]]
    assert decisions == ["given", "given"]
