"""Each client has a quota of requests, and every answer says how many are left."""

import re
import time

import pytest
from starlette.testclient import TestClient

from app.core.db.database import Database
from app.core.http.rates import Rates
from app.main import create_app
from tests.ground import Api, create_clinic

QUOTA = 5


@pytest.fixture(name="scarce")
def api_of_a_server_that_grants_little(database: Database) -> Api:
    app = create_app(database)
    app.state.rates = Rates(QUOTA)
    return Api(TestClient(app), create_clinic(database).key())


def test_the_request_after_the_last_one_waits_for_the_next_minute(scarce: Api) -> None:
    # A window may end in the middle of the loop. Then the next one has a whole minute.
    answers = [scarce.get("/v1/clinic") for _ in range(2 * QUOTA + 1)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    for answer in refused:
        assert answer.json()["type"] == "/problems/too-many-requests"
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert answer.headers["ratelimit"].startswith('"client";r=0;t=')
    first = answers[0].headers
    assert first["ratelimit-policy"] == f'"client";q={QUOTA};w=60'
    assert re.fullmatch(rf'"client";r={QUOTA - 1};t=([1-9]|[1-5]\d|60)', first["ratelimit"])


def test_a_refused_request_does_nothing(scarce: Api) -> None:
    ids = [scarce.post("/v1/patients", {}).status_code for _ in range(2 * QUOTA)]
    assert 429 in ids
    scarce.wire.app.state.rates = Rates(1000)  # type: ignore[attr-defined]
    assert len(scarce.get("/v1/patients").json()["items"]) == ids.count(201)


def test_each_client_has_a_share_of_its_own(scarce: Api, database: Database) -> None:
    other = Api(scarce.wire, create_clinic(database).key())
    while scarce.get("/v1/clinic").status_code != 429:
        pass
    assert other.get("/v1/clinic").status_code == 200


def test_an_unknown_token_is_not_counted_and_gets_no_rate_headers(scarce: Api) -> None:
    nobody = Api(scarce.wire, scarce.key[:-1])
    answers = [nobody.get("/v1/clinic") for _ in range(3 * QUOTA)]
    assert {answer.status_code for answer in answers} == {401}
    assert not any("ratelimit" in answer.headers for answer in answers)
    assert scarce.get("/v1/clinic").status_code == 200


def test_a_share_comes_back_with_the_next_window(monkeypatch: pytest.MonkeyPatch) -> None:
    rates, now = Rates(1), time.time()
    assert rates.take("a").granted
    monkeypatch.setattr(time, "time", lambda: now + 61)
    assert rates.take("a").granted


def test_a_clock_that_is_set_back_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    rates, now = Rates(1), time.time()
    assert rates.take("a").granted
    assert not rates.take("a").granted
    monkeypatch.setattr(time, "time", lambda: now - 3 * 24 * 3600)
    assert rates.take("a").granted


def test_a_count_that_is_taken_back_can_be_used_again() -> None:
    rates = Rates(1)
    rates.take("a")
    rates.give_back("a")
    assert rates.take("a").granted
    assert not rates.take("a").granted
