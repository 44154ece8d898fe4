"""Visits about which a patient may be asked."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.asks.schemas import AskBody
from app.asks.service import ASKS
from app.core.operation import Operation, perform
from app.core.values.access import server
from app.records import service as records
from tests.ground import Api

ENDED_AT = datetime(2026, 11, 20, 18, 45, tzinfo=UTC)
"""10:45 in Vancouver, after 45 minutes. A day later is no quiet hour there."""
OCCURRED_AT = "2026-11-20T10:00:00-08:00"
DUE_AT = "2026-11-21T18:45:00Z"
HOUR = timedelta(hours=1)
EMAIL = "ana@example.org"


def consent(api: Api, patient_id: str, **more: Any) -> dict[str, Any]:
    """A consent to messages by e-mail."""
    body = {
        "patient_id": patient_id,
        "kind": "messages",
        "channel": "email",
        "address": EMAIL,
        "decision": "given",
        "form": "verbal",
        "given_by": "The patient",
        "obtained_by": "Dana Demo",
        "obtained_at": "2026-11-20T09:40:00-08:00",
    }
    return api.create("/v1/consents", **body | more)


def stop(api: Api, patient_id: str, **more: Any) -> dict[str, Any]:
    """A consent to messages that was withdrawn."""
    at = "2026-11-20T11:00:00-08:00"
    body = {"decision": "withdrawn", "channel": None, "address": None}
    times = {"obtained_at": at, "withdrawn_at": at}
    return consent(api, patient_id, **(body | times | more))


def draft(api: Api, patient_id: str, **more: Any) -> dict[str, Any]:
    body = {"occurred_at": OCCURRED_AT, "duration_min": 45, "patient_id": patient_id}
    return api.session(**body | more)


def sign(api: Api, session: dict[str, Any]) -> dict[str, Any]:
    held = {"If-Match": f'"{session["version"]}"'}
    answer = api.post(f"/v1/sessions/{session['id']}/sign", headers=held)
    assert answer.status_code == 200, answer.text
    signed: dict[str, Any] = answer.json()
    return signed


def signed(api: Api, patient_id: str, **more: Any) -> dict[str, Any]:
    return sign(api, draft(api, patient_id, **more))


def asks(api: Api, query: str = "") -> list[dict[str, Any]]:
    answer = api.get(f"/v1/asks?limit=200{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def stored_ask(api: Api, session: dict[str, Any], **members: Any) -> None:
    """Store an ask about a session, whatever the day, and then these members of it."""
    op = Operation("test", server(UUID(api.get("/v1/clinic").json()["id"]), "test"), "test")
    body = AskBody(
        session_id=UUID(session["id"]),
        patient_id=UUID(session["patient_id"]),
        due_at=ENDED_AT if members else None,
        channel="email",
        language="en",
    )

    def store() -> None:
        ask, _ = records.create_one(op, ASKS, body)
        records.store(op, ASKS, ask, members)

    perform(api.wire.app.state.database, op, store)  # type: ignore[attr-defined]


def asked(api: Api, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A signed session of a patient who consents to messages, and its ask."""
    patient_id = api.patient()["id"]
    consent(api, patient_id)
    session = signed(api, patient_id, **more)
    [ask] = asks(api, f"&session_id={session['id']}")
    return session, ask
