"""Logs sessions with the console's form, and reads what is stored."""

from typing import Any

from httpx2 import Response

from tests.ground import Api
from tests.web.console import Desk
from tests.web.writing.sent import send

VISIT = {"occurred_at": "2026-11-01T10:00", "technique": "gunn_ims"}


def row(number: int, **typed: str) -> dict[str, str]:
    return {f"needlings__{number}__{name}": value for name, value in typed.items()}


def new(who: dict[str, str], act: str = "new") -> str:
    return f"/console/patients/{who['patient_id']}/sessions/{act}"


def page(session: dict[str, Any], act: str) -> str:
    return f"/console/sessions/{session['id']}/{act}"


def log(desk: Desk, who: dict[str, str], **typed: str) -> Response:
    form = {**VISIT, "practitioner_id": who["practitioner_id"], **typed}
    return send(desk, new(who), **form)


def only(api: Api) -> dict[str, Any]:
    [session] = api.get("/v1/sessions").json()["items"]
    found: dict[str, Any] = session
    return found


def read(api: Api, session: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/v1/sessions/{session['id']}").json()
    return found
