"""Follow-ups as a kind of record."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from sqlalchemy import bindparam

from app.alerts.service import open_alert, raise_for
from app.alerts.views import AlertReason
from app.core.http.pages import Order
from app.core.operation import Operation
from app.core.values.faults import Fault
from app.followups import rules
from app.followups.models import FollowUp
from app.followups.schemas import FinishedFollowUpBody, FollowUpBody, FollowUpFilters
from app.followups.views import FollowUpView, FollowUpWindow, WrittenFollowUpView
from app.records.appearances import Appearances
from app.records.kinds import Fact, Facts, Kind, Reference
from app.sessions.rules.belonging import REPORT
from app.sessions.service import session_faults


class Derived(TypedDict):
    """The members that the server adds to a report."""

    patient_id: UUID
    hours_after: float
    window: FollowUpWindow


class FollowUps(Kind[FollowUpBody, FollowUpView]):
    """Reports after a session. A new one never replaces another."""

    noun = "follow_ups"
    singular = "follow_up"
    table = FollowUp
    body = FollowUpBody
    finished = FinishedFollowUpBody
    view = FollowUpView
    written = WrittenFollowUpView
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
        note=True,
    )

    def check(
        self, body: FollowUpBody, facts: Facts, current: FollowUpView | None
    ) -> Iterator[Fault]:
        """Yield faults unless the session was attended, isn't void and came before the report."""
        del current
        if body.session_id is None:
            yield Fault("/session_id", "missing", "A report needs a session.")
            return
        imported = isinstance(body, FinishedFollowUpBody)
        yield from session_faults(
            REPORT, facts, body.session_id, "reported_at", body.reported_at, imported=imported
        )

    def happened(self, body: FollowUpBody) -> dict[str, datetime]:
        """Return when the patient reported."""
        return {"reported_at": body.reported_at}

    def derive(
        self, op: Operation, body: FollowUpBody, current: FollowUpView | None, facts: Facts
    ) -> Derived:
        """Add the session's patient, the hours after the session and their window."""
        del op, current
        session = facts["sessions", body.session_id] if body.session_id else Fact()
        if session.patient_id is None or session.at is None:
            raise AssertionError
        # A report of which only the day is known may stand at the midnight before the session.
        hours = max(0, rules.hours_after(session.at, body.reported_at))
        return {
            "patient_id": session.patient_id,
            "hours_after": round(hours, 4),
            "window": rules.window(hours),
        }

    def alarms(self, view: FollowUpView) -> Sequence[AlertReason]:
        """Return the red flags, each of which is a reason for an alert."""
        return view["red_flags"]

    def created(self, op: Operation, views: Sequence[FollowUpView]) -> None:
        """Raise an alert for each report with a red flag."""
        raise_for(op, self, views)

    def answer_to_write(self, op: Operation, view: FollowUpView) -> WrittenFollowUpView:
        """Add the alert that it raised."""
        return {**view, "alert": open_alert(op, self, view)}


FOLLOW_UPS = FollowUps()
