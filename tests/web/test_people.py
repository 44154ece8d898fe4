"""People join, sign in and look after their own account; and what attackers get."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pyotp
import pytest
import time_machine
from fastapi import FastAPI

from app.accounts.service import passwords
from app.core.http.rates import Rates
from app.core.values.clock import now, uuid7
from tests.accounts.people import (  # noqa: F401 - the counts are a fixture
    PASSWORD,
    WRONG,
    Person,
    counts_of_wrong_passwords,
    invite,
    joined,
)
from tests.ground import Api, Clinic
from tests.web.console import Desk, security, words

NEW = "another long password of mine"


@pytest.fixture(name="person")
def a_person_who_joined(app: FastAPI, clinic: Clinic, api: Api) -> Person:
    return joined(app, clinic, api)


def test_an_invited_person_chooses_a_password_and_is_signed_in(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    person = invite(app, clinic, api)
    assert person.sign_in().status_code == 403
    assert person.desk.get("/console/join").status_code == 200
    answer = person.join()
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/account")
    page = words(person.desk.get("/console/account").text)
    for told in ("Robin Example", "front desk", "Test clinic", "this one"):
        assert told in page
    account = api.get(f"/v1/accounts/{person.id}").json()
    assert account["joined_at"] == account["last_sign_in_at"]
    assert account["invited_until"] is None


def test_an_invitation_works_once_and_for_seven_days(
    app: FastAPI, clinic: Clinic, api: Api
) -> None:
    person = invite(app, clinic, api)
    late = now() + timedelta(days=7, seconds=1)
    with time_machine.travel(late, tick=False):
        assert person.join().status_code == 403
    code = person.invited["invitation_code"]
    for wrong in ("", "x", code[:-1] + ("A" if code[-1] != "A" else "B"), f"nwi_{uuid7().hex}_x"):
        answer = person.join(code=wrong)
        assert answer.status_code == 403
        assert "isn't valid" in words(answer.text)
    assert person.join().status_code == 303
    assert person.join(NEW).status_code == 403
    told = [reason for name, reason in security(api) if name == "console.join"]
    assert set(told) == {"invitation expired", "wrong invitation"}


@pytest.mark.parametrize(
    ("password", "again", "fault"),
    [
        ("short", "short", "12 to 1024 characters"),
        (PASSWORD, WRONG, "different"),
        ("Robin-Example 1", "Robin-Example 1", "names that others know"),
        ("Test clinic 2026!", "Test clinic 2026!", "names that others know"),
        ("robinexamplerobin", "robinexamplerobin", "names that others know"),
        ("correcthorsebatterystaple", "correcthorsebatterystaple", "leaked"),
    ],
)
def test_a_refused_password_leaves_the_invitation_valid_and_in_the_form(
    app: FastAPI, clinic: Clinic, api: Api, password: str, again: str, fault: str
) -> None:
    person = invite(app, clinic, api)
    code = person.invited["invitation_code"]
    form = {"code": code, "password": password, "again": again}
    answer = person.desk.send("/console/join", None, **form)
    assert answer.status_code == 422
    assert fault in words(answer.text)
    assert f'value="{code}"' in answer.text
    assert password not in answer.text
    assert person.join().status_code == 303


def test_a_name_signs_in_whatever_its_case_and_only_in_its_clinic(person: Person) -> None:
    for name in ("Robin", "ROBIN", " robin ", "\uff32obin"):
        assert person.sign_in(name=name).status_code == 303, name
    for clinic in (str(uuid7()), "nonsense", "\0", str(UUID(int=0))):
        assert person.sign_in(clinic=clinic).status_code == 403, clinic
    for name in ("robin\0", "x" * 5000, ""):
        assert person.sign_in(name=name).status_code == 403


def test_a_person_changes_their_password_and_is_signed_out_everywhere_else(
    person: Person,
) -> None:
    other = Desk(person.app)
    assert person.sign_in(desk=other).status_code == 303
    form = {"present": PASSWORD, "password": NEW, "again": NEW}
    for change, status in (
        ({"present": WRONG}, 403),
        ({"again": WRONG}, 422),
        ({"password": "short", "again": "short"}, 422),
        ({}, 303),
    ):
        answer = person.desk.send("/console/account/password", None, **(form | change))
        assert answer.status_code == status, answer.text
        assert NEW not in answer.text
    assert [desk.get("/console").status_code for desk in (person.desk, other)] == [200, 401]
    assert [person.sign_in(each).status_code for each in (PASSWORD, NEW)] == [403, 303]


def secret_in(page: str) -> str:
    return page.split('name="secret" value="')[1].split('"', maxsplit=1)[0]


def test_a_person_turns_their_second_factor_on_and_off(person: Person) -> None:
    path = "/console/account/second-factor"
    with time_machine.travel(now(), tick=False) as clock:
        assert person.desk.send(path, None, present=WRONG).status_code == 403
        begun = person.desk.send(path, None, present=PASSWORD)
        secret = secret_in(begun.text)
        assert f"secret={secret}" in begun.text
        form = {"present": PASSWORD, "secret": secret}
        wrong = person.desk.send(path, None, **form, new_code="12345")
        assert (wrong.status_code, secret_in(wrong.text)) == (422, secret)
        code = pyotp.TOTP(secret).at(now())
        assert person.desk.send(path, None, **form, new_code=code).status_code == 303
        assert "Second factor: on" in words(person.desk.get("/console/account").text)
        assert person.sign_in().status_code == 403
        assert person.sign_in(otp=code).status_code == 403  # it was used
        clock.shift(30)
        assert person.sign_in(otp=pyotp.TOTP(secret).at(now())).status_code == 303
        clock.shift(30)
        assert person.desk.send(path, None, present=PASSWORD).status_code == 403
        off = {"present": PASSWORD, "otp": pyotp.TOTP(secret).at(now())}
        assert person.desk.send(path, None, **off).status_code == 303
    assert person.sign_in().status_code == 303


def test_a_secret_that_is_none_is_never_stored(person: Person) -> None:
    form = {"present": PASSWORD, "secret": "A" * 31, "new_code": "123456"}
    answer = person.desk.send("/console/account/second-factor", None, **form)
    assert secret_in(answer.text) != form["secret"]


def test_a_person_ends_their_other_sign_ins(person: Person) -> None:
    others = [Desk(person.app) for _ in range(3)]
    for other in others:
        person.sign_in(desk=other)
    page = person.desk.get("/console/account").text
    one = page.split('name="sign_in" value="')[1].split('"')[0]
    path = "/console/account/end-sign-ins"
    assert person.desk.send(path, None, sign_in=one).status_code == 303
    assert sorted(desk.get("/console").status_code for desk in others) == [200, 200, 401]
    for wrong in (str(uuid7()), "x"):
        assert person.desk.send(path, None, sign_in=wrong).status_code == 404
    assert person.desk.send(path, None, all="yes").status_code == 303
    assert [desk.get("/console").status_code for desk in others] == [401] * 3
    assert person.desk.get("/console").status_code == 200


def test_who_signed_in_with_a_key_has_no_account_page(desk: Desk) -> None:
    for answer in (
        desk.get("/console/account"),
        desk.send("/console/account/password", None, present="x"),
        desk.send("/console/account/end-sign-ins"),
    ):
        assert answer.status_code == 403
        assert "signed in with a key" in words(answer.text)


def test_a_cookie_from_before_signing_in_is_worth_nothing_afterwards(person: Person) -> None:
    """Session fixation: an attacker can't set a cookie that the person then signs in."""
    attacker, victim = Desk(person.app), Desk(person.app)
    person.sign_in(desk=attacker)
    fixed = attacker.wire.cookies["needlework"]
    victim.wire.cookies.set("needlework", fixed)
    answer = person.sign_in(desk=victim)
    assert answer.status_code == 303
    assert f"needlework={fixed}" not in answer.headers["set-cookie"]
    assert attacker.get("/console").status_code == 401
    planted = Desk(person.app)
    planted.wire.cookies.set("needlework", f"nwb_{UUID(person.id).hex}_chosen")
    assert person.sign_in(desk=planted).headers["set-cookie"].count("chosen") == 0


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}]
)
def test_no_form_of_an_account_is_taken_from_another_site(
    person: Person, headers: dict[str, str]
) -> None:
    forms: dict[str, dict[str, str]] = {
        "/console/join": {"code": person.invited["invitation_code"]},
        "/console/sign-in": {"name": person.name, "password": PASSWORD},
        "/console/account/password": {"present": PASSWORD, "password": NEW, "again": NEW},
        "/console/account/second-factor": {"present": PASSWORD},
        "/console/account/end-sign-ins": {},
    }
    for path, form in forms.items():
        answer = person.desk.send(path, headers, **form)
        assert answer.status_code == 403, path
        assert "did not come from a page of this server" in answer.text
    assert person.desk.get("/console").status_code == 200


def test_no_page_of_an_account_can_be_framed_or_kept(person: Person) -> None:
    for path in ("/console/account", "/console/join", "/console/sign-in", "/console"):
        headers = person.desk.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "form-action 'self'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


def test_nobody_learns_from_an_answer_which_accounts_exist(
    app: FastAPI, clinic: Clinic, api: Api, person: Person
) -> None:
    invited = invite(app, clinic, api, sign_in_name="invited")
    revoked = joined(app, clinic, api, sign_in_name="revoked")
    api.post(f"/v1/accounts/{revoked.id}/revoke")
    answers = [
        Desk(app).sign_in(clinic=str(clinic.id), name=name, password=WRONG)
        for name in (person.name, invited.name, revoked.name, "nobody")
    ]
    assert {answer.status_code for answer in answers} == {403}
    told = {
        answer.text.replace(f'value="{name}"', "")
        for answer, name in zip(
            answers, (person.name, invited.name, revoked.name, "nobody"), strict=True
        )
    }
    assert len(told) == 1
    headers = [{*answer.headers} for answer in answers]
    assert headers == [headers[0]] * 4


def test_one_hash_is_computed_whether_or_not_an_account_exists(
    app: FastAPI, clinic: Clinic, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    hash_, verify = passwords.HASHES.hash, passwords.HASHES.verify

    def hashed(password: str) -> str:
        made.append("hash")
        return hash_(password)

    def verified(password: str, stored: str) -> bool:
        made.append("hash")
        return verify(password, stored)

    monkeypatch.setattr(passwords.HASHES, "hash", hashed)
    monkeypatch.setattr(passwords.HASHES, "verify", verified)
    for place in (str(clinic.id), str(uuid7())):
        for name in (person.name, "nobody"):
            made.clear()
            Desk(app).sign_in(clinic=place, name=name, password=WRONG)
            assert made == ["hash"], (place, name)


def test_who_tries_many_accounts_from_one_address_has_to_wait(
    app: FastAPI, clinic: Clinic, person: Person
) -> None:
    app.state.password_rates = Rates(3, "password", 5)
    statuses = [
        Desk(app).sign_in(clinic=str(clinic.id), name=f"name{n}", password=WRONG).status_code
        for n in range(5)
    ]
    assert statuses == [403, 403, 403, 429, 429]
    elsewhere = Desk(app, client=("192.0.2.7", 50_000))
    assert person.sign_in(desk=elsewhere).status_code == 303


def guessed(app: FastAPI, person: Person, count: int, **form: Any) -> list[int]:
    """The answers to guesses at one account, each from an address of its own."""
    return [
        person.sign_in(WRONG, Desk(app, client=(f"192.0.2.{n}", 50_000)), **form).status_code
        for n in range(count)
    ]


@pytest.mark.parametrize("name", [None, "nobody"])
def test_who_tries_one_account_from_many_addresses_has_to_wait(
    app: FastAPI, person: Person, name: str | None
) -> None:
    """Also where there is no such account, so that nobody learns from it which names exist."""
    app.state.account_rates = Rates(3, "account", 5)
    form = {} if name is None else {"name": name}
    assert guessed(app, person, 5, **form) == [403, 403, 403, 429, 429]


def test_strangers_do_not_lock_out_who_has_signed_in_here_before(
    app: FastAPI, clinic: Clinic, api: Api, person: Person
) -> None:
    app.state.account_rates = Rates(3, "account", 5)
    guessed(app, person, 4)
    new = Desk(app, client=("192.0.2.200", 50_000))
    assert person.sign_in(desk=new).status_code == 429
    assert person.desk.send("/console/sign-out").status_code == 303
    assert person.sign_in().status_code == 303
    stranger = Desk(app, client=("192.0.2.201", 50_000))
    stranger.wire.cookies.set("needlework-known", f"{'0' * 32}.{'0' * 64}")
    assert person.sign_in(desk=stranger).status_code == 429
    other = joined(app, clinic, api, sign_in_name="other")
    marked = other.desk.wire.cookies["needlework-known"]
    stranger.wire.cookies.clear()
    stranger.wire.cookies.set("needlework-known", marked)
    assert person.sign_in(desk=stranger).status_code == 429
    with time_machine.travel(now() + timedelta(minutes=5, seconds=1), tick=False):
        assert person.sign_in(desk=new).status_code == 303


def test_an_invitation_lets_in_a_person_whom_strangers_hold_up_in_a_new_browser(
    app: FastAPI, api: Api, person: Person
) -> None:
    app.state.account_rates = Rates(3, "account", 5)
    guessed(app, person, 4)
    person.desk = Desk(app, client=("192.0.2.200", 50_000))
    assert person.sign_in().status_code == 429
    again = api("POST", f"/v1/accounts/{person.id}/reset").json()
    assert person.join(code=again["invitation_code"]).status_code == 303
    assert person.desk.send("/console/sign-out").status_code == 303
    assert person.sign_in().status_code == 303


def test_strangers_who_guess_do_not_hold_up_who_has_signed_in_here_before(person: Person) -> None:
    enough = threading.Event()
    passwords._FOR_STRANGERS.submit(enough.wait)  # noqa: SLF001 - as many guesses in a row do
    try:
        assert person.desk.send("/console/sign-out").status_code == 303
        assert person.sign_in().status_code == 303
    finally:
        enough.set()


@pytest.mark.parametrize("limit", ["password", "account"])
def test_right_passwords_that_are_checked_at_once_are_not_counted_as_wrong_ones(
    app: FastAPI, person: Person, limit: str
) -> None:
    setattr(app.state, f"{limit}_rates", Rates(2, limit, 5))
    assert person.sign_in(WRONG, Desk(app)).status_code == 403
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: person.sign_in(desk=Desk(app)).status_code, range(6)))
    assert answers == [303] * 6
    assert person.sign_in(WRONG, Desk(app)).status_code == 403
    assert person.sign_in(desk=Desk(app)).status_code == 429


def test_wrong_passwords_that_are_checked_at_once_are_no_more_than_the_limit(
    app: FastAPI, person: Person
) -> None:
    app.state.password_rates = Rates(3, "password", 5)
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda _: person.sign_in(WRONG, Desk(app)).status_code, range(8))
    assert sorted(answers) == [403] * 3 + [429] * 5


def test_a_known_browser_may_not_guess_for_ever(app: FastAPI, person: Person) -> None:
    app.state.account_rates = Rates(3, "account", 5)
    app.state.password_rates = Rates(100, "password", 5)
    statuses = [person.sign_in(WRONG).status_code for _ in range(5)]
    assert statuses == [403, 403, 403, 429, 429]
