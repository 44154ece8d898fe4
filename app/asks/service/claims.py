"""Claim the next message of an ask, and write down what became of it. Each is one transaction.

Everything is checked again in the transaction that claims: what was written after the plan counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from app.asks import queries, rules
from app.asks.service import (
    ASKS,
    Derived,
    change,
    consent_for,
    ending,
    language,
    moved_to,
    quiet,
)
from app.asks.service.links import mint
from app.asks.views import AskView, AttemptKind, AttemptView
from app.clinics.queries import clinic
from app.clinics.schemas import ClinicView
from app.core.operation import Operation
from app.core.values.clock import uuid7
from app.deliveries import service as deliveries
from app.records import service as records
from app.safety.views import MessageChannel

CLAIMED_FOR: Final = timedelta(minutes=10)
"""After so long, whoever claimed an attempt has died, and nobody knows whether it went."""
AGAIN_AFTER: Final = timedelta(minutes=1)
"""The shortest pause before an attempt that failed is made again. It grows with the time since the
attempt was made first, so it doubles, up to `AGAIN_AFTER_MAX`."""
AGAIN_AFTER_MAX: Final = timedelta(hours=1)
CLAIMED: Final = "asks.claim"
SENT: Final = "asks.send_message"
DIED: Final = "The server stopped while it was sending. It may have gone or not."
OVERTAKEN: Final = "It was no longer wanted, so it was not sent."


@dataclass(frozen=True, slots=True)
class Claim:
    """An attempt that may be made now, and what it needs."""

    ask_id: UUID
    attempt: AttemptView
    clinic: ClinicView
    clinic_id: UUID
    visit_at: datetime
    address: str
    language: str
    token: str
    initial: str | None


def claimed(op: Operation, ask_id: UUID) -> Claim | None:
    """Claim the next message of an ask. Or settle the ask, or plan the message anew: then None.

    Locks the ask first and then its outbox item, as everybody does who changes an ask.
    """
    ask = records.lock_for_server(op, ASKS, ask_id)
    if not deliveries.claim(op, ASKS.noun, ask_id, op.at + CLAIMED_FOR):
        return None
    known = queries.known(op, ask["session_id"], ask["patient_id"])
    step = None if known is None else _next_step(op, ask, known)
    if known is None or isinstance(step, dict):
        if step:
            change(op, ask, step)
        deliveries.release(op, ASKS.noun, ask_id)
        return None
    return _claim(op, ask, known)


def _next_step(op: Operation, ask: AskView, known: rules.Known) -> Derived | None:
    """Return the changes to make in place of a message; None if a message may go now."""
    died = _died(ask)
    if died is not None:
        return died
    ended = ending(op, ask, known)
    if ended is not None:
        return ended
    kind = ask["next_kind"]
    if kind is None:
        if ask["status"] == "sent":
            return Derived(status="expired", reason="no_answer")
        return Derived()
    return _other_moment(op, ask, kind, known.ended_at.astimezone(UTC))


def _other_moment(
    op: Operation, ask: AskView, kind: AttemptKind, ended_at: datetime
) -> Derived | None:
    """Return the changes if this is no time for a message; None if it is."""
    if rules.is_within(kind, ended_at, op.at) and (kind == "again" or not quiet(op).at(op.at)):
        return None
    return moved_to(ask, rules.planned(kind, ended_at, op.at, quiet(op)))


def _died(ask: AskView) -> Derived | None:
    """Return the changes after whoever claimed an attempt died; None if nobody did.

    The clinic's own sender gets a message again under the same id, unless nobody wants it any more.
    An e-mail is never sent twice.
    """
    last = _last(ask)
    if last is None or last["status"] != "claimed":
        return None
    if last["channel"] == "post" and ask["next_kind"] is not None:
        return None
    attempts = _replaced(ask, {**last, "status": "unsure", "reason": DIED})
    if ask["status"] not in queries.OPEN:
        return Derived(attempts=attempts)
    return Derived(attempts=attempts, status="unsure", next_at=None, next_kind=None)


def _claim(op: Operation, ask: AskView, known: rules.Known) -> Claim:
    consent = consent_for(op, known, ask["patient_id"])
    if not isinstance(consent, rules.MessageConsent) or ask["next_kind"] is None:
        raise AssertionError
    channel, address = consent.channel or "email", consent.address or ""
    here = clinic(op)
    attempt = _attempt(op, ask, ask["next_kind"], channel)
    spoken = language(known, here["languages"])
    attempts = _replaced(ask, attempt)
    change(op, ask, Derived(attempts=attempts, channel=channel, language=spoken), CLAIMED)
    return Claim(
        ask_id=ask["id"],
        attempt=attempt,
        clinic=here,
        clinic_id=op.clinic_id,
        visit_at=known.occurred_at,
        address=address,
        language=spoken,
        token=mint(op, ask["id"], attempt["id"]),
        initial=queries.initial(op, ask["patient_id"], channel, address),
    )


def _attempt(
    op: Operation, ask: AskView, kind: AttemptKind, channel: MessageChannel
) -> AttemptView:
    """Return the attempt to make: the last one again if it did not go, else a new one."""
    last = _last(ask)
    is_again = (
        last is not None
        and (last["kind"], last["channel"]) == (kind, channel)
        and last["status"] in {"failed", "claimed"}
    )
    return {
        "id": last["id"] if last is not None and is_again else uuid7(),
        "at": op.at,
        "kind": kind,
        "channel": channel,
        "status": "claimed",
        "reason": None,
    }


def _last(ask: AskView) -> AttemptView | None:
    return ask["attempts"][-1] if ask["attempts"] else None


def _replaced(ask: AskView, attempt: AttemptView) -> list[AttemptView]:
    """Return the attempts of an ask with this one: a new one, or in the place of its earlier."""
    if any(each["id"] == attempt["id"] for each in ask["attempts"]):
        return [attempt if each["id"] == attempt["id"] else each for each in ask["attempts"]]
    return [*ask["attempts"], attempt]


def was_sent(op: Operation, claim: Claim) -> None:
    """Write down that a message was handed over, and plan the reminder."""
    ask, attempt = _locked(op, claim)
    changes = Derived(attempts=_replaced(ask, {**attempt, "status": "sent"}), sent_at=op.at)
    if ask["status"] in queries.OPEN:
        changes |= Derived(status="sent", next_at=None, next_kind=None)
        known = queries.known(op, ask["session_id"], ask["patient_id"])
        moment = None if known is None else _reminder(op, ask, known)
        if moment is not None:
            changes |= Derived(next_at=moment, next_kind="reminder")
    _finish(op, ask, changes)


def _reminder(op: Operation, ask: AskView, known: rules.Known) -> datetime | None:
    """Return when the reminder goes after a message that went just now; None if none goes.

    What a person sends again in the hours of the reminder stands for it.
    """
    ended_at = known.ended_at.astimezone(UTC)
    reminded = any(attempt["kind"] == "reminder" for attempt in ask["attempts"])
    if reminded or op.at >= ended_at + rules.SPANS["reminder"].begin:
        return None
    return rules.planned("reminder", ended_at, op.at, quiet(op))


def was_refused(op: Operation, claim: Claim, reason: str) -> None:
    """Write down that a message can never go to this address."""
    ask, attempt = _locked(op, claim)
    changes = _failed(ask, attempt, reason)
    if ask["status"] in queries.OPEN:
        changes |= Derived(status="failed", reason="refused", next_at=None, next_kind=None)
    _finish(op, ask, changes)


def may_have_gone(op: Operation, claim: Claim, reason: str) -> None:
    """Write down that nobody knows whether a message went. Only a person sends it again."""
    ask, attempt = _locked(op, claim)
    changes = Derived(attempts=_replaced(ask, {**attempt, "status": "unsure", "reason": reason}))
    if ask["status"] in queries.OPEN:
        changes |= Derived(status="unsure", next_at=None, next_kind=None)
    _finish(op, ask, changes)


def did_not_go(op: Operation, claim: Claim, reason: str) -> None:
    """Write down that a message did not go, and plan it again: the same attempt."""
    ask, attempt = _locked(op, claim)
    changes = _failed(ask, attempt, reason)
    if ask["next_kind"] is not None:
        since = op.at - rules.first_made(attempt["id"])
        changes |= Derived(next_at=op.at + min(max(since, AGAIN_AFTER), AGAIN_AFTER_MAX))
    _finish(op, ask, changes)


def was_overtaken(op: Operation, claim: Claim, reason: str = OVERTAKEN) -> None:
    """Write down that a message was not sent, because the ask had ended meanwhile."""
    ask, attempt = _locked(op, claim)
    _finish(op, ask, _failed(ask, attempt, reason))


def _locked(op: Operation, claim: Claim) -> tuple[AskView, AttemptView]:
    ask = records.lock_for_server(op, ASKS, claim.ask_id)
    [attempt] = (each for each in ask["attempts"] if each["id"] == claim.attempt["id"])
    return ask, attempt


def _failed(ask: AskView, attempt: AttemptView, reason: str) -> Derived:
    attempts: Sequence[AttemptView] = _replaced(
        ask, {**attempt, "status": "failed", "reason": reason}
    )
    return Derived(attempts=list(attempts))


def _finish(op: Operation, ask: AskView, changes: Derived) -> None:
    change(op, ask, changes, SENT)
    deliveries.release(op, ASKS.noun, ask["id"])
