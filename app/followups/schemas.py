"""Follow-ups on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator

from app.core.faults import check_distinct
from app.core.pages import Filters
from app.core.wire import Moment, Score, Text, View, example
from app.followups import rules
from app.followups.rules import Window
from app.records.readings import MuscleSlug
from app.records.schemas import Language, RecordBody

Change = Literal["much_worse", "worse", "same", "better", "much_better"]
RedFlag = Literal[
    "breathlessness",
    "chest_pain",
    "dry_cough",
    "fever_or_spreading_redness",
    "new_numbness_or_weakness",
    "fainting",
]
Source = Literal["patient_link", "practitioner", "integration"]


class FollowUpBody(RecordBody):
    """What a patient reports after the needles. The address says of which session."""

    model_config = example(
        reported_at="2026-11-21T11:30:00-08:00",
        soreness=4,
        worst_soreness=6,
        sore_muscles=["infraspinatus"],
        interference=2,
        bruising=False,
        fatigue=True,
        change="better",
        source="patient_link",
    )

    session_id: UUID | None = None
    reported_at: Moment
    soreness: Score
    worst_soreness: Score | None = None
    sore_muscles: Annotated[list[MuscleSlug], Field(max_length=60)] = []
    interference: Score | None = None
    bruising: bool | None = None
    fatigue: bool | None = None
    headache: bool | None = None
    change: Change | None = None
    red_flags: Annotated[list[RedFlag], Field(max_length=6)] = []
    comment: Text | None = None
    source: Source = "practitioner"
    language: Language | None = None

    @field_validator("worst_soreness")
    @classmethod
    def _worst(cls, worst: int | None, info: ValidationInfo) -> int | None:
        rules.check_worst(worst, info.data.get("soreness"))
        return worst

    @field_validator("red_flags", "sore_muscles")
    @classmethod
    def _once(cls, listed: list[str]) -> list[str]:
        check_distinct(listed)
        return listed


class FinishedFollowUpBody(FollowUpBody):
    """A report as an import brings it in: its session may have been voided after it."""


class FollowUpView(View):
    """One report. It never overwrites another."""

    id: UUID
    session_id: UUID
    patient_id: UUID
    reported_at: datetime
    hours_after: float
    window: Window
    soreness: int
    worst_soreness: int | None
    sore_muscles: list[str]
    interference: int | None
    bruising: bool | None
    fatigue: bool | None
    headache: bool | None
    change: Change | None
    red_flags: list[RedFlag]
    comment: str | None
    source: Source
    language: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class FollowUpFilters(Filters):
    """A session's reports, oldest first."""
