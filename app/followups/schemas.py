"""Bodies and filters of follow-ups."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator

from app.alerts.views import RedFlag
from app.core.http.pages import Filters
from app.core.values.faults import check_distinct
from app.core.values.wire import Moment, Score, Text, example
from app.followups import rules
from app.followups.views import ChangeRating, FollowUpReporter, FollowUpSource
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
    """The session that the patient reports on. The address names it already."""
    reported_at: Moment
    """When the patient said this, not when somebody entered it."""
    soreness: Score
    """Soreness at the time of the report, as the patient says, 0 to 10."""
    worst_soreness: Score | None = None
    """The worst that the patient remembers, 0 to 10; null if not asked."""
    sore_muscles: Annotated[list[MuscleSlug], Field(max_length=60)] = []
    """Slugs of the muscles that the patient says are sore."""
    interference: Score | None = None
    """How far it disturbs daily life, as the patient says, 0 to 10; null if not asked."""
    bruising: bool | None = None
    """Whether the patient reports a bruise; null if not asked."""
    fatigue: bool | None = None
    """Whether the patient reports unusual tiredness; null if not asked."""
    headache: bool | None = None
    """Whether the patient reports a headache; null if not asked."""
    change: ChangeRating | None = None
    """How the patient says they are compared with before; null if not asked."""
    red_flags: Annotated[list[RedFlag], Field(max_length=6)] = []
    """Signs of danger that the patient reports. Any of them raises an alert."""
    comment: Text | None = None
    """The patient's own words; null if they added none."""
    source: FollowUpSource = "practitioner"
    """How the report came in."""
    language: Language | None = None
    """The language of the report, as a BCP 47 tag; null if unknown."""
    reported_by: FollowUpReporter | None = None
    """Whether the patient answered, or somebody for them; null if nobody said."""

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
