"""A running server with links in every state, for a browser."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import update

from app.asks.models import Ask, AskLink
from app.asks.schemas import AskBody
from app.asks.service import ASKS
from app.core.values.clock import now
from app.records.service import create_one
from tests.asks.asked import consent
from tests.ground import Api, Clinic
from tests.web.patient.conftest import mint

LANGUAGES: Final = ("en", "fr", "fa")
HOUR: Final = timedelta(hours=1)


@dataclass
class Site:
    """A server on its own database, and a clinic that offers every language."""

    address: str
    log: Path
    clinic: Clinic
    api: Api

    def link(self, *, ended_h: float | None = None, due_in_h: float = -1, **ask: Any) -> "Sent":
        """A link of a visit of yesterday. `ended_h` is how long ago it ended."""
        patient = self.api.patient()
        consent(self.api, patient["id"], obtained_at=(now() - 30 * HOUR).isoformat())
        visit = (now() - 25 * HOUR).isoformat()
        session = self.api.session(patient_id=patient["id"], occurred_at=visit)
        op = self.clinic.operation("asks.plan")
        with self.clinic.database.writing(self.clinic.id) as db:
            op.begin(db)
            body = AskBody.model_validate(
                {
                    "session_id": UUID(session["id"]),
                    "patient_id": UUID(patient["id"]),
                    "due_at": now() + due_in_h * HOUR,
                    "channel": "email",
                    "language": "en",
                }
            )
            made, _ = create_one(op, ASKS, body)
            op.finish()
        sent = Sent(self, mint(self.clinic, str(made["id"])), session, made["id"])
        if ended_h is not None:
            sent.end(ended_h)
        if ask:
            self.change(update(Ask).where(Ask.id == made["id"]).values(**ask))
        return sent

    def change(self, statement: Any) -> None:
        with self.clinic.database.writing(self.clinic.id) as db:
            db.execute(statement)


@dataclass
class Sent:
    """A link in a message."""

    site: Site
    token: str
    session: dict[str, Any]
    ask_id: UUID

    @property
    def path(self) -> str:
        return f"/r/{self.token}"

    def end(self, ago_h: float) -> None:
        """Let the link have ended so many hours ago."""
        ends_at = now() - ago_h * HOUR
        self.site.change(
            update(AskLink).where(AskLink.ask_id == self.ask_id).values(ends_at=ends_at)
        )

    def reports(self) -> list[dict[str, Any]]:
        answer = self.site.api.get(f"/v1/sessions/{self.session['id']}/follow-ups")
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    def alerts(self) -> list[dict[str, Any]]:
        found = self.site.api.get("/v1/alerts?limit=200").json()["items"]
        return [each for each in found if each["session_id"] == self.session["id"]]
