"""Asks as a kind of record. The server plans them, and people may cancel them."""

from datetime import datetime
from typing import Final, TypedDict
from uuid import UUID

from sqlalchemy import bindparam

from app.asks.models import Ask
from app.asks.schemas import AskBody, AskFilters
from app.asks.views import AskReason, AskStatus, AskView, AttemptKind, AttemptView
from app.core.http.pages import Order
from app.core.operation import Operation
from app.records.appearances import Appearances, LeftOut
from app.records.kinds import Facts, Kind
from app.safety.views import MessageChannel


class Derived(TypedDict, total=False):
    """The members of an ask that the server changes."""

    due_at: datetime | None
    channel: MessageChannel
    language: str
    status: AskStatus
    reason: AskReason | None
    note: str | None
    sent_at: datetime | None
    answered_by: UUID | None
    next_at: datetime | None
    next_kind: AttemptKind | None
    attempts: list[AttemptView]


class Asks(Kind[AskBody, AskView]):
    """Asks. No client makes or edits one."""

    noun = "asks"
    singular = "ask"
    table = Ask
    body = AskBody
    view = AskView
    filters = AskFilters
    order = Order((Ask.id,), descending=True)
    # No references: an ask must not keep its session from being corrected.
    conditions = {
        "due": Ask.status == "due",
        "not_due": Ask.status != "due",
        "status": Ask.status == bindparam("status"),
        "patient_id": Ask.patient_id == bindparam("patient_id"),
        "session_id": Ask.session_id == bindparam("session_id"),
    }
    appears = Appearances(
        rows=LeftOut("Only the server asks. Nobody is asked about a visit that is imported."),
        table=True,
        timeline=LeftOut("What the patient answers is on the timeline."),
        chart_summary=LeftOut("A summary shows what the patient answered, not who was asked."),
        console=LeftOut("The chart shows what the patient answered."),
    )

    def derive(
        self, op: Operation, body: AskBody, current: AskView | None, facts: Facts
    ) -> Derived:
        """Add the state of a new ask."""
        del op, facts
        if current is not None:
            return Derived()
        return Derived(
            status="expired" if body.due_at is None else "due",
            reason="no_moment" if body.due_at is None else None,
            note=None,
            sent_at=None,
            answered_by=None,
            next_at=body.due_at,
            next_kind=None if body.due_at is None else "first",
            attempts=[],
        )


ASKS: Final = Asks()
