"""Bodies and filters of follow-ups."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator

from app.core.http.pages import Filters
from app.core.values.faults import check_distinct
from app.core.values.wire import Moment, Score, Text, example
from app.followups import rules
from app.followups.views import ChangeRating, FollowUpSource, RedFlag
from app.records.readings import MuscleSlug
from app.records.schemas import Language, RecordBody


class FollowUpBody(RecordBody):
    """What a patient reports after needling. The address names the session."""

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
    change: ChangeRating | None = None
    red_flags: Annotated[list[RedFlag], Field(max_length=6)] = []
    comment: Text | None = None
    source: FollowUpSource = "practitioner"
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
    """A report in an import: its session may have been voided later."""


class FollowUpFilters(Filters):
    """The page of the list of a session's reports, which begins with the oldest."""
