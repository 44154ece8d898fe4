"""The owner of a clinic on SQLite signs in with a password, and nobody can guess at it for long."""

import io
import os
import pty
import select
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
import time_machine
from fastapi import FastAPI
from httpx2 import Client, Response
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.core.access import Scope
from app.core.clock import now
from app.core.database import Database
from app.core.operation import perform
from app.core.rates import Rates
from app.core.schema import migrate
from app.main import create_app
from app.owners import service
from app.owners.rules import LENGTH_MAX, LENGTH_MIN, may_be_set, spelt
from tests.cli.program import PATIENCE_S, Ran, environment, url_of, within
from tests.ground import Api, Clinic, found
from tests.serving import ROOT, serving

PASSWORD = "correct horse battery staple"
WRONG = "incorrect horse battery staple"
Program = Callable[..., Ran]


class House(NamedTuple):
    """A clinic with a database of its own, its server, and its owner's password."""

    clinic: Clinic
    app: FastAPI
    wire: Client

    @property
    def api(self) -> Api:
        return Api(self.wire, self.clinic.key())

    def put(self, password: str = PASSWORD) -> str:
        """Make the owner; the client's id."""
        op, hash_ = self.clinic.operation(), service.hashed(password)
        made = perform(self.clinic.database, op, partial(service.put, op, hash_))
        return str(made["id"])

    def ask(self, password: str = PASSWORD, username: str = "owner") -> Response:
        form = {"grant_type": "password", "username": username, "password": password}
        return self.wire.post("/oauth/token", data=form)

    def signed_in(self) -> dict[str, Any]:
        answer = self.ask()
        assert answer.status_code == 200, answer.text
        given: dict[str, Any] = answer.json()
        return given

    def refresh(self, token: str) -> Response:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self.wire.post("/oauth/token", data=form)

    def is_let_in(self, given: dict[str, Any]) -> bool:
        status = Api(self.wire, given["access_token"]).get("/v1/clinic").status_code
        assert status in {200, 401}
        return status == 200

    def noted(self) -> list[str]:
        entries = self.api.get("/v1/audit/entries?kind=security").json()["items"]
        return [entry["reason"] for entry in entries]


@pytest.fixture(name="empty", scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database of no clinic, to be copied."""
    file = tmp_path_factory.mktemp("owners") / "empty.db"
    database = Database(f"sqlite:///{file}")
    migrate(database)
    database.close()
    return file


@pytest.fixture(name="house")
def new_house(empty: Path, tmp_path: Path) -> Iterator[House]:
    database = Database(f"sqlite:///{shutil.copy(empty, tmp_path / 'needlework.db')}")
    app = create_app(database)
    with TestClient(app) as wire:
        yield House(found(database), app, wire)
    database.close()


@pytest.fixture(name="on")
def program_on_any_database(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Program:
    def run(database: Database, *arguments: str, typed: str = "") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        return within(monkeypatch, capsys, url_of(database), *arguments)

    return run


def refused(answer: Response) -> bool:
    assert answer.headers["cache-control"] == "no-store"
    return (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_the_owner_signs_in_and_may_do_everything(house: House) -> None:
    id_ = house.put()
    given = house.signed_in()
    assert (given["token_type"], given["expires_in"]) == ("bearer", 300)
    assert given["scope"].split() == sorted(Scope)
    own = Api(house.wire, given["access_token"])
    own.patient(given_name="A")
    own.create("/v1/clients", name="Desk", scopes=["patients:read"])
    change = own.get("/v1/changes?limit=200").json()["items"][-1]
    assert change["actor"] == f"client:{id_}"


def test_a_wrong_password_a_wrong_name_and_no_account_are_answered_alike(house: House) -> None:
    nobody = house.ask()
    house.put()
    answers = [nobody, house.ask(WRONG), house.ask(username="admin"), house.ask(PASSWORD[:-1])]
    assert all(map(refused, answers))
    assert len({answer.content for answer in answers}) == 1
    headers = {"x-request-id", "ratelimit"}
    told = [{n: v for n, v in a.headers.items() if n not in headers} for a in answers]
    assert told == [told[0]] * 4


def test_it_takes_as_long_to_find_nobody(house: House) -> None:
    def fastest_s() -> float:
        house.app.state.password_rates = Rates(100, "password", 5)
        taken = []
        for _ in range(4):
            began = time.perf_counter()
            house.ask(WRONG)
            taken.append(time.perf_counter() - began)
        return min(taken)

    nobody_s = fastest_s()
    house.put()
    assert 0.5 < fastest_s() / nobody_s < 2


def test_after_some_wrong_passwords_an_address_has_to_wait(house: House) -> None:
    house.put()
    house.app.state.password_rates = Rates(3, "password", 5)
    assert all(refused(house.ask(WRONG)) for _ in range(3))
    for password in (WRONG, PASSWORD):
        answer = house.ask(password)
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many-requests")
        assert 1 <= int(answer.headers["retry-after"]) <= 300
        assert answer.headers["ratelimit-policy"] == '"password";q=3;w=300'
    with TestClient(house.app, client=("192.0.2.7", 1)) as elsewhere:
        assert house._replace(wire=elsewhere).ask().status_code == 200


def test_ten_in_five_minutes_are_enough(house: House) -> None:
    limit = house.app.state.password_rates.take("a")
    assert (limit.quota, limit.window_s, limit.left) == (10, 300, 9)


def test_a_right_password_is_none_of_them(house: House) -> None:
    house.put()
    house.app.state.password_rates = Rates(2, "password", 5)
    assert [house.ask().status_code for _ in range(3)] == [200] * 3
    assert refused(house.ask(WRONG))
    assert house.ask().status_code == 200


def test_one_hash_is_worked_at_at_a_time_and_never_by_the_event_loop(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.put()
    at_it, most, names = set[str](), list[int](), set[str]()
    verify = service._HASHES.verify  # noqa: SLF001

    def watched(*given: Any) -> bool:
        name = threading.current_thread().name
        at_it.add(name)
        names.add(name)
        most.append(len(at_it))
        found_ = verify(*given)
        at_it.discard(name)
        return found_

    monkeypatch.setattr(service._HASHES, "verify", watched)  # noqa: SLF001
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: house.ask().status_code, range(4)))
    assert set(answers) <= {200, 503}  # whose turn doesn't come in time is told so
    assert 200 in answers
    assert max(most) == 1
    assert [name.startswith("argon2") for name in names] == [True]


def test_a_refresh_token_is_exchanged_for_another(house: House) -> None:
    house.put()
    first = house.signed_in()
    second = house.refresh(first["refresh_token"]).json()
    assert house.is_let_in(second)
    assert house.refresh(second["refresh_token"]).status_code == 200


def test_a_refresh_token_that_is_used_again_ends_what_was_signed_in_and_not_the_account(
    house: House,
) -> None:
    house.put()
    with time_machine.travel(now(), tick=False) as clock:
        first = house.signed_in()
        second = house.refresh(first["refresh_token"]).json()
        clock.shift(11)
        assert house.is_let_in(second)
        assert refused(house.refresh(first["refresh_token"]))
        assert not house.is_let_in(second)
        assert refused(house.refresh(second["refresh_token"]))
        assert house.noted()[0] == "refresh token used again"
        assert house.is_let_in(house.signed_in())


def test_signing_in_ends_what_was_signed_in_before(house: House) -> None:
    house.put()
    first = house.signed_in()
    assert house.is_let_in(first)
    second = house.signed_in()
    assert (house.is_let_in(first), house.is_let_in(second)) == (False, True)
    assert refused(house.refresh(first["refresh_token"]))
    assert house.refresh(second["refresh_token"]).status_code == 200


def test_another_password_ends_what_the_one_before_had_let_in(house: House) -> None:
    house.put()
    given = house.signed_in()
    house.put(WRONG)
    assert refused(house.refresh(given["refresh_token"]))
    assert not house.is_let_in(given)
    assert refused(house.ask())
    assert house.ask(WRONG).status_code == 200


def test_what_looks_the_same_is_the_same_password(house: House) -> None:
    house.put("ein Stu\u0308ck Ka\u0308se")
    assert house.ask("ein St\u00fcck K\u00e4se").status_code == 200


def test_name_and_password_are_both_needed(house: House) -> None:
    for form in ({"username": "owner"}, {"password": PASSWORD}, {}):
        answer = house.wire.post("/oauth/token", data={"grant_type": "password", **form})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_the_ledger_tells_of_the_account_and_of_wrong_passwords_once_a_minute(
    house: House,
) -> None:
    first, second = house.put(), house.put()
    for _ in range(2):
        house.ask(WRONG)
    assert house.noted() == ["wrong password"]
    changes = house.api.get("/v1/changes?limit=200").json()["items"]
    told = [(c["operation"], c["resource_id"]) for c in changes if c["resource"] == "owners"]
    assert told == [
        ("owners.create", first),
        ("owners.revoke", first),
        ("owners.create", second),
    ]


def test_an_owner_is_no_client_of_another_kind(house: House) -> None:
    id_ = house.put()
    assert house.api.get(f"/v1/clients/{id_}").status_code == 404
    assert house.api.get(f"/v1/devices/{id_}").status_code == 404


def test_the_password_is_stored_logged_and_told_nowhere(house: House, tmp_path: Path) -> None:
    house.put()
    log, url = tmp_path / "server.log", url_of(house.clinic.database)
    with (
        serving(log, NEEDLEWORK_DATABASE_URL=url) as server,
        Client(base_url=f"http://127.0.0.1:{server.port}") as wire,
    ):
        served = house._replace(wire=wire)
        given = served.signed_in()
        answers = [served.ask(WRONG).text, served.ask(username=PASSWORD).text]
    told = log.read_text() + str(answers)
    with house.clinic.database.reading() as db:
        for table in ("owners", "clients", "refresh_tokens", "access_tokens", "ledger_entries"):
            told += str(db.exec_driver_sql(f"SELECT * FROM {table}").all())  # noqa: S608 - our own tables
    assert "$argon2id$v=19$m=65536,t=3,p=1$" in told
    tokens = [given[name].split("_", 2)[2] for name in ("access_token", "refresh_token")]
    assert [s for s in (PASSWORD, WRONG, *tokens) if s in told] == []


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
    assert "no owner's account" in again.err
    assert on(database, *this, typed=PASSWORD).code == 0


@pytest.mark.parametrize("typed", ["", "x" * 11 + "\r\n", "x" * 1025, "x" * 9_999])
def test_a_short_password_and_an_endless_one_are_refused(
    house: House, on: Program, typed: str
) -> None:
    this = ("owner", "set", "--clinic", str(house.clinic.id), "--password-stdin")
    ran = on(house.clinic.database, *this, typed=typed)
    assert (ran.code, ran.out) == (1, "")
    assert "12 to 1024 characters" in ran.err


@given(st.text(min_size=LENGTH_MIN, max_size=LENGTH_MAX))
def test_length_is_all_that_is_asked(password: str) -> None:
    assert may_be_set(password) == (LENGTH_MIN <= len(spelt(password)) <= LENGTH_MAX)
    assert spelt(spelt(password)) == spelt(password)


def test_what_is_no_text_is_no_password(house: House, on: Program) -> None:
    this = ("owner", "set", "--clinic", str(house.clinic.id), "--password-stdin")
    ran = on(house.clinic.database, *this, typed="\udcff" * 20)
    assert (ran.code, "no UTF-8" in ran.err) == (1, True)


def test_without_a_terminal_it_has_to_be_piped_in(house: House, on: Program) -> None:
    ran = on(
        house.clinic.database, "owner", "set", "--clinic", str(house.clinic.id), typed="x" * 20
    )
    assert (ran.code, "--password-stdin" in ran.err) == (1, True)


def at_a_terminal(house: House, *typed: str) -> tuple[int, str]:
    """How `owner set` ends for somebody who types this, and what stood on the screen."""
    master, slave = pty.openpty()
    # Whoever leads a session and opens a terminal has it for his own.
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
            # The blank comes once nothing is shown, and what was typed earlier is thrown away.
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


def test_at_a_terminal_it_is_asked_for_twice_and_not_shown(house: House) -> None:
    code, shown = at_a_terminal(house, PASSWORD, PASSWORD)
    assert (code, PASSWORD in shown) == (0, False)
    assert UUID(shown.split()[-1]).version == 7
    assert house.signed_in()


def test_the_account_is_the_only_one_in_its_database(house: House, on: Program) -> None:
    house.put()
    other = found(house.clinic.database)
    this = ("owner", "set", "--clinic", str(other.id), "--password-stdin")
    ran = on(other.database, *this, typed=WRONG)
    assert (ran.code, ran.out) == (1, "")
    assert "Another clinic" in ran.err
    assert refused(house.ask(WRONG))
    assert house.signed_in()


def test_it_is_for_sqlite_alone(database: Database, clinic: Clinic, api: Api, on: Program) -> None:
    form = {"grant_type": "password", "username": "owner", "password": PASSWORD}
    answer = api.wire.post("/oauth/token", data=form)
    ran = on(
        database, "owner", "set", "--clinic", str(clinic.id), "--password-stdin", typed="short"
    )
    assert (ran.code, ran.out) == (1, "")
    if database.is_sqlite:
        assert refused(answer)
        assert "characters" in ran.err
    else:
        assert answer.json()["error"] == "unsupported_grant_type"
        assert "is for SQLite" in ran.err
        assert "is for SQLite" in on(database, "owner", "remove").err
