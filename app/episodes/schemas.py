"""Bodies and filters of episodes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator

from app.core.values.wire import Body, Code, Day, Line, Moment, Remark, Statement, example
from app.episodes import rules
from app.episodes.views import EpisodeSide, EpisodeStatus
from app.records.identifiers import IdentifierFilters
from app.records.schemas import Identifiers, RecordBody
from app.vocabularies.schemas import RegionWord

LIST_MAX = 20


class DiagnosisBody(Body):
    """A coded diagnosis."""

    system: Line
    """The coding system, such as `icd-10`."""
    code: Line
    """The code within the system, such as `M75.1`."""
    display: Line | None = None
    """The code's meaning in words; null if nobody sent it."""


class PlanBody(Body):
    """The plan that was agreed at the start."""

    sessions: Annotated[int | None, Field(ge=1, le=200)] = None
    """How many sessions are planned; null if nobody planned."""
    per_week: Annotated[float | None, Field(ge=0.1, le=14)] = None
    """How many sessions a week are planned; null if nobody planned."""


class EpisodeBody(RecordBody):
    """An episode as a client sends it."""

    model_config = example(
        patient_id="019a0000-0000-7000-8000-000000000001",
        complaint="Left shoulder pain when reaching overhead",
        region="shoulder",
        side="left",
        onset_on="2026-08-15",
        diagnoses=[{"system": "icd-10", "code": "M75.1", "display": "Rotator cuff syndrome"}],
        medical_screen_on="2026-11-02",
        goals=["Reach the top shelf"],
        plan={"sessions": 6, "per_week": 1},
        opened_at="2026-11-02T09:30:00-08:00",
        identifiers=[{"system": "https://example.org/referrals", "value": "R-2041"}],
    )

    patient_id: UUID
    """The patient who has the complaint."""
    complaint: Statement
    """What the patient comes for, in words."""
    region: RegionWord | None = None
    """The body region, by which thresholds are chosen: a code, name or synonym of `/v1/regions`.
    Null if none was given."""
    side: EpisodeSide | None = None
    """The patient's side; null if none was given."""
    onset_on: Day | None = None
    """The day on which it began; null if unknown."""
    diagnoses: Annotated[list[DiagnosisBody], Field(max_length=LIST_MAX)] = []
    """Coded diagnoses of the complaint."""
    medical_screen_on: Day | None = None
    """The day of the medical screen; null if none is recorded."""
    red_flags: Annotated[list[Code], Field(max_length=LIST_MAX)] = []
    """Codes of warning signs that were found."""
    goals: Annotated[list[Line], Field(max_length=LIST_MAX)] = []
    """What the patient wants to be able to do."""
    plan: Annotated[PlanBody, Field(default_factory=PlanBody)]
    """How often and how long they agreed to come."""
    status: EpisodeStatus = "active"
    """Whether treatment goes on."""
    opened_at: Annotated[Moment | None, Field(description="By default, the time of recording.")] = (
        None
    )
    closed_at: Annotated[Moment | None, Field(validate_default=True)] = None
    """When treatment ended; null while it goes on."""
    close_reason: Remark | None = None
    """Why it ended, in words."""
    identifiers: Identifiers = []
    """What other systems call the episode, such as the number of a referral."""

    @field_validator("closed_at")
    @classmethod
    def _closed(cls, closed_at: datetime | None, info: ValidationInfo) -> datetime | None:
        if "status" in info.data:
            rules.check_closed(info.data["status"], closed_at)
        if "opened_at" in info.data:
            rules.check_order(info.data["opened_at"], closed_at)
        return closed_at


class EpisodeFilters(IdentifierFilters):
    """The filters of the list of episodes."""

    patient_id: UUID | None = None
    """Only episodes of this patient."""
    status: EpisodeStatus | None = None
    """Only episodes in this state."""
