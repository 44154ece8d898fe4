"""Bodies and filters of consents, screenings and adverse events."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator

from app.core.http.pages import Filters
from app.core.values.faults import check_distinct
from app.core.values.wire import Body, Code, Day, Line, Moment, Text, example
from app.records.readings import MuscleSlug
from app.records.schemas import RecordBody
from app.records.views import Side
from app.safety import rules
from app.safety.views import (
    ConsentDecision,
    ConsentForm,
    ConsentKind,
    ScreeningAnswer,
    ScreeningDecision,
    Severity,
)

LIST_MAX = 60


class ConsentBody(RecordBody):
    """What was disclosed to a patient, and what they decided."""

    model_config = example(
        patient_id="019a0000-0000-7000-8000-000000000001",
        kind="needling",
        decision="given",
        form="written",
        risks_disclosed=["soreness", "bruising", "pneumothorax"],
        alternatives_discussed="Stretching and exercises alone.",
        given_by="The patient",
        obtained_by="Dana Demo",
        obtained_at="2026-11-02T09:40:00-08:00",
    )

    patient_id: UUID
    episode_id: UUID | None = None
    kind: ConsentKind
    decision: ConsentDecision
    form: ConsentForm
    risks_disclosed: Annotated[list[Code], Field(max_length=LIST_MAX)] = []
    patient_specific_risks: Text | None = None
    alternatives_discussed: Text | None = None
    given_by: Annotated[Line, Field(description="The patient, or the person who decides for them.")]
    obtained_by: Annotated[
        Line, Field(description="The person who explained the treatment and asked.")
    ]
    obtained_at: Moment
    valid_until: Annotated[Day | None, Field(description="The last day on which it is valid.")] = (
        None
    )
    withdrawn_at: Annotated[Moment | None, Field(validate_default=True)] = None

    @field_validator("risks_disclosed")
    @classmethod
    def _once(cls, risks: list[str]) -> list[str]:
        check_distinct(risks)
        return risks

    @field_validator("valid_until")
    @classmethod
    def _valid(cls, until: date | None, info: ValidationInfo) -> date | None:
        rules.check_validity(until, info.data.get("obtained_at"))
        return until

    @field_validator("withdrawn_at")
    @classmethod
    def _withdrawn(cls, withdrawn_at: datetime | None, info: ValidationInfo) -> datetime | None:
        if "decision" in info.data:
            rules.check_withdrawn(info.data["decision"], withdrawn_at)
        rules.check_not_before(withdrawn_at, info.data.get("obtained_at"))
        return withdrawn_at


class ConsentFilters(Filters):
    """The filters of the list of consents."""

    patient_id: UUID | None = None
    kind: ConsentKind | None = None


class AnswerBody(Body):
    """One question of a screening, and its answer."""

    code: Code
    answer: ScreeningAnswer
    detail: Text | None = None


class ScreeningBody(RecordBody):
    """The questions asked before a session, and what was decided."""

    model_config = example(
        session_id="019a0000-0000-7000-8000-000000000004",
        rule_set="example-2026.1",
        answers=[
            {"code": "anticoagulants", "answer": "no"},
            {"code": "needle_phobia", "answer": "unknown", "detail": "Never needled before."},
        ],
        decision="proceed",
        decided_by="Dana Demo",
        decided_at="2026-11-20T09:55:00-08:00",
    )

    session_id: UUID
    rule_set: Annotated[Line, Field(description="The name and version of the set of questions.")]
    answers: Annotated[list[AnswerBody], Field(max_length=LIST_MAX)]
    decision: ScreeningDecision
    decided_by: Line
    decided_at: Moment
    override_reason: Text | None = None

    @field_validator("answers")
    @classmethod
    def _once(cls, answers: list[AnswerBody]) -> list[AnswerBody]:
        check_distinct([answer.code for answer in answers])
        return answers


class FinishedScreeningBody(ScreeningBody):
    """A screening in an import: its session may have been voided later."""


class ScreeningFilters(Filters):
    """The filters of the list of screenings."""

    session_id: UUID | None = None
    patient_id: UUID | None = None


class AdverseEventBody(RecordBody):
    """An adverse event, or a close call, which harmed nobody."""

    model_config = example(
        patient_id="019a0000-0000-7000-8000-000000000001",
        kind="bruise",
        severity="mild",
        expected=True,
        causality="certain",
        muscle="infraspinatus",
        side="left",
        occurred_at="2026-11-20T10:20:00-08:00",
        action="Pressure for two minutes.",
        description="A bruise of two centimetres.",
    )

    patient_id: UUID
    session_id: UUID | None = None
    kind: Code
    close_call: bool = False
    severity: Severity
    expected: bool
    causality: Code
    muscle: MuscleSlug | None = None
    side: Side | None = None
    occurred_at: Moment
    detected_at: Moment | None = None
    action: Text | None = None
    outcome: Text | None = None
    description: Annotated[Text, Field(min_length=1)]

    @field_validator("detected_at")
    @classmethod
    def _detected(cls, detected_at: datetime | None, info: ValidationInfo) -> datetime | None:
        rules.check_not_before(detected_at, info.data.get("occurred_at"))
        return detected_at


class AdverseEventFilters(Filters):
    """The filters of the list of adverse events, which begins with the newest."""

    patient_id: UUID | None = None
    session_id: UUID | None = None
    severity: Severity | None = None
