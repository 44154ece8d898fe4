"""The commands that create and remove the owner's account, and the passwords they accept."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.rules import (
    LENGTH_MAX,
    LENGTH_MIN,
    NAME,
    REPEATED,
    SEQUENCE,
    has_allowed_length,
    normalized,
    weakness,
)
from app.accounts.service import passwords
from app.cli import story
from app.core.db.database import Database
from app.main import create_app
from tests.accounts.house import PASSWORD, WRONG, House, Program, refused
from tests.cli.program import PATIENCE_S, environment, url_of
from tests.ground import Api, Clinic, create_clinic
from tests.serving import ROOT
from tests.wire import wired


def test_the_command_makes_an_account_and_removes_it(house: House, on: Program) -> None:
    database, clinic = house.clinic.database, str(house.clinic.id)
    this = ("owner", "set", "--clinic", clinic, "--password-stdin", "--json")
    made = on(database, *this, typed=PASSWORD + "\n")
    assert (made.code, made.err) == (0, "")
    given = house.signed_in()
    removed = on(database, "owner", "remove", "--json")
    assert removed.data["client_id"] == made.data["client_id"]
    assert removed.data["revoked_at"]
    assert refused(house.ask())
    assert refused(house.refresh(given["refresh_token"]))
    again = on(database, "owner", "remove")
    assert (again.code, again.out) == (1, "")
    assert "There is no owner" in again.err
    assert on(database, *this, typed=PASSWORD).code == 0


@pytest.mark.parametrize("typed", ["", "x" * 11 + "\r\n", "x" * 1025, "x" * 9_999])
def test_a_short_and_a_very_long_password_are_refused(
    house: House, on: Program, typed: str
) -> None:
    this = ("owner", "set", "--clinic", str(house.clinic.id), "--password-stdin")
    ran = on(house.clinic.database, *this, typed=typed)
    assert (ran.code, ran.out) == (1, "")
    assert "12 to 1024 characters" in ran.err


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("correcthorsebatterystaple", "leaked"),
        ("Password1234", "leaked"),
        ("CORRECTHORSEBATTERYSTAPLE", "leaked"),
        ("\uff30assword1234", "leaked"),
        ("\u00a7\u00a7\u00a7\u00a7\u00a7\u00a7\u00a7\u00a7\u00a7\u00a7\u00a7\u00a7", "repeats"),
        ("x7!x7!x7!x7!x7", "repeats"),
        ("3456789012345678901234", "sequence"),
        ("zyxwvutsrqponml", "sequence"),
        ("\u03b1\u03b2\u03b3\u03b4\u03b5\u03b6\u03b7\u03b8\u03b9\u03ba\u03bb\u03bc", "sequence"),
        ("Test clinic 2026!", "name"),
        ("dana-demo-19991231", "name"),
        ("Demo, Dana: 314159", "name"),
        ("owner 31415926", "name"),
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(
    house: House, on: Program, password: str, reason: str
) -> None:
    house.api.practitioner()
    this = ("owner", "set", "--clinic", str(house.clinic.id), "--password-stdin")
    ran = on(house.clinic.database, *this, typed=password)
    assert (ran.code, ran.out) == (1, "")
    assert reason in ran.err
    assert password not in ran.err


@pytest.mark.parametrize(
    "password", [PASSWORD, WRONG, "Test clinic at the river", "aabbccddeeff1", "ababababxyzw"]
)
def test_another_long_password_is_accepted(password: str) -> None:
    assert passwords.refusal(password, ["Test clinic", "Dana Demo"]) is None


@given(st.text(min_size=LENGTH_MIN, max_size=60))
def test_a_password_of_distinct_characters_out_of_order_is_no_repetition(password: str) -> None:
    folded = normalized(password).casefold()
    if len(set(folded)) > len(folded) // 3:
        assert weakness(password, []) in {None, SEQUENCE}


@given(st.text(min_size=1, max_size=4), st.integers(12, 40))
def test_a_repeated_piece_is_refused(piece: str, length: int) -> None:
    folded = normalized(piece).casefold()
    repeated = (folded * 40)[: max(length, 3 * len(folded))]
    if normalized(repeated).casefold() == repeated:
        assert weakness(repeated, []) in {REPEATED, SEQUENCE}


@pytest.mark.parametrize(
    "password",
    [
        "robinreyesrobin",
        "Robin Reyes Robin Reyes",
        "ReyesReyesReyes1",
        "My clinic My clinic",
        "reyes-my-clinic-2026",
        "!!! LI 12345678 Reyes",
    ],
)
def test_a_password_made_only_of_known_names_is_refused(password: str) -> None:
    assert weakness(password, ["Robin Reyes", "My clinic", "Li Q."]) == NAME


@pytest.mark.parametrize(
    "password", ["robin reyes needles", "qqq reyes qq lino", "1234-5678-90-87", "reyesreyesrey"]
)
def test_a_password_with_more_than_names_is_accepted(password: str) -> None:
    """An initial is no name, or one person with many would forbid everything."""
    assert weakness(password, ["Robin Reyes", "My clinic", "Li Q.", ""]) is None


@given(st.lists(st.sampled_from(["robin", "Reyes", "my", "CLINIC", "12"]), min_size=3, max_size=20))
def test_names_in_any_order_are_refused(parts: list[str]) -> None:
    if any(part.isalpha() for part in parts):
        assert weakness("-".join(parts), ["Robin Reyes", "My clinic"]) is not None


@given(st.text(min_size=LENGTH_MIN, max_size=LENGTH_MAX))
def test_the_length_is_that_of_the_normalized_password(password: str) -> None:
    assert has_allowed_length(password) == (LENGTH_MIN <= len(normalized(password)) <= LENGTH_MAX)
    assert normalized(normalized(password)) == normalized(password)


def test_input_that_is_not_text_is_not_a_password(house: House, on: Program) -> None:
    this = ("owner", "set", "--clinic", str(house.clinic.id), "--password-stdin")
    ran = on(house.clinic.database, *this, typed="\udcff" * 20)
    assert (ran.code, "not valid UTF-8" in ran.err) == (1, True)


def test_without_a_terminal_the_password_must_be_piped_in(house: House, on: Program) -> None:
    ran = on(
        house.clinic.database, "owner", "set", "--clinic", str(house.clinic.id), typed="x" * 20
    )
    assert (ran.code, "--password-stdin" in ran.err) == (1, True)


def at_a_terminal(house: House, *typed: str) -> tuple[int, str]:
    """Type this at `owner set`, and return its exit code and the text on the screen."""
    master, slave = pty.openpty()
    # A session leader that opens a terminal gets it as its controlling terminal.
    command = f'exec "$0" -m app owner set --clinic {house.clinic.id} <{os.ttyname(slave)}'
    with subprocess.Popen(
        ["/bin/sh", "-c", command, sys.executable],
        cwd=ROOT,
        env=environment(url_of(house.clinic.database)),
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    ) as process:
        shown = b""
        for line in typed:
            # The prompt appears once echo is off; input typed earlier is discarded.
            while not shown.endswith(b": "):
                assert select.select([master], [], [], PATIENCE_S)[0], shown
                shown += os.read(master, 1024)
            shown += b"\n"
            os.write(master, line.encode() + b"\n")
        code = process.wait(PATIENCE_S)
    while select.select([master], [], [], 0)[0]:
        shown += os.read(master, 1024)
    os.close(slave)
    os.close(master)
    return code, shown.decode()


def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(house: House) -> None:
    code, shown = at_a_terminal(house, PASSWORD, PASSWORD)
    assert (code, PASSWORD in shown) == (0, False)
    assert UUID(shown.split()[-1]).version == 7
    assert house.signed_in()


def test_each_clinic_of_a_database_has_an_owner_of_its_own(house: House, on: Program) -> None:
    house.put()
    other = create_clinic(house.clinic.database)
    this = ("owner", "set", "--clinic", str(other.id), "--password-stdin")
    assert on(other.database, *this, typed=WRONG).code == 0
    form = {"grant_type": "password", "username": "owner", "password": WRONG}
    assert refused(house.wire.post("/oauth/token", data=form))
    named = {clinic: form | {"clinic_id": str(clinic)} for clinic in (house.clinic.id, other.id)}
    assert refused(house.wire.post("/oauth/token", data=named[house.clinic.id]))
    assert house.wire.post("/oauth/token", data=named[other.id]).status_code == 200
    ran = on(other.database, "owner", "remove")
    assert (ran.code, "--clinic" in ran.err) == (1, True)
    assert on(other.database, "owner", "remove", "--clinic", str(other.id)).code == 0
    assert refused(house.wire.post("/oauth/token", data=named[other.id]))


def test_the_account_of_somebody_else_is_not_made_an_owner_s(house: House, on: Program) -> None:
    house.api.create("/v1/accounts", name="Robin", role="front-desk")
    this = ("owner", "set", "--clinic", str(house.clinic.id), "--name", "ROBIN")
    ran = on(house.clinic.database, *this, "--password-stdin", typed=PASSWORD)
    assert (ran.code, ran.out) == (1, "")
    assert "no owner" in ran.err


def test_an_owner_signs_in_on_both_databases(
    database: Database, clinic: Clinic, api: Api, on: Program
) -> None:
    form = {"grant_type": "password", "username": "owner", "password": PASSWORD}
    form |= {"clinic_id": str(clinic.id)}
    this = ("--clinic", str(clinic.id))
    assert refused(api.wire.post("/oauth/token", data=form))
    assert on(database, "owner", "set", *this, "--password-stdin", typed=PASSWORD).code == 0
    assert api.wire.post("/oauth/token", data=form).status_code == 200
    assert on(database, "owner", "remove", *this).code == 0
    assert refused(api.wire.post("/oauth/token", data=form))


def test_the_demo_makes_an_owner_once_and_keeps_the_password(
    empty: Path, tmp_path: Path, on: Program
) -> None:
    database = Database(f"sqlite:///{shutil.copy(empty, tmp_path / 'demo.db')}")
    app = create_app(database)
    with closing(database), wired(app) as wire:
        house = House(Clinic(story.CLINIC, database), app, wire)
        printed = re.search(r"password (\S+)\n\n", on(database, "demo", "--no-serve").out)
        assert printed is not None
        assert house.ask(printed[1]).status_code == 200
        again = on(database, "demo", "--no-serve").out
        assert "with your password" in again
        assert house.ask(printed[1]).status_code == 200
        [another] = re.findall(r"python -m app (owner set --clinic \S+)\n", again)
        assert on(database, *another.split(), "--password-stdin", typed=PASSWORD).code == 0
        on(database, "demo", "--no-serve")
        assert house.ask(PASSWORD).status_code == 200
        assert refused(house.ask(printed[1]))
