"""With a public address, the server answers for that host alone, but for what machines ask."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from app.core.db.database import Database
from app.main import create_app
from app.settings import settings

pytestmark = pytest.mark.alike
KEY = "k" * 32


def client(database: Database, monkeypatch: pytest.MonkeyPatch, **given: str) -> TestClient:
    """A client of an application with these settings."""
    for name, value in given.items():
        monkeypatch.setenv(f"NEEDLEWORK_{name.upper()}", value)
    settings.cache_clear()
    return TestClient(create_app(database))


@pytest.fixture(autouse=True)
def own_settings() -> Iterator[None]:
    yield
    settings.cache_clear()


@pytest.fixture(name="public")
def a_server_with_a_public_address(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    yield client(database, monkeypatch, public_url="https://Needlework.example/records")
    monkeypatch.undo()


HOSTS = ["needlework.example", "NEEDLEWORK.example.", "needlework.example:8443"]


@pytest.mark.parametrize("host", HOSTS)
def test_the_host_of_the_public_address_is_answered_at_any_port(
    public: TestClient, host: str
) -> None:
    assert public.get("/openapi.json", headers={"Host": host}).status_code == 200


STRANGE = ["evil.example", "needlework.example.evil.example", "127.0.0.1", "", "[", "a:b:c", "@"]


@pytest.mark.parametrize("host", STRANGE)
@pytest.mark.parametrize("path", ["/openapi.json", "/v1/patients", "/console", "/metrics", "/x"])
def test_another_host_is_refused(public: TestClient, host: str, path: str) -> None:
    answer = public.get(path, headers={"Host": host})
    assert answer.status_code == 421
    assert answer.json()["type"] == "/problems/unknown-host"
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_told_at_any_host(public: TestClient, path: str) -> None:
    assert public.get(path, headers={"Host": "10.0.0.7:8000"}).status_code == 200


def test_without_a_public_address_any_host_is_answered(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = client(database, monkeypatch)
    assert plain.get("/openapi.json", headers={"Host": "any.example"}).status_code == 200


def test_metrics_may_have_a_key_of_their_own(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client(database, monkeypatch).get("/metrics").status_code == 200
    public = "https://needlework.example"
    keyed = client(database, monkeypatch, metrics_key=KEY, public_url=public)
    for given in ({}, {"Authorization": "Bearer"}, {"Authorization": f"Bearer {KEY}x"}):
        assert keyed.get("/metrics", headers=given).status_code == 401
    answer = keyed.get("/metrics", headers={"Authorization": f"Bearer {KEY}"})
    assert (answer.status_code, b"needlework_request_seconds" in answer.content) == (200, True)
