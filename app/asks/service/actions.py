"""What people and their programs do about an ask: send again, cancel, stop, tell of a delivery."""

import re
from datetime import UTC
from typing import Final
from uuid import UUID

from app.asks import queries, rules
from app.asks.errors import AskEnded, AskNotSendable
from app.asks.schemas import DeliveryBody
from app.asks.service import ASKS, Derived, change, obstacle, review
from app.asks.views import AskView, AttemptView
from app.core.operation import Operation
from app.core.values.faults import Fault
from app.core.values.problems import Invalid, NotFound
from app.records import service as records
from app.records.queries import record
from app.safety.schemas import ConsentBody
from app.safety.service import CONSENTS
from app.safety.views import MessageChannel

DIGITS_MIN: Final = 5
"""How many digits make a telephone number."""
AGAIN_MAX: Final = 3
"""How often people may send one ask again."""
ENDED: Final = ("answered", "cancelled")
BY_HAND: Final = None
"""In the ledger the operation has its own name."""


def send_again(op: Operation, id: UUID) -> AskView:
    """Let a message go within seconds: a person has chosen to, whatever went before.

    Quiet hours don't count, for the person knows what time it is. Raises `AskNotSendable`.
    """
    ask = records.lock_for_server(op, ASKS, id)
    refused = refusal(op, ask)
    if refused is not None:
        raise AskNotSendable(reason=refused)
    is_new = ask["status"] not in queries.OPEN
    status = ask["status"] if not is_new else "due" if ask["sent_at"] is None else "sent"
    changes = Derived(status=status, reason=None, note=None, next_at=op.at, next_kind="again")
    return change(op, ask, changes, BY_HAND)


def refusal(op: Operation, ask: AskView) -> str | None:
    """Return why no message may go; None if one may."""
    known = queries.known(op, ask["session_id"], ask["patient_id"])
    if known is None:
        raise NotFound
    if known.answer is not None:
        return "answered"
    reason = obstacle(op, known, ask["patient_id"])
    if reason is not None:
        return reason
    if any(attempt["status"] == "claimed" for attempt in ask["attempts"]):
        return "being_sent"
    if sum(attempt["kind"] == "again" for attempt in ask["attempts"]) >= AGAIN_MAX:
        return "too_often"
    ended_at, span = known.ended_at.astimezone(UTC), rules.SPANS["again"]
    if op.at < ended_at + span.begin:
        return "too_early"
    return "too_late" if op.at >= ended_at + span.end else None


def cancel(op: Operation, id: UUID, note: str) -> AskView:
    """Cancel an ask, also one that failed: a person has seen to it. Raises `AskEnded`.

    Links that went already stay good.
    """
    ask = records.lock_for_server(op, ASKS, id)
    if not may_cancel(ask):
        raise AskEnded(ask_status=ask["status"])
    if ask["reason"] == "not_me":  # it stays the reason why nothing goes to this address
        return change(op, ask, Derived(note=note), BY_HAND)
    changes = Derived(
        status="cancelled", reason="by_person", note=note, next_at=None, next_kind=None
    )
    return change(op, ask, changes, BY_HAND)


def may_cancel(ask: AskView) -> bool:
    """Return whether a person can still say that they have seen to an ask."""
    return ask["status"] not in ENDED or (ask["reason"] == "not_me" and ask["note"] is None)


def not_me(op: Operation, id: UUID) -> None:
    """End an ask whose message reached somebody else. The clinic sees the reason.

    Nothing more goes to the patient by this channel until their consent to messages is stored
    again or changed: so somebody has asked for the right address.
    """
    ask = records.lock_for_server(op, ASKS, id)
    changes = Derived(reason="not_me", next_at=None, next_kind=None)
    if ask["status"] != "answered":  # what was answered stays so, but maybe not by the patient
        changes["status"] = "cancelled"
    change(op, ask, changes)
    for other in queries.open_asks(op, ask["patient_id"]):
        review(op, other)


def stop_asking(op: Operation, id: UUID, by: str) -> None:
    """Withdraw the patient's consent to messages of the ask's channel. `by` is where they said so.

    All asks to the patient end with it, in the same transaction.
    """
    ask = record(op, ASKS, id)
    stop(op, ask["patient_id"], ask["channel"], by)


def stop(op: Operation, patient_id: UUID, channel: MessageChannel, by: str) -> None:
    """Withdraw a patient's consent to messages of a channel. Nothing changes if there is none."""
    consents = queries.message_consents(op, patient_id)
    if all(consent.decision != "given" for consent in consents if consent.channel == channel):
        return
    at = op.at.isoformat()
    body = ConsentBody(
        patient_id=patient_id,
        kind="messages",
        channel=channel,
        decision="withdrawn",
        form="electronic",
        given_by="The patient",
        obtained_by=by,
        obtained_at=at,  # type: ignore[arg-type]
        withdrawn_at=at,  # type: ignore[arg-type]
    )
    records.create_one(op, CONSENTS, body)


_MAIL_ADDRESS: Final = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+")
HIDDEN: Final = "[address]"


def _without_address(op: Operation, ask: AskView, reason: str | None) -> str | None:
    """Return a reason without addresses, which bounced mails often repeat.

    An ask holds no address: its list, feed and exports show none.
    """
    if reason is None:
        return None
    said = _MAIL_ADDRESS.sub(HIDDEN, reason)
    for consent in queries.message_consents(op, ask["patient_id"]):
        digits = re.sub(r"\D", "", consent.address or "")
        if consent.channel == "post" and len(digits) >= DIGITS_MIN:
            spaced = r"[\s().-]*".join(digits)
            said = re.sub(rf"\+?{spaced}", HIDDEN, said)
    return said


def tell(op: Operation, id: UUID, body: DeliveryBody) -> AskView:
    """Write down what became of a message after it was handed over, such as a bounce.

    The same twice changes nothing. Raises `Invalid` for an attempt that the ask doesn't have.
    """
    ask = records.lock_for_server(op, ASKS, id)
    attempt = next((each for each in ask["attempts"] if each["id"] == body.attempt_id), None)
    if attempt is None:
        fault = Fault("/attempt_id", "unknown_reference", "The ask has no such attempt.")
        raise Invalid([fault])
    if body.status == "opted_out":
        stop_asking(op, id, body.reason or "The clinic's own sender")
        return record(op, ASKS, id)
    went = body.status == "sent"
    told: AttemptView = {
        **attempt,
        "status": body.status,
        "reason": None if went else _without_address(op, ask, body.reason),
    }
    changes = Derived(
        attempts=[told if each["id"] == attempt["id"] else each for each in ask["attempts"]]
    )
    if went and ask["status"] in {"due", "unsure"}:
        changes |= Derived(status="sent", sent_at=ask["sent_at"] or attempt["at"])
    if not went and ask["status"] in queries.OPEN:
        changes |= Derived(status="failed", reason="bounced", next_at=None, next_kind=None)
    return change(op, ask, changes, BY_HAND)
