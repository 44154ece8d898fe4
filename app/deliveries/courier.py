"""The courier: a background thread that sends what is due in the outboxes of all clinics.

Several processes may each run one. A courier claims an item in the database before it sends, so no
two send the same message. If it dies while it sends, another one takes the item when the claim has
ended. So a message about an alert is sent at least once, and a repeat has the same id.
"""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from prometheus_client import Gauge
from sqlalchemy import Row, bindparam, insert, update

from app.clinics.queries import clinic
from app.clinics.schemas import ClinicView
from app.clinics.views import AlertRecipientView
from app.core.db.database import Database
from app.core.http.logs import log
from app.core.operation import CLINIC, Operation, perform
from app.core.values.access import server
from app.core.values.clock import now, uuid7
from app.core.values.problems import LedgerDamaged
from app.deliveries import channels, queries, rules
from app.deliveries.errors import Undelivered
from app.deliveries.models import Delivery, OutboxItem
from app.deliveries.queries import Outbox
from app.deliveries.wording import Message
from app.ledger import service as ledger
from app.settings import settings

EVERY_S: Final = 2.0
CLAIMED_FOR: Final = timedelta(minutes=2)
"""Longer than any attempt takes: see `channels.TIMEOUT_S`."""
AT_A_TIME: Final = 20
"""How many messages of one clinic are sent before it is the next one's turn."""
SLOW_S: Final = 5.0
"""After an attempt that failed so slowly, its way is not tried again in the same turn: others must
not wait behind it."""
UNTOLD: Final = Gauge(
    "needlework_messages_waiting", "Alerts of all clinics of which nobody was told yet."
)
OLDEST: Final = Gauge(
    "needlework_messages_oldest_seconds",
    "How long the oldest alert has waited of which nobody was told yet; 0 if there is none.",
)
_CLAIM: Final = (
    update(OutboxItem)
    .where(OutboxItem.clinic_id == CLINIC, OutboxItem.id == bindparam("this"))
    .values(claimed_until=bindparam("until"))
)
_MOVE: Final = update(OutboxItem).where(
    OutboxItem.clinic_id == CLINIC, OutboxItem.id == bindparam("this")
)
_AGAIN: Final = update(Delivery).where(
    Delivery.clinic_id == CLINIC, Delivery.id == bindparam("this")
)


Work = Callable[[Database, threading.Event], None]
"""Sends what is due, until the event ends it."""


class Courier:
    """A background thread that sends messages every two seconds.

    Without other `work` it tells people of alerts. Each kind of work has a thread of its own.
    """

    def __init__(self, database: Database, work: Work | None = None, name: str = "courier") -> None:
        self._database = database
        self._work = work or deliver
        self._name = name
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop the thread after the present message, and wait for that."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(EVERY_S):
            try:
                self._work(self._database, self._end)
            except Exception as error:  # noqa: BLE001 - the next turn tries again
                log.warning(self._name, error=type(error).__name__)


class Claim(NamedTuple):
    """An item that this courier may send now, and to whom."""

    item: Row[Any]
    telling: rules.Telling
    recipient: AlertRecipientView
    clinic: ClinicView


Slow = dict[str, str]
"""The ways of sending that failed slowly in this turn of the courier, and why."""


def deliver(database: Database, end: threading.Event | None = None) -> None:
    """Send what is due in every clinic."""
    slow: Slow = {}
    with database.reading() as db:
        outboxes = queries.outboxes(db)
    _count(outboxes)
    for outbox in outboxes:
        if outbox.due_at <= now():
            try:
                deliver_in(database, outbox.clinic_id, end, slow)
            except Exception as error:  # noqa: BLE001 - one clinic must not stop the others
                clinic_id = str(outbox.clinic_id)
                log.warning("courier", clinic_id=clinic_id, error=type(error).__name__)


def deliver_in(
    database: Database,
    clinic_id: UUID,
    end: threading.Event | None = None,
    slow: Slow | None = None,
) -> None:
    """Send what is due in one clinic, at most `AT_A_TIME` messages."""
    slow = {} if slow is None else slow
    for _ in range(AT_A_TIME):
        if (end is not None and end.is_set()) or not _deliver_next(database, clinic_id, slow):
            break


def _count(outboxes: Sequence[Outbox]) -> None:
    UNTOLD.set(sum(outbox.untold for outbox in outboxes))
    since = [outbox.untold_since for outbox in outboxes if outbox.untold_since is not None]
    OLDEST.set((now() - min(since)).total_seconds() if since else 0)


def _deliver_next(database: Database, clinic_id: UUID, slow: Slow) -> bool:
    """Send the next message of a clinic that is due. Return whether there was one."""
    op = _operation(clinic_id)
    with database.reading(clinic_id) as db:
        op.begin(db)
        if not clinic(op)["alert_recipients"]:
            return False
    claim = perform(database, op, lambda: _claimed(op))
    if claim is None:
        return False
    reason = _sent(claim, slow)
    op = _operation(clinic_id)
    try:
        perform(database, op, lambda: _write_down(op, claim, reason, in_ledger=True))
    except LedgerDamaged as damage:
        # A damaged ledger takes no entry. The message must not be sent again for that reason.
        log.warning(damage.code, clinic_id=str(clinic_id))
        perform(database, op, lambda: _write_down(op, claim, reason, in_ledger=False))
    return True


def _operation(clinic_id: UUID) -> Operation:
    return Operation("deliveries.send", server(clinic_id, "courier"), str(uuid7()))


def _claimed(op: Operation) -> Claim | None:
    """Claim the next item that is due, so that no other courier sends it."""
    item = queries.next_item(op)
    here = clinic(op)
    recipients = here["alert_recipients"]
    if item is None or not recipients:
        return None
    op.run(_CLAIM, {"this": item.id, "until": op.at + CLAIMED_FOR})
    telling = rules.opened(queries.telling(item), recipients)
    recipient = rules.next_recipient(telling, recipients, op.at, op.take_zone(here["time_zone"]))
    if recipient is None:
        raise AssertionError
    return Claim(item, telling, recipient, here)


def _sent(claim: Claim, slow: Slow) -> str | None:
    """Send a message. Return why that failed, or None."""
    way = channels.way(claim.recipient)
    if way in slow:
        return slow[way]
    at, began_s = now(), time.monotonic()
    message = Message(
        id=rules.message_id(claim.item.id, claim.telling, claim.recipient["name"]),
        clinic_id=claim.item.clinic_id,
        clinic_name=claim.clinic["name"],
        resource=claim.item.resource,
        resource_id=claim.item.resource_id,
        raised_at=claim.item.raised_at,
        at=at,
        late=rules.is_late(claim.telling, at),
        repeated=claim.telling.told_at is not None,
        follows=rules.what_follows(
            claim.telling, claim.clinic["alert_recipients"], claim.recipient["name"], at
        ),
        public_url=settings().public_url,
    )
    try:
        channels.send(message, claim.recipient, ZoneInfo(claim.clinic["time_zone"]))
    except Undelivered as failure:
        log.warning("undelivered", channel=claim.recipient["channel"], reason=failure.reason)
        if time.monotonic() - began_s >= SLOW_S:
            slow[way] = failure.reason
        return failure.reason
    return None


def _write_down(op: Operation, claim: Claim, reason: str | None, *, in_ledger: bool) -> None:
    """Record the attempt, and when the next message is due."""
    item = queries.item(op, claim.item.id)
    if item is None:  # it was erased meanwhile, together with its record
        return
    recipients, name = clinic(op)["alert_recipients"], claim.recipient["name"]
    step = rules.after(claim.telling, recipients, name, op.at, sent=reason is None)
    told = step.telling
    values = {
        "status": "settled" if step.due_at is None else item.status,
        "due_at": step.due_at or op.at,
        "claimed_until": None,
        "told_at": told.told_at,
        "round": told.round,
        "tried": list(told.tried),
        "missed": list(told.missed),
        "failures": told.failures,
    }
    op.run(_MOVE.values(**values), {"this": item.id})
    if _record(op, claim, reason) and in_ledger:
        to = f"{claim.recipient['name']} by {claim.recipient['channel']}"
        said = f"sent to {to}" if reason is None else f"not sent to {to}: {reason}"
        ledger.record_delivery(op, claim.item.resource, claim.item.resource_id, said)


def _record(op: Operation, claim: Claim, reason: str | None) -> bool:
    """Record the attempt of a delivery. Return whether its status is a new one."""
    id_ = rules.message_id(claim.item.id, claim.telling, claim.recipient["name"])
    before = queries.delivery(op, id_)
    status = "sent" if reason is None else "failed"
    attempt = {"status": status, "at": op.at, "reason": reason}
    if before is None:
        row = {
            "clinic_id": op.clinic_id,
            "id": id_,
            "resource": claim.item.resource,
            "resource_id": claim.item.resource_id,
            "recipient": claim.recipient["name"],
            "channel": claim.recipient["channel"],
            "first_at": op.at,
            "attempts": 1,
        }
        op.db.execute(insert(Delivery), row | attempt)
    else:
        op.run(_AGAIN.values(**attempt, attempts=before.attempts + 1), {"this": id_})
    return before is None or before.status != status
