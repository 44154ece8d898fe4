"""The view of a follow-up. Pure."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from typing_extensions import TypeAliasType, TypedDict

ChangeRating = TypeAliasType(
    "ChangeRating", Literal["much_worse", "worse", "same", "better", "much_better"]
)
RedFlag = TypeAliasType(
    "RedFlag",
    Literal[
        "breathlessness",
        "chest_pain",
        "dry_cough",
        "fever_or_spreading_redness",
        "new_numbness_or_weakness",
        "fainting",
    ],
)
FollowUpSource = TypeAliasType(
    "FollowUpSource", Literal["patient_link", "practitioner", "integration"]
)
FollowUpWindow = TypeAliasType("FollowUpWindow", Literal["early", "h24", "h48", "h72", "late"])


class FollowUpView(TypedDict, closed=True):
    """One report. It never overwrites another."""

    id: UUID
    session_id: UUID
    patient_id: UUID
    reported_at: datetime
    hours_after: float
    window: FollowUpWindow
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
    version: int
    created_at: datetime
    updated_at: datetime
