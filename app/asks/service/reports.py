"""Reports about a visit: a sign of danger counts even if the report can't be stored."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import NamedTuple
from uuid import UUID

from app.alerts.service import Alarm, Source, raise_alerts, taking_over
from app.alerts.views import RedFlag
from app.core.operation import Operation
from app.core.values.clock import uuid7
from app.followups.schemas import FollowUpBody
from app.followups.service import FOLLOW_UPS
from app.followups.views import FollowUpView
from app.records.service import create_one


class Reported(NamedTuple):
    """What a report is about, before it is stored."""

    of: Source
    """What led to the report: an ask, or the session itself."""
    patient_id: UUID
    session_id: UUID


def store_report(op: Operation, about: Reported, body: FollowUpBody) -> FollowUpView:
    """Store a report, or raise `Invalid`.

    An open alert about red flags of a report that could not be stored becomes this report's.
    """
    of_report = FOLLOW_UPS.noun, uuid7()
    report = body.model_copy(update={"id": of_report[1], "session_id": about.session_id})
    with taking_over(op, about.of, of_report) if body.red_flags else nullcontext():
        view, _ = create_one(op, FOLLOW_UPS, report)
    return view


def alarm(op: Operation, about: Reported, red_flags: Sequence[RedFlag]) -> UUID:
    """Raise the alert about red flags of a report that can't be stored, and return its id."""
    source = Alarm(*about.of, red_flags, about.patient_id, about.session_id)
    [id_] = raise_alerts(op, [source])
    return id_
