"""The view of an episode. Pure."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from typing_extensions import TypeAliasType, TypedDict

from app.records.views import IdentifierView

EpisodeSide = TypeAliasType("EpisodeSide", Literal["left", "right", "midline", "bilateral"])
"""The patient's side of the complaint; `bilateral` is both."""
EpisodeStatus = TypeAliasType("EpisodeStatus", Literal["active", "finished"])
"""Whether the treatment of a complaint goes on."""


class DiagnosisView(TypedDict, closed=True):
    """A coded diagnosis."""

    system: str
    code: str
    display: str | None


class EpisodePlanView(TypedDict, closed=True):
    """The plan that was agreed at the start."""

    sessions: int | None
    per_week: float | None


class EpisodeView(TypedDict, closed=True):
    """An episode."""

    id: UUID
    patient_id: UUID
    complaint: str
    region: str | None
    side: EpisodeSide | None
    onset_on: date | None
    diagnoses: list[DiagnosisView]
    medical_screen_on: date | None
    red_flags: list[str]
    goals: list[str]
    plan: EpisodePlanView
    status: EpisodeStatus
    opened_at: datetime
    """When treatment began."""
    closed_at: datetime | None
    close_reason: str | None
    identifiers: list[IdentifierView]
    version: int
    created_at: datetime
    updated_at: datetime
