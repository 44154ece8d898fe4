"""A 503 says its cause in the log: class of error, SQLSTATE and step, never the data."""

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from app.core.db import bulk, database
from app.core.db.database import Database
from app.core.http import deadline
from app.core.values import bounds
from tests.ground import Api, Clinic
from tests.transfer.test_imports import counts, imported, lines, patients

NAME = "Zyxwvut"


def caused(ask: Callable[[], Any]) -> MutableMapping[str, Any]:
    """The line in the log about one request that was answered 503."""
    with capture_logs() as logged:
        answer = ask()
    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/unavailable"
    [line] = [each for each in logged if each["event"] == "unavailable"]
    assert line["request_id"] == answer.headers["x-request-id"]
    assert NAME not in repr(logged)
    return line


@contextmanager
def locked(held: Database) -> Iterator[None]:
    """Hold the lock that every write needs."""
    with held.writing() as db:
        if not held.is_sqlite:
            db.execute(text("LOCK TABLE ledger_heads IN ACCESS EXCLUSIVE MODE"))
        yield


def test_a_lock_that_is_held_is_named_with_its_step(
    api: Api, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "POOL_TIMEOUT_S", 0.2)
    with locked(clinic.database):
        line = caused(lambda: api("POST", "/v1/patients", json={"given_name": NAME}))
    assert line["operation"] == "patients.create"
    if clinic.database.is_sqlite:
        assert line["step"] == "app.core.db.turns.Turns._take"
    else:
        assert "LockNotAvailable" in line["error"]
        assert line["sqlstate"] == "55P03"
        assert line["step"].startswith("app.ledger.")


def test_a_request_that_takes_too_long_is_named_with_its_step(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadline, "REQUEST_MAX_S", 0.0)
    line = caused(lambda: api.get("/v1/patients"))
    assert "TimeoutError" in line["error"]
    assert line["step"]


def test_a_bound_that_is_reached_is_named(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "REQUESTS_WAITING_MAX", -100)
    line = caused(lambda: api.get("/v1/patients"))
    assert (line["error"], line["bound"]) == ("BoundReachedError", "waiting")


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
def test_a_failed_analyze_fails_no_import(
    api: Api, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_ANALYZE_NEW", text("SELECT 1 / 0"))
    assert counts(imported(api, lines(patients(3)), query)) == (3, 0, 0)
