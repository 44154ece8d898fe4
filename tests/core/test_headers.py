"""The headers forbid browsers to display, frame, sniff or share answers."""

import pytest
from starlette.testclient import TestClient

from app.core.db.database import Database
from app.main import create_app
from tests.ground import Api

PATHS = (
    "/v1/clinic",
    "/v1/nothing",
    "/v1/patients?limit=x",
    "/healthz",
    "/metrics",
    "/openapi.json",
    "/problems/conflict",
)


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_keeps_browsers_out(api: Api, path: str) -> None:
    headers = api.get(path).headers
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers
    assert "strict-transport-security" not in headers


def test_the_documentation_may_run_its_own_scripts_and_nothing_else(api: Api) -> None:
    policy = api.get("/docs").headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "default-src 'none'" in policy


def test_an_answer_over_tls_tells_browsers_to_keep_using_it(database: Database) -> None:
    secure = TestClient(create_app(database), base_url="https://needlework.example")
    assert "max-age=" in secure.get("/healthz").headers["strict-transport-security"]
