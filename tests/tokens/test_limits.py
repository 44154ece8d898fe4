"""Token requests are limited per minute and per address."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from httpx2 import Client, Response
from starlette.requests import Request
from starlette.testclient import TestClient

from app.core.db.database import Database
from app.core.http.rates import Rates, client_address
from app.main import create_app
from app.settings import Settings
from tests.ground import Api, create_clinic
from tests.serving import serving
from tests.tokens.back_end import BackEnd

QUOTA = 3
WINDOWS = 2 * QUOTA + 1
"""Enough requests to exceed the limit, even if a new minute begins meanwhile."""


@pytest.fixture(name="scarce")
def api_of_a_server_that_grants_few_tokens(database: Database) -> Api:
    app = create_app(database)
    app.state.token_rates = Rates(QUOTA, "address")
    return Api(TestClient(app), create_clinic(database).key())


def ask(wire: Client, address: str | None = None) -> Response:
    headers = {} if address is None else {"X-Forwarded-For": address}
    return wire.post("/oauth/token", data={"grant_type": "x"}, headers=headers)


def test_a_sender_who_asks_too_often_waits_for_the_next_minute(scarce: Api) -> None:
    answers = [ask(scarce.wire) for _ in range(WINDOWS)]
    assert answers[0].status_code == 400
    assert answers[0].headers["ratelimit-policy"] == f'"address";q={QUOTA};w=60'
    assert answers[0].headers["ratelimit"].startswith(f'"address";r={QUOTA - 1};t=')
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    for answer in refused:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "/problems/too-many-requests"
        assert 1 <= int(answer.headers["retry-after"]) <= 60


def test_a_valid_request_waits_too_and_works_afterwards(scarce: Api) -> None:
    emr = BackEnd(scarce)
    while ask(scarce.wire).status_code != 429:
        pass
    assertion = emr.assertion()
    assert emr.ask(assertion).status_code == 429
    scarce.wire.app.state.token_rates = Rates(QUOTA, "address")  # type: ignore[attr-defined]
    assert emr.ask(assertion).status_code == 200


def test_token_requests_do_not_limit_callers_with_a_token(scarce: Api) -> None:
    while ask(scarce.wire).status_code != 429:
        pass
    assert scarce.get("/v1/clinic").status_code == 200


def test_the_default_is_sixty_tokens_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEEDLEWORK_TOKEN_REQUESTS_PER_MINUTE")
    assert Settings().token_requests_per_minute == 60


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("a name", "a name"),
    ],
)
def test_a_sender_is_an_ipv4_address_or_an_ipv6_subscriber_network(
    address: str, counted: str
) -> None:
    assert client_address(Request({"type": "http", "client": (address, 1)})) == counted


def test_a_sender_without_an_address_is_counted_too() -> None:
    assert client_address(Request({"type": "http", "client": None})) == ""


@contextmanager
def behind_a_proxy(database: Database, log: Path, **environment: str) -> Iterator[Client]:
    """A server with a low limit, whose requests come from this machine as from a proxy."""
    url = database.engine.url.render_as_string(hide_password=False)
    few = {"NEEDLEWORK_DATABASE_URL": url, "NEEDLEWORK_TOKEN_REQUESTS_PER_MINUTE": str(QUOTA)}
    with (
        serving(log, **few, **environment) as server,
        Client(base_url=f"http://127.0.0.1:{server.port}") as wire,
    ):
        yield wire


def test_a_proxy_on_this_machine_is_trusted(database: Database, tmp_path: Path) -> None:
    with behind_a_proxy(database, tmp_path / "server.log") as wire:
        several = [ask(wire, f"192.0.2.{n}").status_code for n in range(WINDOWS)]
        one = [ask(wire, "192.0.2.77").status_code for _ in range(WINDOWS)]
    assert 429 not in several
    assert 429 in one


def test_no_other_proxy_is_trusted(database: Database, tmp_path: Path) -> None:
    elsewhere = {"FORWARDED_ALLOW_IPS": "192.0.2.1"}
    with behind_a_proxy(database, tmp_path / "server.log", **elsewhere) as wire:
        assert 429 in [ask(wire, f"192.0.2.{n}").status_code for n in range(WINDOWS)]
