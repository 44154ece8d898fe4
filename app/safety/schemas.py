"""Bodies and filters of consents, screenings and adverse events."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator

from app.clinics.rules import check_email
from app.core.http.pages import Filters
from app.core.values.faults import check_distinct
from app.core.values.vocabularies import words_of
from app.core.values.wire import (
    ONE_LINE,
    Body,
    Code,
    Day,
    Line,
    Moment,
    Remark,
    Statement,
    Text,
    example,
)
from app.records.readings import MuscleSlug
from app.records.schemas import RecordBody
from app.records.views import Side
from app.safety import rules
from app.safety.views import (
    ConsentDecision,
    ConsentForm,
    ConsentKind,
    MessageChannel,
    ScreeningDecision,
)
from app.vocabularies.rules import OTHER, ScreeningAnswer, Severity
from app.vocabularies.schemas import ContraindicationWord, EventKindWord

LIST_MAX = 60
ADDRESS_MAX = 254
MessageAddress = Annotated[str, Field(min_length=1, max_length=ADDRESS_MAX), ONE_LINE]


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
    """The patient whose consent it is."""
    episode_id: UUID | None = None
    kind: ConsentKind
    """What the consent is about. Treatment, use of data and messages are asked apart."""
    decision: ConsentDecision
    """What the patient decided."""
    channel: Annotated[MessageChannel | None, Field(validate_default=True)] = None
    """How messages reach the patient. Only for `messages`, which need it when they are given; null
    withdraws or refuses every channel."""
    address: Annotated[MessageAddress | None, Field(validate_default=True)] = None
    """Where messages reach the patient: for `email`, an e-mail address; for `post`, what the
    clinic's own sender takes, such as a telephone number."""
    form: ConsentForm
    """How the decision was given."""
    risks_disclosed: Annotated[list[Code], Field(max_length=LIST_MAX)] = []
    """Codes of the risks that were explained."""
    patient_specific_risks: Text | None = None
    """Risks that this patient has beyond the usual ones, in words."""
    alternatives_discussed: Text | None = None
    """What could be done in place of needling, as it was explained."""
    given_by: Annotated[Line, Field(description="The patient, or the person who decides for them.")]
    obtained_by: Annotated[
        Line, Field(description="The person who explained the treatment and asked.")
    ]
    obtained_at: Moment
    """When the patient decided."""
    valid_until: Annotated[Day | None, Field(description="The last day on which it is valid.")] = (
        None
    )
    withdrawn_at: Annotated[Moment | None, Field(validate_default=True)] = None
    """When they withdrew it; null unless the decision is `withdrawn`."""

    @field_validator("risks_disclosed")
    @classmethod
    def _once(cls, risks: list[str]) -> list[str]:
        check_distinct(risks)
        return risks

    @field_validator("channel", "address")
    @classmethod
    def _reachable(cls, value: str | None, info: ValidationInfo) -> str | None:
        known = info.data
        if "kind" in known and "decision" in known:
            member = str(info.field_name)
            rules.check_of_messages(known["kind"], known["decision"], member, value)
        if info.field_name == "address" and known.get("channel") == "email" and value is not None:
            check_email(value)
        return value

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
    """Only consents of this patient."""
    kind: ConsentKind | None = None
    """Only consents about this."""


class AnswerBody(Body):
    """One question of a screening, and its answer."""

    code: ContraindicationWord
    """What is asked for: a code, name or synonym of `/v1/contraindications`."""
    answer: ScreeningAnswer
    """What the patient says; `unknown` if they can't say."""
    detail: Remark | None = None
    """More words on the answer; null if there are none."""


class ScreeningBody(RecordBody):
    """The questions asked before a session, and what was decided."""

    model_config = example(
        session_id="019a0000-0000-7000-8000-000000000004",
        rule_set="example-2026.1",
        answers=[
            {"code": "anticoagulant", "answer": "no"},
            {"code": "needle_phobia", "answer": "unknown", "detail": "Never needled before."},
        ],
        decision="proceed",
        decided_by="Dana Demo",
        decided_at="2026-11-20T09:55:00-08:00",
    )

    session_id: UUID
    """The session before which the questions were asked."""
    rule_set: Annotated[Line, Field(description="The name and version of the set of questions.")]
    answers: Annotated[list[AnswerBody], Field(max_length=LIST_MAX)]
    """The questions and answers. Each question stands once, but `other` may stand again."""
    decision: ScreeningDecision
    """What was decided after the answers."""
    decided_by: Line
    """The person who decided, by name."""
    decided_at: Moment
    """When they decided."""
    override_reason: Remark | None = None
    """Why the session goes on in spite of an answer; null if there is no such reason."""

    @field_validator("answers")
    @classmethod
    def _once(cls, answers: list[AnswerBody]) -> list[AnswerBody]:
        check_distinct([answer.code for answer in answers if answer.code != OTHER])
        return answers


class FinishedScreeningBody(ScreeningBody):
    """A screening in an import: its session may have been voided later."""


class ScreeningFilters(Filters):
    """The filters of the list of screenings."""

    session_id: UUID | None = None
    """Only screenings for this session."""
    patient_id: UUID | None = None
    """Only screenings of this patient."""
    code: ContraindicationWord | None = None
    """Only screenings with an answer to this: a code, name or synonym of
    `/v1/contraindications`."""
    answer: Annotated[list[ScreeningAnswer] | None, Field(max_length=3)] = None
    """Only screenings with one of these answers: to `code` if it is given, else to any question.
    Repeat the parameter for several."""
    needled: bool | None = None
    """Whether the session has needlings. A void session counts: the needles were used."""

    def values(self) -> dict[str, Any]:
        """Return the filters. Those of code and answer are about one answer."""
        values = super().values()
        answers = values.pop("answer", None)
        if "code" in values:
            values["answers"] = answers or list(words_of(ScreeningAnswer))
        elif answers:
            values["answer"] = answers
        if not values.pop("needled", True):
            values["unneedled"] = True
        elif self.needled:
            values["needled"] = True
        return values


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
    """The patient to whom it happened."""
    session_id: UUID | None = None
    """The session that it is recorded with; null if there is none."""
    episode_id: UUID | None = None
    """The episode that it is recorded with. An event of a session is counted with the session's."""
    kind: EventKindWord
    """What happened: a code, name or synonym of `/v1/event-kinds`, such as `bruise`."""
    close_call: bool = False
    """Whether it nearly happened and harmed nobody."""
    severity: Severity
    """How bad it was, by White's classes."""
    expected: bool
    """Whether it is a usual reaction to needling, as the practitioner judges."""
    causality: Code
    """A code for how closely the practitioner links it to needling, such as `certain`."""
    muscle: MuscleSlug | None = None
    side: Side | None = None
    """The patient's side; null if it has none."""
    occurred_at: Moment
    """When it happened."""
    detected_at: Moment | None = None
    """When somebody noticed it; null if nobody noted that."""
    action: Text | None = None
    """What was done about it, in words; null if nothing is noted."""
    outcome: Text | None = None
    """How it ended, in words; null while nobody knows."""
    description: Statement
    """What happened, in words."""

    @field_validator("detected_at")
    @classmethod
    def _detected(cls, detected_at: datetime | None, info: ValidationInfo) -> datetime | None:
        rules.check_not_before(detected_at, info.data.get("occurred_at"))
        return detected_at


class AdverseEventFilters(Filters):
    """The filters of the list of adverse events, which begins with the newest."""

    patient_id: UUID | None = None
    """Only events of this patient."""
    session_id: UUID | None = None
    """Only events recorded with this session."""
    episode_id: UUID | None = None
    """Only events recorded with this episode; not those of its sessions."""
    severity: Severity | None = None
    """Only events of this severity."""
