"""What a checked password allows is refused if the account changes before it is stored."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pyotp
import pytest
import time_machine
from fastapi import FastAPI
from httpx2 import Response

from app.accounts.service import passwords
from app.core.values.clock import now
from app.web.console import browsers, own_account
from tests.accounts.people import (  # noqa: F401 - the counts are a fixture
    PASSWORD,
    WRONG,
    Person,
    counts_of_wrong_passwords,
    joined,
)
from tests.ground import Api, Clinic
from tests.web.console import Desk

NEW = WRONG + "!"
Meanwhile = Callable[[Callable[[], Any]], None]


@pytest.fixture(name="meanwhile")
def between_the_check_and_its_transaction(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Do something once, after the next check of a password and before anything is stored."""

    def hold(act: Callable[[], Any]) -> None:
        acts, check = [act], passwords.check

        async def checked(*given: Any, **named: Any) -> passwords.Checked:
            found = await check(*given, **named)
            if acts:
                await asyncio.to_thread(acts.pop())
            return found

        monkeypatch.setattr(passwords, "check", checked)

    return hold


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now(), tick=False) as clock:  # codes last half a minute
        yield clock


@pytest.fixture(name="robin")
def somebody(app: FastAPI, clinic: Clinic, api: Api) -> Person:
    return joined(app, clinic, api)


def change_password(person: Person, **more: str) -> Response:
    form = {"present": PASSWORD, "password": NEW, "again": NEW} | more
    return person.desk.send("/console/account/password", None, **form)


def turn_on(person: Person) -> str:
    """Turn a second factor on, with the code before this one; its secret."""
    secret = passwords.new_totp_secret()
    code = pyotp.TOTP(secret).at(now(), counter_offset=-1)
    form = {"present": PASSWORD, "secret": secret, "new_code": code}
    assert person.desk.send("/console/account/second-factor", None, **form).status_code == 303
    return secret


@pytest.mark.parametrize("act", ["reset", "revoke"])
@pytest.mark.parametrize("form", ["sign-in", "token", "password", "second-factor"])
def test_nothing_in_flight_outlasts_a_reset_or_a_revocation(
    robin: Person, api: Api, meanwhile: Meanwhile, act: str, form: str
) -> None:
    answers: list[Response] = []
    meanwhile(lambda: answers.append(api.post(f"/v1/accounts/{robin.id}/{act}")))
    secret = passwords.new_totp_secret()
    more = {"present": PASSWORD, "secret": secret, "new_code": pyotp.TOTP(secret).now()}
    other = Desk(robin.app)
    forms: dict[str, Callable[[], Response]] = {
        "sign-in": lambda: robin.sign_in(desk=other),
        "token": robin.token,
        "password": lambda: change_password(robin),
        "second-factor": lambda: robin.desk.send("/console/account/second-factor", None, **more),
    }
    answer = forms[form]()
    assert answer.status_code in {400, 401, 403}
    assert answers[0].status_code == 200
    assert [desk.get("/console").status_code for desk in (robin.desk, other)] == [401, 401]
    assert [robin.sign_in(each).status_code for each in (PASSWORD, NEW)] == [403, 403]
    if act == "reset":
        assert robin.join(NEW, answers[0].json()["invitation_code"]).status_code == 303


def test_a_new_password_ends_a_sign_in_with_the_old_one_that_is_in_flight(
    robin: Person, meanwhile: Meanwhile
) -> None:
    other = Desk(robin.app)
    meanwhile(lambda: change_password(robin))
    assert robin.sign_in(desk=other).status_code == 403
    assert other.get("/console").status_code == 401
    assert robin.desk.get("/console").status_code == 200


def test_a_second_factor_that_was_turned_on_meanwhile_is_asked_for(
    robin: Person, meanwhile: Meanwhile
) -> None:
    other = Desk(robin.app)
    meanwhile(lambda: turn_on(robin))
    assert robin.sign_in(desk=other).status_code == 403


def test_a_browser_that_was_signed_out_meanwhile_gets_no_new_sign_in(
    robin: Person, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks to end the other sign-ins, for which it sends no password."""
    let_in = browsers.let_in

    async def later(*given: Any) -> Any:
        await asyncio.to_thread(api.post, f"/v1/accounts/{robin.id}/reset")
        return await let_in(*given)

    monkeypatch.setattr(own_account, "let_in", later)
    assert robin.desk.send("/console/account/end-sign-ins", sign_in="").status_code == 401
    assert robin.desk.get("/console").status_code == 401


def test_a_code_for_a_new_password_does_not_sign_in_as_well(robin: Person) -> None:
    code = pyotp.TOTP(turn_on(robin)).now()
    weak = change_password(robin, password="short", again="short", otp=code)
    assert weak.status_code == 422
    assert change_password(robin, otp=code).status_code == 303
    assert robin.sign_in(NEW, Desk(robin.app), otp=code).status_code == 403
    again = {"present": NEW, "password": PASSWORD, "again": PASSWORD}
    assert change_password(robin, **again, otp=code).status_code == 403


def test_a_code_is_used_up_by_one_of_two_forms_at_once(robin: Person, meanwhile: Meanwhile) -> None:
    code = pyotp.TOTP(turn_on(robin)).now()
    other = Desk(robin.app)
    meanwhile(lambda: robin.sign_in(desk=other, otp=code))
    assert change_password(robin, otp=code).status_code == 403
    assert [desk.get("/console").status_code for desk in (robin.desk, other)] == [200, 200]
