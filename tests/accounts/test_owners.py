"""The owner of a clinic on SQLite signs in with a password, which nobody can guess for long."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine
from argon2 import Parameters, extract_parameters
from httpx2 import Client
from starlette.testclient import TestClient

from app.accounts.service import owners, passwords
from app.core.http.rates import Rates
from app.core.operation import perform
from app.core.values.access import Scope
from app.core.values.clock import now
from tests.accounts.house import PASSWORD, WRONG, House, refused
from tests.cli.program import url_of
from tests.ground import Api
from tests.serving import serving

HASHES = passwords.HASHES
"""Those of a server: the tests' own cost less, from their first fixture on."""


@pytest.fixture(name="work")
def hashes_that_are_made(monkeypatch: pytest.MonkeyPatch) -> list[Parameters]:
    """What each hash costs, in the order in which they are made, be it to compare it or to keep."""
    work: list[Parameters] = []
    hashes = passwords.HASHES
    make, verify = hashes.hash, hashes.verify

    def made(password: str) -> str:
        hash_ = make(password)
        work.append(extract_parameters(hash_))
        return hash_

    def verified(password: str, hash_: str) -> bool:
        work.append(extract_parameters(hash_))
        return verify(password, hash_)

    monkeypatch.setattr(hashes, "hash", made)
    monkeypatch.setattr(hashes, "verify", verified)
    return work


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


def test_an_unknown_name_takes_as_long_as_a_wrong_password(
    house: House, work: list[Parameters]
) -> None:
    """One hash of the same cost is made, which is nearly all of the time that it takes."""
    house.ask(WRONG)
    nobody = work.copy()
    house.put()
    work.clear()
    house.ask(WRONG)
    house.ask(username="admin")
    house.ask()
    assert len(nobody) == 1
    assert work == nobody * 3


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


def test_ten_wrong_passwords_in_five_minutes_are_the_limit(house: House) -> None:
    limit = house.app.state.password_rates.take("a")
    assert (limit.quota, limit.window_s, limit.left) == (10, 300, 9)


def test_a_right_password_does_not_count_as_wrong(house: House) -> None:
    house.put()
    house.app.state.password_rates = Rates(2, "password", 5)
    assert [house.ask().status_code for _ in range(3)] == [200] * 3
    assert refused(house.ask(WRONG))
    assert house.ask().status_code == 200


def test_one_hash_is_computed_at_a_time_and_never_in_the_event_loop(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "HASHES", HASHES)
    house.put()
    at_it, most, names = set[str](), list[int](), set[str]()
    verify = passwords.HASHES.verify

    def watched(*given: Any) -> bool:
        name = threading.current_thread().name
        at_it.add(name)
        names.add(name)
        most.append(len(at_it))
        found_ = verify(*given)
        at_it.discard(name)
        return found_

    monkeypatch.setattr(passwords.HASHES, "verify", watched)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: house.ask().status_code, range(4)))
    assert set(answers) <= {200, 503}  # a request that waits too long gets a 503
    assert 200 in answers
    assert max(most) == 1
    assert [name.startswith("argon2") for name in names] == [True]


def test_a_refresh_token_is_exchanged_for_another(house: House) -> None:
    house.put()
    first = house.signed_in()
    second = house.refresh(first["refresh_token"]).json()
    assert house.is_let_in(second)
    assert house.refresh(second["refresh_token"]).status_code == 200


def test_reuse_of_a_refresh_token_ends_the_sign_in_and_not_the_account(
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


def test_a_token_has_the_requested_scopes_and_no_more(house: House) -> None:
    form = {"grant_type": "password", "username": "owner", "password": PASSWORD}
    house.put()
    refused = house.wire.post("/oauth/token", data={**form, "scope": "nope:read"})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
    given = house.wire.post("/oauth/token", data={**form, "scope": "patients:read"}).json()
    assert given["scope"] == "patients:read"
    narrow = Api(house.wire, given["access_token"])
    assert narrow.get("/v1/patients").status_code == 200
    assert narrow.get("/v1/sessions").status_code == 403


def test_a_refused_scope_leaves_the_refresh_token_as_it_was(house: House) -> None:
    house.put()
    token = house.signed_in()["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token}
    refused = house.wire.post("/oauth/token", data={**form, "scope": "nope:read"})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
    assert house.refresh(token).status_code == 200


def test_signing_in_ends_the_earlier_sign_in(house: House) -> None:
    house.put()
    first = house.signed_in()
    assert house.is_let_in(first)
    second = house.signed_in()
    assert (house.is_let_in(first), house.is_let_in(second)) == (False, True)
    assert refused(house.refresh(first["refresh_token"]))
    assert house.refresh(second["refresh_token"]).status_code == 200


def test_changing_the_password_ends_the_earlier_sign_in(house: House) -> None:
    house.put()
    given = house.signed_in()
    house.put(WRONG)
    assert refused(house.refresh(given["refresh_token"]))
    assert not house.is_let_in(given)
    assert refused(house.ask())
    assert house.ask(WRONG).status_code == 200


def test_what_the_owner_made_lives_on_with_a_new_password_and_ends_with_the_owner(
    house: House,
) -> None:
    id_ = house.put()
    own = Api(house.wire, house.signed_in()["access_token"])
    desk = Api(house.wire, own.create("/v1/clients", name="D", scopes=["clinic:read"])["api_key"])
    tablet = own.practitioners([Scope.CLINIC_READ])
    house.put(WRONG)
    house.app.state.authenticate.forget(UUID(id_))
    assert [each.get("/v1/clinic").status_code for each in (own, desk, tablet)] == [401, 200, 200]
    op = house.clinic.operation()
    perform(house.clinic.database, op, partial(owners.remove, op))
    for each in (desk, tablet):
        house.app.state.authenticate.forget(UUID(each.key.split("_")[1]))
    assert [each.get("/v1/clinic").status_code for each in (desk, tablet)] == [401, 401]


def test_passwords_that_look_the_same_are_the_same(house: House) -> None:
    house.put("ein Stu\u0308ck Ka\u0308se")
    assert house.ask("ein St\u00fcck K\u00e4se").status_code == 200


def test_name_and_password_are_both_required(house: House) -> None:
    for form in ({"username": "owner"}, {"password": PASSWORD}, {}):
        answer = house.wire.post("/oauth/token", data={"grant_type": "password", **form})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_the_ledger_has_the_account_and_wrong_passwords_once_a_minute(
    house: House,
) -> None:
    first, second = house.put(), house.put()
    for _ in range(2):
        house.ask(WRONG)
    assert house.noted() == ["wrong password"]
    changes = house.api.get("/v1/changes?limit=200").json()["items"]
    told = [(c["operation"], c["resource_id"]) for c in changes if c["resource"] == "accounts"]
    assert told == [
        ("accounts.create", first),
        ("accounts.set-password", first),
    ]
    assert second == first


def test_an_owner_can_not_authenticate_as_another_kind_of_client(house: House) -> None:
    id_ = house.put()
    assert house.api.get(f"/v1/clients/{id_}").status_code == 404
    assert house.api.get(f"/v1/devices/{id_}").status_code == 404


def test_the_password_is_not_stored_logged_or_returned_anywhere(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "HASHES", HASHES)
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
        for table in ("accounts", "clients", "refresh_tokens", "access_tokens", "ledger_entries"):
            told += str(db.exec_driver_sql(f"SELECT * FROM {table}").all())  # noqa: S608 - our own tables
    assert "$argon2id$v=19$m=65536,t=3,p=1$" in told
    tokens = [given[name].split("_", 2)[2] for name in ("access_token", "refresh_token")]
    assert [s for s in (PASSWORD, WRONG, *tokens) if s in told] == []
