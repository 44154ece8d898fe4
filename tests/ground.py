"""Clinics, callers and records for tests."""

import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Client, Response

from app.auth import queries as authentication
from app.clients import service as clients
from app.clinics import service as clinics
from app.core.db.database import Database
from app.core.operation import Operation
from app.core.values.access import Caller, Scope
from app.core.values.clock import uuid7
from tests import postgres, templates

ENROLMENT = "urn:needlework:params:oauth:grant-type:enrolment"


@dataclass(frozen=True)
class Clinic:
    """A clinic and the database that it is in."""

    id: UUID
    database: Database

    def operation(self, name: str = "test") -> Operation:
        """An operation of the command line in this clinic."""
        return Operation(name, Caller(self.id, None, "cli", frozenset(Scope)), "test")

    def key(self, scopes: Iterable[Scope] = Scope) -> str:
        """A new client's API key."""
        op = self.operation("clients.create")
        with self.database.writing(self.id) as db:
            op.begin(db)
            key = clients.add(op, "test", scopes)
            op.finish()
        return str(key)


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let so many seconds pass for the cache of callers, without waiting."""
    then = time.monotonic() + seconds
    monkeypatch.setattr(authentication, "time", SimpleNamespace(monotonic=lambda: then))


def create_clinic(database: Database) -> Clinic:
    """Create a clinic, and return it."""
    clinic = Clinic(uuid7(), database)
    op = clinic.operation("clinics.create")
    with database.writing(clinic.id) as db:
        op.begin(db)
        clinics.add(op, "Test clinic")
        op.finish()
    return clinic


@contextmanager
def empty_like(database: Database, folder: Path) -> Iterator[str]:
    """The URL of an empty database of the same kind."""
    if database.is_sqlite:
        yield f"sqlite:///{folder}/elsewhere/needlework.db"
    else:
        with postgres.server() as server, server.database() as url:
            yield url


@contextmanager
def migrated_like(database: Database, folder: Path) -> Iterator[Database]:
    """A migrated database of the same kind, without the clinics of other tests."""
    elsewhere = folder / "elsewhere"
    with (
        templates.migrated(elsewhere, is_sqlite=database.is_sqlite) as url,
        closing(Database(url)) as own,
    ):
        yield own


class Api:
    """A client of one clinic, with helpers for the records that most tests begin with."""

    def __init__(self, wire: Client, key: str) -> None:
        self.wire = wire
        self.key = key

    def __call__(self, method: str, path: str, **more: Any) -> Response:
        headers = {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        return self.wire.request(method, path, headers=headers, **more)

    def get(self, path: str, **more: Any) -> Response:
        return self("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Response:
        return self("POST", path, json=body, **more)

    def change(self, record: dict[str, Any], path: str, **change: Any) -> dict[str, Any]:
        """Patch a record that was read from `path`, and return the new version."""
        stale = {"If-Match": f'"{record["version"]}"'}
        answer = self("PATCH", f"{path}/{record['id']}", json=change, headers=stale)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def live_in(self, zone: str) -> dict[str, Any]:
        """Set the clinic's time zone, and return the clinic."""
        held = {"If-Match": self.get("/v1/clinic").headers["etag"]}
        answer = self("PATCH", "/v1/clinic", json={"time_zone": zone}, headers=held)
        assert answer.status_code == 200, answer.text
        clinic: dict[str, Any] = answer.json()
        return clinic

    def tablet(self, scopes: Iterable[Scope] = Scope) -> dict[str, Any]:
        """Enrol a device of a new practitioner, and return its tokens."""
        body = {"name": "Tablet", "practitioner_id": self.practitioner()["id"]}
        made = self.create("/v1/devices", **body, scopes=sorted(scopes))
        form = {"grant_type": ENROLMENT, "code": made["enrolment_code"]}
        answer = self.wire.post("/oauth/token", data=form)
        assert answer.status_code == 200, answer.text
        given: dict[str, Any] = answer.json()
        return given

    def practitioners(self, scopes: Iterable[Scope] = Scope) -> "Api":
        """A client that is a device of a new practitioner, with these scopes."""
        return Api(self.wire, self.tablet(scopes)["access_token"])

    def create(self, path: str, **body: Any) -> dict[str, Any]:
        """Create a record, and return it; any answer but 201 fails the test."""
        answer = self.post(path, body)
        assert answer.status_code == 201, answer.text
        record: dict[str, Any] = answer.json()
        return record

    def patient(self, **body: Any) -> dict[str, Any]:
        return self.create("/v1/patients", **body)

    def practitioner(self, **body: Any) -> dict[str, Any]:
        named = {"given_name": "Dana", "family_name": "Demo"}
        return self.create("/v1/practitioners", **(named | body))

    def session(self, **body: Any) -> dict[str, Any]:
        """Create an attended session, of a new patient and practitioner unless they are given."""
        whole = {
            "occurred_at": "2026-11-01T10:00:00-08:00",
            "technique": "gunn_ims",
            "needlings": [{"muscle": "infraspinatus", "side": "left", "ache": 6}],
            "needle_count": {"opened": 1, "inserted": 1, "removed": 1, "disposed": 1},
            **body,
        }
        if "patient_id" not in whole:
            whole["patient_id"] = self.patient()["id"]
        if "practitioner_id" not in whole:
            whole["practitioner_id"] = self.practitioner()["id"]
        return self.create("/v1/sessions", **whole)
