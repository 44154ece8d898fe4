"""Bodies and filters of alerts."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator

from app.alerts import rules
from app.alerts.views import AlertAction, AlertReason, AlertStatus
from app.core.http.pages import Filters
from app.core.values.wire import Body, Code, Statement, example
from app.records.schemas import RecordBody


class AlertSourceBody(Body):
    """What raised an alert."""

    resource: Code
    id: UUID


class AlertBody(RecordBody):
    """An alert as the server raises it. No client can send one."""

    patient_id: UUID | None = None
    session_id: UUID | None = None
    source: AlertSourceBody
    reasons: Annotated[list[AlertReason], Field(min_length=1, max_length=rules.REASONS_MAX)]


class AlertFilters(Filters):
    """The filters of the list of alerts, which begins with the newest."""

    status: AlertStatus | None = None
    """Only open ones, or only acknowledged ones."""
    patient_id: UUID | None = None
    """Only alerts about this patient."""
    session_id: UUID | None = None
    """Only alerts about this session."""


class AcknowledgeBody(Body):
    """What somebody did about an alert."""

    model_config = example(action="called", note="Feels well, breathes freely. Will call again.")

    action: AlertAction
    """What was done."""
    note: Annotated[
        Statement | None,
        Field(description="Needed if the action is `other`.", validate_default=True),
    ] = None
    """What was found or agreed, in words; null for nothing."""

    @field_validator("note")
    @classmethod
    def _said(cls, note: str | None, info: ValidationInfo) -> str | None:
        rules.check_said(info.data.get("action"), note)
        return note


class AlertNoteBody(Body):
    """A note to add to an alert."""

    model_config = example(note="That call was about another patient. Called again at 9:40.")

    note: Statement
    """What there is to say, in words."""
