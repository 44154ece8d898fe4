"""Whom no message asks after a visit is on a list of their own, until somebody has called."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI

from app.core.values.access import Scope
from tests.asks.asked import asked, signed, stop
from tests.asks.conftest import clock, here
from tests.asks.test_sending import box
from tests.ground import Api, Clinic
from tests.web.console import Desk, words
from tests.web.test_follow_ups import NORMAL, PAGE, SignIn, signing_in_later
from tests.web.writing.sent import send

__all__ = ["box", "clock", "here", "signing_in_later"]
LIST = f"{PAGE}?show=not_asked"
LATER_H = 20
Told = Callable[[Desk], str]


@pytest.fixture(name="told")
def words_of_the_list() -> Told:
    return lambda desk: words(desk.get(LIST).text)


def test_who_has_not_consented_to_messages_is_listed_until_they_were_called(
    at: SignIn, here: Api, told: Told
) -> None:
    visit = signed(here, here.patient(phone="+1 555 010 0199")["id"])
    assert "There are none" in told(at(1))
    desk = at(LATER_H)
    first = words(desk.get(PAGE).text)
    assert "Nobody is due a call who was asked. 1 visit has no message that asks" in first
    listed = told(desk)
    assert "Not asked 1" in listed
    assert "The patient has not consented to messages. Visit of 2026-11-20" in listed
    assert "Telephone: +1 555 010 0199" in listed
    form = f"/console/sessions/{visit['id']}/phoned"
    assert f'href="{form}"' in desk.get(LIST).text
    assert send(desk, form, **NORMAL).status_code == 303
    assert "There are none" in told(desk)


def test_the_list_says_why_no_message_asks(at: SignIn, here: Api, told: Told) -> None:
    asked(here)
    desk = at(LATER_H)
    assert "There are none" in told(desk), "a message asks them"
    other = here.patient()
    stop(here, other["id"])
    signed(here, other["id"])
    assert "The patient asked for no more messages." in told(at(2 * LATER_H))
    assert "There are none" in told(at(8 * 24))
    assert "Not asked 1" in told(desk := at(2 * LATER_H))
    here.change(other, "/v1/patients", deceased_on="2026-11-21")
    assert "There are none" in told(desk)


def test_who_may_not_enter_what_a_patient_says_is_shown_no_such_list(
    app: FastAPI, clinic: Clinic, here: Api
) -> None:
    signed(here, here.patient()["id"])
    reader = Desk(app, base_url="https://clinic.example").let_in(clinic, {Scope.ASKS_READ})
    assert "Not asked" not in words(reader.get(PAGE).text)
    assert reader.get(LIST).status_code == 403
