"""Views of a recall."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.core.wire import View
from app.patients.schemas import PatientView
from app.sessions.schemas import Status


class LotUseView(View):
    """A session in which needles of the lot were used."""

    session_id: UUID
    occurred_at: datetime
    practitioner_id: UUID
    status: Annotated[Status, Field(description="Void sessions count too: the needles were used.")]
    muscles: Annotated[list[str], Field(description="The muscles needled with the lot.")]
    needles: int


class LotPatientView(View):
    """A patient who was needled with the lot, and the sessions, earliest first."""

    patient: PatientView
    sessions: list[LotUseView]
