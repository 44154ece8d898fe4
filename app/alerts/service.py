"""Alerts as a kind of record: the server raises them, and people acknowledge them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, NamedTuple, TypedDict, cast
from uuid import UUID

from sqlalchemy import bindparam, func, insert

from app.alerts import rules
from app.alerts.errors import AlertAcknowledged, AlertNotesFull
from app.alerts.models import Alert
from app.alerts.schemas import (
    AcknowledgeBody,
    AlertBody,
    AlertFilters,
    AlertNoteBody,
    AlertSourceBody,
)
from app.alerts.views import (
    AlertAction,
    AlertNoteView,
    AlertReason,
    AlertStatus,
    AlertView,
    RaisedAlertView,
)
from app.auth.activity import is_behind
from app.clinics.queries import clinic
from app.clinics.rules import are_on, next_opening
from app.core.db.dialects import among
from app.core.http.pages import Order
from app.core.operation import Operation, rows
from app.core.values.access import Scope
from app.core.values.problems import Forbidden, Invalid
from app.deliveries import channels
from app.deliveries import service as deliveries
from app.ledger import service as ledger
from app.records import service as records
from app.records.appearances import Appearances, LeftOut
from app.records.kinds import Facts, Kind, V
from app.records.models import FoundDifference
from app.records.reports import Difference


class Derived(TypedDict, total=False):
    """The members of an alert that only the server sets."""

    raised_at: datetime
    status: AlertStatus
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    action: AlertAction | None
    note: str | None
    notes: list[AlertNoteView]


class Alerts(Kind[AlertBody, AlertView]):
    """Alerts. No client makes or edits one."""

    noun = "alerts"
    singular = "alert"
    table = Alert
    body = AlertBody
    view = AlertView
    filters = AlertFilters
    order = Order((Alert.raised_at, Alert.id), descending=True)
    # No references: an alert that was acknowledged must not keep its session from being corrected.
    conditions = {
        "status": Alert.status == bindparam("status"),
        "patient_id": Alert.patient_id == bindparam("patient_id"),
        "session_id": Alert.session_id == bindparam("session_id"),
    }
    appears = Appearances(
        rows=LeftOut(
            "Only the server raises alerts. An import says how many it would have raised."
        ),
        table=True,
        timeline=Alert.raised_at,
        chart_summary=True,
        console=True,
        note=LeftOut("The note shows the report or event that raised it."),
    )

    def derive(
        self, op: Operation, body: AlertBody, current: AlertView | None, facts: Facts
    ) -> Derived:
        """Add the state of a new alert."""
        del body, facts
        if current is not None:
            return Derived()
        return Derived(
            raised_at=op.at,
            status="open",
            acknowledged_by=None,
            acknowledged_at=None,
            action=None,
            note=None,
            notes=[],
        )

    def created(self, op: Operation, views: Sequence[AlertView]) -> None:
        """Let the clinic's recipients be told, within seconds of the commit."""
        for view in views:
            deliveries.announce(op, self.noun, view["id"])

    def row(self, op: Operation, view: AlertView) -> dict[str, Any]:
        """Return the row, with the text by which the source is found."""
        source = view["source"]
        row = super().row(op, view)
        # The JSON column holds what the answer has: an id as text.
        row["source"] = {"resource": source["resource"], "id": str(source["id"])}
        row["source_key"] = rules.source_key(source["resource"], source["id"])
        return row


ALERTS: Final = Alerts()
_OPEN = (
    rows(Alert, Alert.id)
    .where(Alert.source_key == bindparam("source"), Alert.status == "open")
    .with_for_update()
)

ALERTS_MAX: Final = 10
"""How many differences of a clinic have an alert each. One for the clinic stands for further ones:
somebody who damages thousands of rows must not hide the alerts about patients."""
_HOW_MANY: Final = rows(FoundDifference, func.count())
_KNOWN: Final = rows(FoundDifference, FoundDifference.resource, FoundDifference.resource_id).where(
    among(FoundDifference.resource_id, "ids")
)
_DIFFERS: Final[Sequence[AlertReason]] = ("differs_from_ledger",)


Source = tuple[str, UUID]
"""What an alert is about: the noun of a kind, and the id of its record."""


class Alarm(NamedTuple):
    """What an alert is to be raised about, and why."""

    resource: str
    """The resource of the source, as in the ledger."""
    id: UUID
    """The id of the source."""
    reasons: Sequence[AlertReason]
    patient_id: UUID | None = None
    session_id: UUID | None = None

    @property
    def key(self) -> str:
        """The source as one text."""
        return rules.source_key(self.resource, self.id)


def raise_for(op: Operation, kind: Kind[Any, V], views: Iterable[V]) -> None:
    """Raise an alert for each of these records that has a reason for one."""
    raise_alerts(
        op,
        [
            Alarm(
                kind.noun,
                view["id"],
                cast("Sequence[AlertReason]", reasons),
                kind.patient_of(view),
                cast("Mapping[str, Any]", view).get("session_id"),
            )
            for view in views
            if (reasons := kind.alarms(view))
        ],
    )


def raise_alerts(op: Operation, alarms: Iterable[Alarm]) -> list[UUID]:
    """Raise alerts in this transaction, and return their ids, in the order of the sources.

    If the source has an open alert, the reasons join it, and it follows the source to its patient.
    Where another operation raises the same alert at once, this one loses the race and runs again.
    """
    raised = []
    # In one order, so that two operations never wait for each other.
    for alarm in sorted(alarms, key=lambda alarm: alarm.key):
        found = op.first(_OPEN, source=alarm.key)
        raised.append(_raise(op, alarm) if found is None else _join(op, found.id, alarm))
    return raised


def _raise(op: Operation, alarm: Alarm) -> UUID:
    body = AlertBody(
        patient_id=alarm.patient_id,
        session_id=alarm.session_id,
        source=AlertSourceBody(resource=alarm.resource, id=alarm.id),
        reasons=list(alarm.reasons),
    )
    view, _ = records.create_one(op, ALERTS, body)
    return view["id"]


def _join(op: Operation, id_: UUID, alarm: Alarm) -> UUID:
    alert = records.lock_for_server(op, ALERTS, id_)
    changes = {
        "patient_id": alarm.patient_id,
        "session_id": alarm.session_id,
        "reasons": rules.joined(alert["reasons"], alarm.reasons),
    }
    records.store(op, ALERTS, alert, changes, operation="alerts.join")
    return id_


def move_alert(op: Operation, source: Source, to: Source) -> bool:
    """Give the open alert of a source another one, and return whether there is such an alert."""
    found = op.first(_OPEN, source=rules.source_key(*source))
    if found is None:
        return False
    alert = records.lock_for_server(op, ALERTS, found.id)
    changes = {"source": {"resource": to[0], "id": to[1]}}
    records.store(op, ALERTS, alert, changes, operation="alerts.join")
    return True


@contextmanager
def taking_over(op: Operation, source: Source, to: Source) -> Iterator[None]:
    """Give the open alert of a source another one, unless the block raises `Invalid`.

    The alert about a form that was refused becomes that of the record which is stored at last.
    """
    moved = move_alert(op, source, to)
    try:
        yield
    except Invalid:
        if moved:
            move_alert(op, to, source)
        raise


def open_alert(op: Operation, kind: Kind[Any, V], view: V) -> RaisedAlertView | None:
    """Return the open alert about a record, for whoever raised it; None if there is none."""
    if not kind.alarms(view):
        return None
    found = op.first(_OPEN, source=rules.source_key(kind.noun, view["id"]))
    return None if found is None else raised(op, found.id)


def raised(op: Operation, id_: UUID) -> RaisedAlertView:
    """Return an open alert as whoever raised it is told of it: what it does, and whom to call."""
    here = clinic(op)
    zone = op.take_zone(here["time_zone"])
    told = sum(map(channels.is_set_up, here["alert_recipients"]))
    is_open = are_on(here["hours"], op.at.astimezone(zone))
    opening = None if is_open else next_opening(here["hours"], op.at, zone)
    notice = rules.nobody_told(opening, here["emergency_number"], is_open=is_open)
    return {
        "id": id_,
        "recipients": told,
        "notice": None if told else notice,
        "emergency_number": here["emergency_number"],
    }


def acknowledge(op: Operation, id: UUID, body: AcknowledgeBody) -> AlertView:
    """Acknowledge an alert: somebody has looked, and says what they did.

    Raises `NotFound`, `AlertAcknowledged`, or `Forbidden` with a `refusal`. An alert
    that differs from the ledger can be acknowledged: a person must not wait for a repair.
    """
    alert = records.lock_for_server(op, ALERTS, id)
    _require_may_settle(op, alert)
    if alert["status"] == "acknowledged":
        first: Mapping[str, Any] = alert
        named = ("acknowledged_by", "acknowledged_at", "action")
        raise AlertAcknowledged(**{name: first[name] for name in named})
    settled = Derived(
        status="acknowledged",
        acknowledged_by=op.caller.actor,
        acknowledged_at=op.at,
        action=body.action,
        note=body.note,
    )
    deliveries.settle(op, ALERTS.noun, id)
    return records.store(op, ALERTS, alert, settled)


def add_note(op: Operation, id: UUID, body: AlertNoteBody) -> AlertView:
    """Add a note to an alert, open or acknowledged. It doesn't acknowledge the alert.

    Raises `NotFound`, `AlertNotesFull`, or `Forbidden` with a `refusal`.
    """
    alert = records.lock_for_server(op, ALERTS, id)
    _require_may_settle(op, alert)
    if len(alert["notes"]) >= rules.NOTES_MAX:
        raise AlertNotesFull
    added = AlertNoteView(note=body.note, written_by=op.caller.actor, written_at=op.at)
    return records.store(op, ALERTS, alert, Derived(notes=[*alert["notes"], added]))


def refusal(op: Operation, alert: AlertView) -> str | None:
    """Return why the caller may not acknowledge an alert; None if they may.

    An alert about emergency access is for those who review it, except those whose access it was
    and the clients and accounts that these made.
    """
    if not op.caller.may(Scope.ALERTS_WRITE):
        return f"This needs {Scope.ALERTS_WRITE}."
    if "emergency_series" not in alert["reasons"]:
        return None
    if not op.caller.may(Scope.EMERGENCY_REVIEWS_WRITE):
        return "Only those who review emergency access answer this alert."
    if is_behind(op.db, op.caller, UUID(str(alert["source"]["id"]))):
        return (
            "Nobody answers the alert about their own emergency access, not with a client or"
            " account that they made either."
        )
    return None


def _require_may_settle(op: Operation, alert: AlertView) -> None:
    refused = refusal(op, alert)
    if refused is not None:
        raise Forbidden(refused)


def report_differences(op: Operation, found: Sequence[Difference]) -> None:
    """Record differences in the ledger, and remember those that are new, in this transaction.

    Every time has its entry. There is an alert only for the first time, until the row is repaired.
    """
    for difference in found:
        ledger.record_difference(op, *difference)
    known = set(map(tuple, op.all(_KNOWN, ids=[each.resource_id for each in found])))
    new = [each for each in found if (each.resource, each.resource_id) not in known]
    store_differences(op, new)


def store_differences(op: Operation, new: Sequence[Difference], *, alerting: bool = True) -> None:
    """Store differences that are new, and raise an alert for each, or for the clinic if many."""
    alarms = _alarms_of(op, new) if alerting else []
    # First the rows: the alert that is stored next may differ itself, and be reported here.
    for difference in new:
        row = {"clinic_id": op.clinic_id, "found_at": op.at, **difference._asdict()}
        op.db.execute(insert(FoundDifference), row)
    raise_alerts(op, alarms)


def _alarms_of(op: Operation, new: Sequence[Difference]) -> list[Alarm]:
    [(count,)] = op.all(_HOW_MANY)
    alone, more = new[: max(0, ALERTS_MAX - count)], new[max(0, ALERTS_MAX - count) :]
    found = [Alarm(each.resource, each.resource_id, _DIFFERS) for each in alone]
    return [*found, Alarm("clinics", op.clinic_id, _DIFFERS)] if more else found
