"""Reports about the visit of an ask: a sign of danger counts even if the report can't be stored."""

from collections.abc import Sequence
from contextlib import nullcontext
from uuid import UUID

from app.alerts.service import Alarm, raise_alerts, taking_over
from app.alerts.views import RedFlag
from app.asks.service import ASKS
from app.core.operation import Operation
from app.core.values.clock import uuid7
from app.followups.schemas import FollowUpBody
from app.followups.service import FOLLOW_UPS
from app.followups.views import FollowUpView
from app.records.service import create_one


def store_report(op: Operation, ask_id: UUID, body: FollowUpBody) -> FollowUpView:
    """Store a report about an ask's visit, or raise `Invalid`.

    An open alert about red flags of a report that could not be stored becomes this report's.
    """
    of_ask, of_report = (ASKS.noun, ask_id), (FOLLOW_UPS.noun, uuid7())
    report = body.model_copy(update={"id": of_report[1]})
    with taking_over(op, of_ask, of_report) if body.red_flags else nullcontext():
        view, _ = create_one(op, FOLLOW_UPS, report)
    return view


def alarm(
    op: Operation, ask_id: UUID, patient_id: UUID, session_id: UUID, red_flags: Sequence[RedFlag]
) -> UUID:
    """Raise the alert about red flags of a report that can't be stored, and return its id."""
    source = Alarm(ASKS.noun, ask_id, red_flags, patient_id, session_id)
    [id_] = raise_alerts(op, [source])
    return id_
