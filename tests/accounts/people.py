"""People with accounts, for tests: invited by the clinic's API, and signed in at the console."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import Response

from app.core.http import guesses
from app.core.http.rates import Rates
from tests.ground import Api, Clinic
from tests.web.console import Desk

PASSWORD = "correct horse battery staple"
WRONG = "incorrect horse battery staple"


@pytest.fixture(name="fresh_counts", autouse=True)
def counts_of_wrong_passwords(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test begin without wrong passwords: all come from one address, to one server."""
    for name, quota in (
        ("password_rates", guesses.FAILURES),
        ("account_rates", guesses.ACCOUNT_FAILURES),
    ):
        held = app.state._state  # noqa: SLF001 - the test's own limits end with it
        monkeypatch.setitem(held, name, Rates(quota, "password", guesses.MINUTES))


class Person:
    """A person whom a clinic invited, in front of a browser of their own."""

    def __init__(self, app: FastAPI, clinic: Clinic, invited: dict[str, Any]) -> None:
        self.app, self.clinic, self.invited = app, clinic, invited
        self.id: str = invited["id"]
        self.name: str = invited["sign_in_name"]
        self.desk = Desk(app)

    def join(self, password: str = PASSWORD, code: str | None = None, **form: str) -> Response:
        sent = {"code": self.invited["invitation_code"] if code is None else code}
        return self.desk.send(
            "/console/join", None, **sent, password=password, again=password, **form
        )

    def sign_in(self, password: str = PASSWORD, desk: Desk | None = None, **form: str) -> Response:
        whole = {"clinic": str(self.clinic.id), "name": self.name, "password": password} | form
        return (desk or self.desk).sign_in(**whole)

    def token(self, password: str = PASSWORD) -> Response:
        form = {"grant_type": "password", "username": self.name, "password": password}
        form |= {"clinic_id": str(self.clinic.id)}
        return self.desk.wire.post("/oauth/token", data=form)

    def api(self) -> Api:
        """The person as a client of the API."""
        answer = self.token()
        assert answer.status_code == 200, answer.text
        return Api(self.desk.wire, answer.json()["access_token"])


def invite(app: FastAPI, clinic: Clinic, api: Api, **body: Any) -> Person:
    """Invite a person; by default to the front desk."""
    whole = {"name": "Robin Example", "sign_in_name": "Robin", "role": "front-desk"} | body
    return Person(app, clinic, api.create("/v1/accounts", **whole))


def joined(app: FastAPI, clinic: Clinic, api: Api, **body: Any) -> Person:
    """A person who has joined, and is signed in."""
    person = invite(app, clinic, api, **body)
    answer = person.join()
    assert answer.status_code == 303, answer.text
    return person
