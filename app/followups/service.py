"""Follow-ups as a kind of record."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import bindparam

from app.core.faults import Fault
from app.core.operation import Operation
from app.core.pages import Order
from app.followups import rules
from app.followups.models import FollowUp
from app.followups.schemas import (
    FinishedFollowUpBody,
    FollowUpBody,
    FollowUpFilters,
    FollowUpView,
)
from app.records.kinds import Appearances, Facts, Kind, Reference, Viewed
from app.sessions.service import alert


class FollowUps(Kind[FollowUpBody]):
    """Reports after a session. A new one stands beside the others, never in their place."""

    noun = "follow_ups"
    singular = "follow_up"
    table = FollowUp
    body = FollowUpBody
    finished = FinishedFollowUpBody
    view = FollowUpView
    filters = FollowUpFilters
    order = Order((FollowUp.reported_at, FollowUp.id))
    references = (Reference("session_id", "sessions"),)
    conditions = {"session_id": FollowUp.session_id == bindparam("session_id")}
    appears = Appearances(
        rows=True,
        table=True,
        timeline=FollowUp.reported_at,
        chart_summary=True,
        console=True,
    )

    def check(self, body: FollowUpBody, facts: Facts) -> Iterator[Fault]:
        """A report belongs to an attended session that is not void, and is not made before it."""
        if body.session_id is None:
            yield Fault("/session_id", "missing", "A report belongs to a session.")
            return
        session = facts.get(("sessions", body.session_id))
        if session is None or session.at is None:
            return
        if session.state == "void":
            if not isinstance(body, FinishedFollowUpBody):
                yield Fault("/session_id", "session_void", "That session is void.")
        elif session.state != "attended":
            yield Fault("/session_id", "not_attended", "That visit was not attended.")
        if body.reported_at < session.at:
            yield Fault("/reported_at", "before_session", "A report is not before its session.")

    def derive(self, op: Operation, view: Viewed, facts: Facts) -> None:
        """Add whose report it is, and the hours that really passed."""
        del op
        session = facts["sessions", view["session_id"]]
        if session.at is None:
            raise AssertionError
        view["patient_id"] = session.patient_id
        hours = rules.hours_after(session.at, view["reported_at"])
        view["hours_after"] = round(hours, 4)
        view["window"] = rules.window(hours)

    def created(self, op: Operation, views: list[Viewed]) -> None:
        """Any red flag raises its session's alert."""
        alarming: set[UUID] = {view["session_id"] for view in views if view["red_flags"]}
        for session_id in sorted(alarming):
            alert(op, session_id)


FOLLOW_UPS = FollowUps()
