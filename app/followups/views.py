"""The view of a follow-up. Pure."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from typing_extensions import TypeAliasType, TypedDict

from app.alerts.views import RaisedAlertView, RedFlag

ChangeRating = TypeAliasType(
    "ChangeRating", Literal["much_worse", "worse", "same", "better", "much_better"]
)
"""How the patient says they are compared with before."""
FollowUpSource = TypeAliasType(
    "FollowUpSource", Literal["patient_link", "practitioner", "integration"]
)
"""Whether a patient's link, a practitioner or another system sent the report."""
FollowUpReporter = TypeAliasType("FollowUpReporter", Literal["patient", "for_patient"])
"""Whether the patient answered, or somebody for them, such as a parent."""
FollowUpWindow = TypeAliasType("FollowUpWindow", Literal["early", "h24", "h48", "h72", "late"])
"""Hours after the visit: `early` under 18, `h24` to 36, `h48` to 60, `h72` to 96, `late` after
that."""


class _FollowUp(TypedDict):
    id: UUID
    session_id: UUID
    """The session that the patient reports on."""
    patient_id: UUID
    reported_at: datetime
    hours_after: float
    """Hours from the visit to the report, as they really were."""
    window: FollowUpWindow
    """The named period after the visit in which the report lies."""
    soreness: int
    worst_soreness: int | None
    sore_muscles: list[str]
    interference: int | None
    bruising: bool | None
    fatigue: bool | None
    headache: bool | None
    change: ChangeRating | None
    red_flags: list[RedFlag]
    comment: str | None
    source: FollowUpSource
    language: str | None
    reported_by: FollowUpReporter | None
    """Null if nobody said."""
    version: int
    created_at: datetime
    updated_at: datetime


class FollowUpView(_FollowUp, closed=True):
    """One report. It never overwrites another."""


class WrittenFollowUpView(_FollowUp, closed=True):
    """One report after a write, and the alert that it raised."""

    alert: RaisedAlertView | None
    """Null if it raised none, or if somebody has acknowledged that already."""
