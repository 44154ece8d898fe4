"""A clinic with an owner, with which these tests begin."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from fastapi import FastAPI
from httpx2 import Client, Response

from app.accounts.service import owners, passwords
from app.core.operation import perform
from tests.cli.program import Ran
from tests.ground import Api, Clinic

PASSWORD = "correct horse battery staple"
WRONG = "incorrect horse battery staple"
Program = Callable[..., Ran]


class House(NamedTuple):
    """A clinic with its own database and server, and its owner's password."""

    clinic: Clinic
    app: FastAPI
    wire: Client

    @property
    def api(self) -> Api:
        return Api(self.wire, self.clinic.key())

    def put(self, password: str = PASSWORD) -> str:
        """Make the owner; the client's id."""
        op, hash_ = self.clinic.operation(), passwords.hash_password(password)
        made = perform(self.clinic.database, op, partial(owners.set_owner, op, hash_))
        return str(made["id"])

    def ask(self, password: str = PASSWORD, username: str = "owner") -> Response:
        form = {"grant_type": "password", "username": username, "password": password}
        return self.wire.post("/oauth/token", data=form)

    def signed_in(self) -> dict[str, Any]:
        answer = self.ask()
        assert answer.status_code == 200, answer.text
        given: dict[str, Any] = answer.json()
        return given

    def refresh(self, token: str) -> Response:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self.wire.post("/oauth/token", data=form)

    def is_let_in(self, given: dict[str, Any]) -> bool:
        status = Api(self.wire, given["access_token"]).get("/v1/clinic").status_code
        assert status in {200, 401}
        return status == 200

    def noted(self) -> list[str]:
        entries = self.api.get("/v1/audit/entries?kind=security&resource=clients").json()["items"]
        return [entry["reason"] for entry in entries]


def refused(answer: Response) -> bool:
    assert answer.headers["cache-control"] == "no-store"
    return (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
