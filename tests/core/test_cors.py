"""Pages of the origins in the settings may call the API from a browser, and no others."""

from collections.abc import Iterator

import pytest
from httpx2 import Client
from pydantic import ValidationError

from app.core.db.database import Database
from app.core.http.cors import METHODS, REQUEST_HEADERS
from app.core.http.deprecation import NAMES
from app.main import create_app
from app.settings import Settings, settings
from tests.ground import Api
from tests.sweeps.document import document, operations
from tests.wire import wired

ORIGIN = "https://app.example"
OTHER = "https://other.example"


@pytest.fixture
def open_wire(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A client of a server that lets `ORIGIN` in."""
    monkeypatch.setattr(settings(), "cors_origins", frozenset({ORIGIN}))
    with wired(create_app(database)) as wire:
        yield wire


def preflight(
    wire: Client, origin: str, method: str = "PATCH", headers: str = ""
) -> dict[str, str]:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        asked["Access-Control-Request-Headers"] = headers
    answer = wire.request("OPTIONS", "/v1/clinic", headers=asked)
    return {**answer.headers, "status": str(answer.status_code)}


def test_a_preflight_needs_no_token(open_wire: Client) -> None:
    names = ", ".join(name.lower() for name in REQUEST_HEADERS)
    answer = preflight(open_wire, ORIGIN, headers=names)
    assert answer["status"] == "200"
    assert answer["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in answer
    assert answer["x-request-id"]


@pytest.mark.parametrize(
    ("origin", "method", "headers"),
    [
        (OTHER, "GET", ""),
        (f"{ORIGIN}:8443", "GET", ""),
        (f"{ORIGIN}.evil.example", "GET", ""),
        ("http://app.example", "GET", ""),
        ("null", "GET", ""),
        (ORIGIN, "DELETE", ""),
        (ORIGIN, "GET", "X-Other"),
    ],
)
def test_a_preflight_for_anything_else_is_refused_as_a_problem(
    open_wire: Client, origin: str, method: str, headers: str
) -> None:
    answer = preflight(open_wire, origin, method, headers)
    assert answer["status"] == "400"
    assert answer["content-type"] == "application/problem+json"
    assert "access-control-allow-origin" not in answer


def test_a_page_of_the_origin_may_read_answers_and_refusals(open_wire: Client, api: Api) -> None:
    bearer = {"Authorization": f"Bearer {api.key}", "Origin": ORIGIN}
    for headers, status in ((bearer, 200), ({"Origin": ORIGIN}, 401)):
        answer = open_wire.get("/v1/clinic", headers=headers)
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert "origin" in answer.headers["vary"].lower()
    other = open_wire.get("/v1/clinic", headers={**bearer, "Origin": OTHER})
    assert "access-control-allow-origin" not in other.headers


def test_the_pages_of_the_console_stay_closed(open_wire: Client, wire: Client) -> None:
    for path in ("/console", "/console/sign-in", "/console/console.css"):
        headers = {"Origin": ORIGIN}
        answer, plain = (each.get(path, headers=headers) for each in (open_wire, wire))
        ours = {name for name in answer.headers if name != "x-request-id"}
        assert ours == {name for name in plain.headers if name != "x-request-id"}
        asked = {**headers, "Access-Control-Request-Method": "POST"}
        assert open_wire.request("OPTIONS", path, headers=asked).status_code == 405


def test_by_default_no_origin_may_call(api: Api) -> None:
    assert preflight(api.wire, ORIGIN)["status"] == "405"
    headers = api.get("/v1/clinic", headers={"Origin": ORIGIN}).headers
    assert not [name for name in headers if name.startswith("access-control-")]


def test_everything_that_the_document_names_may_be_sent_and_read(open_wire: Client) -> None:
    assert {operation.method for operation in operations()} | {"HEAD"} == set(METHODS)
    sent = {name for operation in operations() for name in operation.parameters("header")}
    assert sent | {"Authorization", "Content-Type", "X-Request-Id"} == set(REQUEST_HEADERS)
    answer = open_wire.get("/healthz", headers={"Origin": ORIGIN})
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    # No operation is deprecated, so the document doesn't name the headers of one.
    assert set(exposed) == {*document()["components"]["headers"], *NAMES}


def test_origins_are_separated_by_commas() -> None:
    given = Settings(cors_origins="https://app.example, http://localhost:5173")  # type: ignore[arg-type]
    assert given.cors_origins == {"https://app.example", "http://localhost:5173"}
    assert Settings(cors_origins="").cors_origins == frozenset()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong", ["*", "app.example", "https://app.example/", "https://*.example", "null", "ftp://x.y"]
)
def test_an_origin_is_scheme_host_and_port(wrong: str) -> None:
    with pytest.raises(ValidationError):
        Settings(cors_origins=wrong)  # type: ignore[arg-type]
