"""The owner's second factor: off by default, each code works once, and no answer shows which."""

import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import pyotp
import pytest
import time_machine
from httpx2 import Response

from app.accounts.service import passwords, signing_in
from app.core.http.rates import Rates
from app.core.operation import perform
from tests.accounts.house import PASSWORD, WRONG, House, Program, refused
from tests.cli.program import PATIENCE_S, environment, url_of
from tests.serving import ROOT

# The known answers of RFC 6238, appendix B: SHA-1, here with six digits.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
KNOWN = {59: "287082", 1111111109: "081804", 1111111111: "050471", 2000000000: "279037"}
HALF_MINUTE_S = 30
FORM = {"grant_type": "password", "username": "owner", "password": PASSWORD}


@pytest.fixture(name="clock")
def stopped_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 1, 12, 0, 5, tzinfo=UTC), tick=False) as clock:
        yield clock


class Guarded:
    """A house whose owner has a second factor."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.id = house.put()
        self.secret = passwords.new_totp_secret()
        self.change(self.secret)

    def change(self, secret: str | None) -> None:
        op = self.house.clinic.operation("accounts.set-second-factor")
        perform(
            self.house.clinic.database, op, partial(signing_in.set_totp, op, UUID(self.id), secret)
        )

    def code(self, half_minutes: int = 0) -> str:
        at = datetime.now(UTC).timestamp() + half_minutes * HALF_MINUTE_S
        return pyotp.TOTP(self.secret).at(at)

    def ask(self, otp: str | None, password: str = PASSWORD) -> Response:
        more = {} if otp is None else {"otp": otp}
        return self.house.wire.post("/oauth/token", data=FORM | {"password": password} | more)

    def sign_in(self, otp: str) -> Response:
        form = {"name": "owner", "password": PASSWORD, "otp": otp}
        return self.house.wire.post(
            "/console/sign-in",
            data=form,
            headers={"Sec-Fetch-Site": "same-origin"},
            follow_redirects=False,
        )


@pytest.fixture(name="guarded")
def house_with_second_factor(house: House, clock: time_machine.Traveller) -> Guarded:
    assert clock is not None
    return Guarded(house)


@pytest.mark.parametrize(("at", "code"), KNOWN.items())
def test_codes_are_those_of_rfc_6238(at: int, code: str) -> None:
    with time_machine.travel(at, tick=False):
        assert passwords.totp_step(RFC_SECRET, code) == at // HALF_MINUTE_S


def test_a_secret_has_160_random_bits() -> None:
    secrets = {passwords.new_totp_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(re.fullmatch(r"[A-Z2-7]{32}", secret) for secret in secrets)


def test_without_a_second_factor_a_code_is_ignored(house: House) -> None:
    house.put()
    assert house.wire.post("/oauth/token", data={**FORM, "otp": "000000"}).status_code == 200


def test_the_password_alone_is_not_enough(guarded: Guarded) -> None:
    assert refused(guarded.ask(None))
    assert refused(guarded.ask(""))
    assert guarded.ask(guarded.code()).status_code == 200


def test_a_code_may_be_typed_in_two_groups(guarded: Guarded) -> None:
    code = guarded.code()
    assert guarded.ask(f"{code[:3]} {code[3:]}").status_code == 200


def test_every_fault_gets_the_same_answer(guarded: Guarded) -> None:
    wrong = f"{(int(guarded.code()) + 1) % 10**6:06}"
    answers = [
        guarded.ask(wrong),
        guarded.ask(guarded.code(), WRONG),
        guarded.ask(wrong, WRONG),
        guarded.ask(None),
        guarded.ask("x" * 5_000),
        guarded.ask("１２３"),  # noqa: RUF001 - digits of another script
    ]
    assert all(map(refused, answers))
    assert len({answer.content for answer in answers}) == 1


def test_a_code_works_once(guarded: Guarded, clock: time_machine.Traveller) -> None:
    code = guarded.code()
    assert guarded.ask(code).status_code == 200
    assert refused(guarded.ask(code))
    assert guarded.sign_in(code).status_code == 403
    clock.shift(HALF_MINUTE_S)
    assert refused(guarded.ask(code))
    assert guarded.ask(guarded.code()).status_code == 200
    assert "code used before" in guarded.house.noted()


def test_an_earlier_code_does_not_work_after_a_later_one(guarded: Guarded) -> None:
    early, late = guarded.code(), guarded.code(1)
    assert guarded.ask(late).status_code == 200
    assert refused(guarded.ask(early))


def test_a_code_used_many_times_at_once_works_once(guarded: Guarded) -> None:
    code = guarded.code()
    with ThreadPoolExecutor(4) as pool:
        answers = [answer.status_code for answer in pool.map(guarded.ask, [code] * 4)]
    assert answers.count(200) == 1


@pytest.mark.parametrize(
    ("half_minutes", "works"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_clock_may_be_half_a_minute_off(
    guarded: Guarded,
    half_minutes: int,
    works: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert (guarded.ask(guarded.code(half_minutes)).status_code == 200) == works


def test_wrong_codes_count_as_failures(guarded: Guarded) -> None:
    guarded.house.app.state.password_rates = Rates(3, "password", 5)
    wrong = f"{(int(guarded.code()) + 1) % 10**6:06}"
    assert all(refused(guarded.ask(wrong)) for _ in range(3))
    assert guarded.ask(guarded.code()).status_code == 429


def test_strangers_do_not_lock_out_who_sends_the_code_in_a_new_browser(guarded: Guarded) -> None:
    guarded.house.app.state.account_rates = Rates(3, "account", 5)
    wrong = f"{(int(guarded.code()) + 1) % 10**6:06}"
    answers = [guarded.sign_in(wrong).status_code for _ in range(4)]
    assert answers == [403, 403, 403, 429]
    guarded.house.wire.cookies.clear()
    assert guarded.sign_in(guarded.code()).status_code == 303


def test_strangers_do_not_lock_out_who_sends_the_code_for_a_token(guarded: Guarded) -> None:
    guarded.house.app.state.account_rates = Rates(3, "account", 5)
    wrong = f"{(int(guarded.code()) + 1) % 10**6:06}"
    assert [guarded.ask(wrong).status_code for _ in range(4)] == [400, 400, 400, 429]
    assert guarded.ask(guarded.code()).status_code == 200


def test_the_right_code_alone_gives_no_more_guesses_at_the_password(guarded: Guarded) -> None:
    guarded.house.app.state.account_rates = Rates(3, "account", 5)
    guarded.house.put(WRONG)
    answers = [guarded.sign_in(guarded.code()).status_code for _ in range(4)]
    assert answers == [403, 403, 403, 429]


def test_the_ledger_says_that_the_code_was_wrong(guarded: Guarded) -> None:
    guarded.ask(None)
    assert "wrong code" in guarded.house.noted()


def test_the_console_asks_for_the_code(guarded: Guarded) -> None:
    page = guarded.house.wire.get("/console").text
    assert 'name="otp"' in page
    assert 'autocomplete="one-time-code"' in page
    assert guarded.sign_in("").status_code == 403
    assert guarded.sign_in(guarded.code()).status_code == 303


def test_a_new_password_keeps_the_second_factor_and_off_ends_it(guarded: Guarded) -> None:
    guarded.house.put(WRONG)
    assert refused(guarded.ask(None, WRONG))
    guarded.change(None)
    assert guarded.ask(None, WRONG).status_code == 200


def test_turning_it_on_signs_the_owner_out(house: House) -> None:
    id_ = UUID(house.put())
    given = house.signed_in()
    op = house.clinic.operation("accounts.set-second-factor")
    perform(house.clinic.database, op, partial(signing_in.set_totp, op, id_, RFC_SECRET))
    assert refused(house.refresh(given["refresh_token"]))


def test_the_ledger_has_a_digest_of_the_secret_and_never_the_secret(guarded: Guarded) -> None:
    entries = guarded.house.api.get("/v1/audit/entries?limit=200").json()["items"]
    made = [e for e in entries if e["operation"] == "accounts.set-second-factor"]
    told = [(e["kind"], e["resource"]) for e in made]
    assert told == [("change", "accounts"), ("security", "credentials")]
    with guarded.house.clinic.database.reading() as db:
        bodies = str(db.exec_driver_sql("SELECT body FROM ledger_entries").all())
    assert "totp_secret" in bodies
    assert guarded.secret not in bodies


def run_command(house: House, answer: Any, *arguments: str) -> tuple[int, str, str]:
    """Run `owner totp`, and answer its question with what `answer` makes of the secret."""
    with subprocess.Popen(
        [sys.executable, "-m", "app", "owner", "totp", *arguments],
        cwd=ROOT,
        env=environment(url_of(house.clinic.database)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        shown = ""
        while "otpauth://" not in shown:
            line = process.stderr.readline()
            assert line, shown
            shown += line
        secret = re.findall(r"^[A-Z2-7]{32}$", shown, re.MULTILINE)[0]
        assert f"secret={secret}" in shown
        process.stdin.write(f"{answer(secret)}\n")
        process.stdin.flush()
        out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


def test_the_command_turns_it_on_after_a_right_code(house: House, on: Program) -> None:
    house.put()
    secrets: list[str] = []

    def right(secret: str) -> str:
        secrets.append(secret)
        return pyotp.TOTP(secret).now()

    code, out, _ = run_command(house, right, "--json")
    assert (code, '"second_factor":true' in out) == (0, True)
    assert refused(house.ask())
    assert refused(house.wire.post("/oauth/token", data={**FORM, "otp": "000000"}))
    at_next = pyotp.TOTP(secrets[0]).at(datetime.now(UTC), counter_offset=1)
    assert house.wire.post("/oauth/token", data={**FORM, "otp": at_next}).status_code == 200
    off = on(house.clinic.database, "owner", "totp", "--off", "--json")
    assert (off.code, off.data["second_factor"]) == (0, False)
    assert house.ask().status_code == 200


def test_a_wrong_code_leaves_the_second_factor_off(house: House) -> None:
    house.put()

    def wrong(secret: str) -> str:
        return f"{(int(pyotp.TOTP(secret).now()) + 1) % 10**6:06}"

    code, out, err = run_command(house, wrong)
    assert (code, out.strip()) == (1, "")
    assert "This code is wrong" in err
    assert house.ask().status_code == 200


def test_without_an_owner_there_is_no_second_factor(house: House, on: Program) -> None:
    ran = on(house.clinic.database, "owner", "totp", "--off")
    assert (ran.code, "There is no owner" in ran.err) == (1, True)
