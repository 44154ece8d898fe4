"""Bodies and filters of asks."""

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime

from app.asks.views import AskStatus, AttemptOutcome
from app.core.http.pages import Filters
from app.core.values.wire import Body, Line, Statement, example
from app.records.schemas import Language, RecordBody
from app.safety.views import MessageChannel


class AskBody(RecordBody):
    """An ask as the server plans it. No client can send one."""

    session_id: UUID
    patient_id: UUID
    due_at: AwareDatetime | None = None
    channel: MessageChannel
    language: Language


class AskFilters(Filters):
    """The filters of the list of asks, which begins with the newest."""

    due: bool | None = None
    """Whether no message went yet: the asks with the status `due`, or all others."""
    status: AskStatus | None = None
    """Only asks with this status."""
    patient_id: UUID | None = None
    """Only asks to this patient."""
    session_id: UUID | None = None
    """Only asks about this session."""

    def values(self) -> dict[str, Any]:
        """Return the filters, with one name for those that are due and one for the others."""
        values = super().values()
        is_due = values.pop("due", None)
        if is_due is not None:
            values["due" if is_due else "not_due"] = True
        return values


class CancelBody(Body):
    """Why nobody is to ask."""

    model_config = example(note="She called this morning and is well.")

    note: Statement
    """The reason, in words."""


class DeliveryBody(Body):
    """What became of a message after it was handed over."""

    model_config = example(
        attempt_id="019a0000-0000-7000-8000-000000000009",
        status="failed",
        reason="The mailbox does not exist.",
    )

    attempt_id: UUID
    """The attempt: the `attempt_id` of a POST, or the first part of an e-mail's Message-ID."""
    status: AttemptOutcome
    """What became of it."""
    reason: Line | None = None
    """Why it failed, or where the patient opted out, in words for the clinic; null for nothing."""
