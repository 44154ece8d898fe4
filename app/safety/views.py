"""The views of a consent, a screening and an adverse event. Pure."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from typing_extensions import TypeAliasType, TypedDict

from app.alerts.views import RaisedAlertView
from app.records.views import Side
from app.vocabularies.rules import ScreeningAnswer, Severity

ConsentKind = TypeAliasType(
    "ConsentKind", Literal["needling", "thoracic_needling", "electrical", "data_use", "messages"]
)
"""What is consented to. `data_use` is about records, and `messages` about being asked how one is
after a visit; neither is about treatment."""
MessageChannel = TypeAliasType("MessageChannel", Literal["email", "post"])
"""How a message reaches a patient: by `email`, or by a signed `post` to the clinic's own sender,
which passes it on, such as by SMS."""
ConsentDecision = TypeAliasType("ConsentDecision", Literal["given", "refused", "withdrawn"])
"""What the patient decided; `withdrawn` ends an earlier yes."""
ConsentForm = TypeAliasType("ConsentForm", Literal["verbal", "written", "electronic"])
"""How the patient gave their decision."""
ScreeningDecision = TypeAliasType("ScreeningDecision", Literal["proceed", "modified", "deferred"])
"""Whether the needling goes ahead, in another way, or later."""


class ConsentView(TypedDict, closed=True):
    """What was disclosed to a patient, and what they decided."""

    id: UUID
    patient_id: UUID
    episode_id: UUID | None
    kind: ConsentKind
    channel: MessageChannel | None
    """How messages reach the patient; null for other kinds, and for every channel."""
    address: str | None
    """Where they reach the patient: an e-mail address, or what the clinic's own sender takes."""
    decision: ConsentDecision
    form: ConsentForm
    risks_disclosed: list[str]
    patient_specific_risks: str | None
    alternatives_discussed: str | None
    given_by: str
    obtained_by: str
    obtained_at: datetime
    valid_until: date | None
    withdrawn_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class AnswerView(TypedDict, closed=True):
    """One question of a screening, and its answer."""

    code: str
    answer: ScreeningAnswer
    detail: str | None


class ScreeningView(TypedDict, closed=True):
    """The questions asked before a session, and what was decided."""

    id: UUID
    session_id: UUID
    patient_id: UUID
    rule_set: str
    answers: list[AnswerView]
    decision: ScreeningDecision
    decided_by: str
    decided_at: datetime
    override_reason: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class _AdverseEvent(TypedDict):
    id: UUID
    patient_id: UUID
    session_id: UUID | None
    episode_id: UUID | None
    kind: str
    close_call: bool
    severity: Severity
    expected: bool
    causality: str
    muscle: str | None
    side: Side | None
    occurred_at: datetime
    detected_at: datetime | None
    action: str | None
    outcome: str | None
    description: str
    version: int
    created_at: datetime
    updated_at: datetime


class AdverseEventView(_AdverseEvent, closed=True):
    """An adverse event, or a close call, which harmed nobody."""


class WrittenAdverseEventView(_AdverseEvent, closed=True):
    """An adverse event after a write, and the alert about it."""

    alert: RaisedAlertView | None
    """Null if it isn't serious, or if somebody has acknowledged the alert already."""
