"""Who is told next, and when. Pure.

Those on duty are told first, then the others, in the clinic's order. A recipient who was told has
15 minutes; then the next one is told. After one who can't be reached, the next one is told at once,
and the one is tried again after everybody else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from app.clinics.rules import are_on
from app.clinics.views import AlertRecipientView
from app.deliveries.views import Next

ESCALATED_AFTER: Final = timedelta(minutes=15)
"""How long somebody who was told has until the next one is told."""
ROUND_AFTER: Final = timedelta(hours=1)
"""How long after everybody was told the next round begins, on the first day."""
LATER_ROUND_AFTER: Final = timedelta(days=1)
"""The same on later days."""
FIRST_DAY: Final = timedelta(days=1)
TOLD_FOR: Final = timedelta(days=30)
"""After so long nobody is told any more. What is open stays in the console's list."""
AGAIN_AFTER: Final = timedelta(minutes=1)
"""The pause before those who couldn't be reached are tried again. It doubles each time, up to
`AGAIN_AFTER_MAX`."""
AGAIN_AFTER_MAX: Final = timedelta(minutes=15)
AGAIN_MAX: Final = 6
"""How often they are tried again in a round in which somebody else was reached: for 45 minutes.
The next round begins 15 minutes later, so about an hour after everybody was told."""
LATE_AFTER: Final = timedelta(minutes=5)
"""A first message that is sent later than this says that it is late."""


@dataclass(frozen=True, slots=True)
class Telling:
    """How far people have been told of one thing."""

    raised_at: datetime
    told_at: datetime | None = None
    """When the first message was sent; None before."""
    round: int = 1
    tried: tuple[str, ...] = ()
    """Who needs no message of this round any more, or was tried since the last pause."""
    missed: tuple[str, ...] = ()
    """Who of them couldn't be reached."""
    failures: int = 0
    """How often in a row somebody was tried in vain, with a pause after it."""


@dataclass(frozen=True, slots=True)
class Step:
    """What follows an attempt."""

    telling: Telling
    due_at: datetime | None
    """When the next message is due; None if there is none."""


def in_order(
    recipients: Sequence[AlertRecipientView], at: datetime, zone: ZoneInfo
) -> list[AlertRecipientView]:
    """Return the recipients in the order in which they are told: those on duty first."""
    local = at.astimezone(zone)
    return sorted(recipients, key=lambda each: not is_on_duty(each, local))


def is_on_duty(recipient: AlertRecipientView, local: datetime) -> bool:
    """Return whether a recipient is on duty at a time of the clinic's zone."""
    return not recipient["hours"] or are_on(recipient["hours"], local)


def opened(telling: Telling, recipients: Sequence[AlertRecipientView]) -> Telling:
    """Return the telling at the time of its next message.

    If everybody was tried already, because the list has become shorter, the next round begins.
    """
    if all(each["name"] in telling.tried for each in recipients):
        return _next_round(telling)
    return telling


def next_recipient(
    telling: Telling, recipients: Sequence[AlertRecipientView], at: datetime, zone: ZoneInfo
) -> AlertRecipientView | None:
    """Return who is told next; None if everybody was tried, or if there are no recipients."""
    ordered = in_order(recipients, at, zone)
    return next((each for each in ordered if each["name"] not in telling.tried), None)


def after(
    telling: Telling,
    recipients: Sequence[AlertRecipientView],
    name: str,
    at: datetime,
    *,
    sent: bool,
) -> Step:
    """Return what follows an attempt to tell the recipient with this name."""
    told = replace(
        telling,
        told_at=telling.told_at or (at if sent else None),
        tried=(*telling.tried, name),
        missed=telling.missed if sent else (*telling.missed, name),
        failures=0 if sent else telling.failures,
    )
    if any(each["name"] not in told.tried for each in recipients):
        return Step(told, at + ESCALATED_AFTER if sent else at)
    age = at - told.raised_at
    if age > TOLD_FOR:
        return Step(told, None)
    reached = tuple(each for each in told.tried if each not in told.missed)
    pause = min(AGAIN_AFTER * 2 ** min(told.failures, 10), AGAIN_AFTER_MAX)
    is_last_try = reached and told.failures >= AGAIN_MAX
    if is_last_try or not told.missed:
        if age >= FIRST_DAY:
            pause = LATER_ROUND_AFTER
        elif not is_last_try:
            pause = ROUND_AFTER
        return Step(_next_round(told), at + pause)
    again = replace(told, tried=reached, missed=(), failures=told.failures + 1)
    return Step(again, at + pause)


def what_follows(
    telling: Telling, recipients: Sequence[AlertRecipientView], name: str, at: datetime
) -> Next:
    """Return what follows a message to the recipient with this name if nobody acknowledges."""
    told = {*telling.tried, name}
    if any(each["name"] not in told for each in recipients):
        return "person"
    age = at - telling.raised_at
    if age > TOLD_FOR:
        return "nothing"
    if telling.missed:
        return "missed"
    return "round" if age < FIRST_DAY else "later_round"


def is_late(telling: Telling, at: datetime) -> bool:
    """Return whether a message would be the first one, and comes too late."""
    return telling.told_at is None and at - telling.raised_at > LATE_AFTER


def message_id(item_id: UUID, telling: Telling, name: str) -> UUID:
    """Return the id of a message. It is the same in each attempt, so a repeat can be recognised."""
    return uuid5(item_id, f"{telling.round}/{name}")


def _next_round(telling: Telling) -> Telling:
    return replace(telling, round=telling.round + 1, tried=(), missed=(), failures=0)
