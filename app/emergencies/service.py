"""Begin, end and review emergency access."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from prometheus_client import Counter
from sqlalchemy import bindparam, insert, update

from app.alerts.service import Alarm, raise_alerts
from app.auth.activity import is_behind
from app.auth.models import Client, Emergency
from app.auth.queries import open_emergency
from app.core.operation import CLINIC, Operation, rows
from app.core.values.clock import uuid7
from app.core.values.problems import Forbidden
from app.emergencies.errors import EmergencyNotOver, EmergencyOpen
from app.emergencies.queries import REVIEW, emergency, openings_since
from app.emergencies.rules import SERIES_MIN, SERIES_WITHIN
from app.emergencies.schemas import EmergencyBody, EmergencyView
from app.ledger import service as ledger

SERIES: Final = Counter(
    "needlework_emergency_series",
    "Emergency access that was the fourth or a later one within an hour,"
    " of one practitioner or of all of a clinic.",
    ["by"],
)
_CLIENT = rows(Client, Client.id).where(Client.id == bindparam("id")).with_for_update()
_END = (
    update(Emergency)
    .where(Emergency.clinic_id == CLINIC, Emergency.id == bindparam("this"))
    .values(ended_at=bindparam("at"))
)


def begin(op: Operation, body: EmergencyBody) -> EmergencyView:
    """Let the calling client read all clinical data, for the minutes in the body.

    Raises `EmergencyOpen` if it has emergency access already.
    """
    client_id, practitioner_id = op.caller.client_id, op.caller.practitioner_id
    if client_id is None or practitioner_id is None:
        raise AssertionError
    op.first(_CLIENT, id=client_id)  # lock: a second request of this client waits here
    there = open_emergency(op.db, op.caller, op.at)
    if there is not None:
        raise EmergencyOpen(there)
    begun: EmergencyView = {
        "id": uuid7(),
        "client_id": client_id,
        "practitioner_id": practitioner_id,
        "reason": body.reason,
        "opened_at": op.at,
        "ends_at": op.at + timedelta(minutes=body.minutes),
        "ended_at": None,
    }
    op.db.execute(insert(Emergency), {**begun, "clinic_id": op.clinic_id})
    ledger.record_rights_change(op, "emergencies", begun, reason=body.reason)
    op.stale_clients.add(client_id)
    _raise_series(op, practitioner_id)
    return begun


def _raise_series(op: Operation, practitioner_id: UUID) -> None:
    """Count the opening in the metric if it is at least the fourth within an hour, and alert.

    A series of one practitioner raises an alert about them, and one of several about the clinic.
    Further openings join the alert while it is open.
    """
    recent = openings_since(op, op.at - SERIES_WITHIN)
    own = sum(opening.practitioner_id == practitioner_id for opening in recent)
    for label, count in (("practitioner", own), ("clinic", len(recent))):
        if count >= SERIES_MIN:
            op.before_commit.append(SERIES.labels(label).inc)
    if own >= SERIES_MIN:
        raise_alerts(op, [Alarm("practitioners", practitioner_id, ["emergency_series"])])
    elif len(recent) >= SERIES_MIN:
        raise_alerts(op, [Alarm("clinics", op.clinic_id, ["emergency_series"])])


def end(op: Operation, id: UUID, reason: str | None = None) -> EmergencyView:
    """End emergency access early; `NotFound` if this clinic has none with this id. Idempotent."""
    found = emergency(op, id, for_update=True)
    if found["ended_at"] is None and op.at < found["ends_at"]:
        found["ended_at"] = op.at
        op.run(_END, {"this": id, "at": op.at})
        ledger.record_rights_change(
            op, "emergencies", found, operation="emergencies.end", reason=reason
        )
        op.stale_clients.add(found["client_id"])
    return found


def review(op: Operation, id: UUID, note: str) -> EmergencyView:
    """Record that somebody reviewed emergency access, and what they found.

    Raises `NotFound`, `EmergencyNotOver`, or `Forbidden` for the practitioner who had it and
    for every client that they made.
    """
    found = emergency(op, id, for_update=True)
    if is_behind(op.db, op.caller, found["practitioner_id"]):
        raise Forbidden(
            "Nobody reviews their own emergency access, not with a client or account that they"
            " made either."
        )
    if found["ended_at"] is None and op.at < found["ends_at"]:
        raise EmergencyNotOver
    ledger.record_rights_change(op, "emergencies", found, reason=note, operation=REVIEW)
    return found
