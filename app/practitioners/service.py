"""Practitioners as a kind of record, and what follows when one becomes inactive."""

from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

from sqlalchemy import bindparam

from app.core.operation import Operation
from app.core.values.clock import clinic_day, now
from app.core.values.faults import Fault
from app.core.values.wire import merge_patch
from app.practitioners import authority, rules
from app.practitioners.models import Practitioner, PractitionerIdentifier
from app.practitioners.schemas import (
    FinishedPractitionerBody,
    PractitionerBody,
    PractitionerFilters,
)
from app.practitioners.views import (
    PractitionerView,
    Status,
    WrittenPractitionerView,
)
from app.records import identifiers
from app.records.kinds import Appearances, Facts, Kind, LeftOut


class Derived(TypedDict):
    """The members that the server may set otherwise than the client."""

    status: Status
    inactive_from: Any


class Practitioners(Kind[PractitionerBody, PractitionerView]):
    """Practitioners. Sessions use their credentials, and the day they become inactive, as facts."""

    noun = "practitioners"
    singular = "practitioner"
    table = Practitioner
    body = PractitionerBody
    finished = FinishedPractitionerBody
    view = PractitionerView
    written = WrittenPractitionerView
    filters = PractitionerFilters
    identified_by = PractitionerIdentifier
    children = (identifiers.child(PractitionerIdentifier),)
    nested = identifiers.nested(PractitionerIdentifier, Practitioner)
    conditions = {
        "status": Practitioner.status == bindparam("status"),
        "identifier": identifiers.condition(PractitionerIdentifier, Practitioner),
    }
    appears = Appearances(
        rows=True,
        table=True,
        timeline=LeftOut("They belong to the clinic, not to a patient."),
        chart_summary=True,
        console=True,
    )
    facts = {
        "detail": Practitioner.__table__.c.credentials,
        "ends_on": Practitioner.__table__.c.inactive_from,
    }

    def check(
        self, body: PractitionerBody, facts: Facts, current: PractitionerView | None
    ) -> Iterator[Fault]:
        """Yield a fault if the status and the day that a client gives contradict each other."""
        del facts
        if isinstance(body, FinishedPractitionerBody) or _leaves_activity(body, current):
            return
        if rules.contradicts(body.given_status, body.inactive_from, clinic_day(now())):
            yield rules.CONTRADICTION

    def derive(
        self, op: Operation, body: PractitionerBody, current: PractitionerView | None, facts: Facts
    ) -> Derived:
        """Add the day to an inactive status, and the status to a day."""
        del facts
        today = clinic_day(op.at)
        was = None if current is None else rules.activity_of(current, today)
        activity = rules.next_activity(body.given_status, body.inactive_from, today, was)
        return Derived(status=activity.status, inactive_from=activity.inactive_from)

    def merged(self, current: PractitionerView, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Let a status that the patch leaves out follow the day, and the other way round."""
        was = rules.activity_of(current, clinic_day(now()))
        base = rules.merge_base(self.content(current), changes, was)
        merged: dict[str, Any] = merge_patch(base, changes)
        return merged

    def changed(self, op: Operation, current: PractitionerView, view: PractitionerView) -> None:
        """End the authority of a practitioner who is inactive now."""
        del current
        if view["status"] == "inactive":
            authority.end(op, view["id"])

    def answer_to_write(self, op: Operation, view: PractitionerView) -> WrittenPractitionerView:
        """Add what this write ended."""
        return {**view, "ended": authority.ended(op)}


def _leaves_activity(body: PractitionerBody, current: PractitionerView | None) -> bool:
    """Return whether a body leaves status and day as they are stored."""
    stored = current and (current["status"], current["inactive_from"])
    return stored == (body.status, body.inactive_from)


PRACTITIONERS = Practitioners()
