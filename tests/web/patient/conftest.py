"""A link in a message about a visit, a day after it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from httpx2 import Client, Response

from app.asks.service import links
from app.core.operation import Operation
from app.core.values.clock import uuid7
from tests.asks.asked import ENDED_AT, asked
from tests.ground import Api, Clinic

STRANGE = "A" * 22
"""A token that no link has."""
FORM = {"soreness": "4", "change": "better", "none_of_these": "yes"}
"""The fields of four taps: a number, how it is, none of these, send."""


def mint(clinic: Clinic, ask_id: str) -> str:
    """A new link of an ask."""
    op = clinic.operation("asks.send")
    with clinic.database.writing(clinic.id) as db:
        op.begin(db)
        token = links.mint(op, UUID(ask_id), uuid7())
        op.finish()
    return token


@dataclass
class Link:
    """A patient's browser with a link, and the clinic that sent it."""

    wire: Client
    api: Api
    clinic: Clinic
    clock: time_machine.Traveller
    session: dict[str, Any]
    ask_id: str
    token: str

    @property
    def path(self) -> str:
        return f"/r/{self.token}"

    def open(self, query: str = "") -> Response:
        return self.wire.get(self.path + query)

    def send(self, **form: Any) -> Response:
        """Send the form. A field that is None is left out."""
        whole = {"submission": str(uuid7()), "language": "en", **FORM, **form}
        given = {name: value for name, value in whole.items() if value is not None}
        return self.wire.post(self.path, data=given)

    def send_by_app(self, **members: Any) -> Response:
        body = {"submission": str(uuid7()), "soreness": 4, "none_of_these": True, **members}
        return self.wire.post(f"{self.path}.json", json=body)

    def reports(self) -> list[dict[str, Any]]:
        answer = self.api.get(f"/v1/sessions/{self.session['id']}/follow-ups")
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    def ask(self) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(f"/v1/asks/{self.ask_id}").json()
        return found

    def alerts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.get("/v1/alerts?status=open").json()["items"]
        return found

    def set_up(self, **settings: Any) -> None:
        """Change the clinic's settings."""
        clinic = self.api.get("/v1/clinic")
        held = {"If-Match": clinic.headers["etag"]}
        answer = self.api("PATCH", "/v1/clinic", json=settings, headers=held)
        assert answer.status_code == 200, answer.text

    def wait(self, **time: float) -> None:
        self.clock.shift(timedelta(**time))

    def operation(self) -> Operation:
        return self.clinic.operation()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(ENDED_AT, tick=False) as clock:
        yield clock


@pytest.fixture
def link(wire: Client, api: Api, clinic: Clinic, clock: time_machine.Traveller) -> Link:
    """A link whose message was due just now."""
    api.live_in("America/Vancouver")
    session, ask = asked(api)
    token = mint(clinic, ask["id"])
    clock.move_to(datetime.fromisoformat(ask["due_at"]))
    found = Link(wire, api, clinic, clock, session, ask["id"], token)
    found.set_up(phone="604-555-0100", emergency_number="911")
    return found
