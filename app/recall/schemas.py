"""Views of a recall."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from app.patients.views import PatientView
from app.sessions.views import SessionStatus


class LotUseView(TypedDict, closed=True):
    """A session in which needles of the lot were used."""

    session_id: UUID
    occurred_at: datetime
    practitioner_id: UUID
    status: Annotated[
        SessionStatus, Field(description="Void sessions count too: the needles were used.")
    ]
    lots: Annotated[list[str], Field(description="The lot as it was written in the needlings.")]
    muscles: Annotated[list[str], Field(description="The muscles needled with the lot.")]
    needles: int


class LotPatientView(TypedDict, closed=True):
    """A patient who was needled with the lot, and the sessions, earliest first."""

    patient: PatientView
    sessions: list[LotUseView]
