"""Who is told next, and when. Pure.

Those on duty are told first, then the others, in the clinic's order. A recipient who was told has
15 minutes; then the next one is told. After one who can't be reached, the next one is told at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from app.clinics.rules import are_on
from app.clinics.views import AlertRecipientView

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
"""The pause after nobody could be reached. It doubles each time, up to `AGAIN_AFTER_MAX`."""
AGAIN_AFTER_MAX: Final = timedelta(minutes=15)
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
    """Who was tried in this round, since the last pause."""
    reached: bool = False
    """Whether a message of this round was sent."""
    failures: int = 0
    """How often in a row the whole list was tried in vain."""


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
        reached=telling.reached or sent,
        failures=0 if sent else telling.failures,
    )
    if any(each["name"] not in told.tried for each in recipients):
        return Step(told, at + ESCALATED_AFTER if sent else at)
    age = at - told.raised_at
    if age > TOLD_FOR:
        return Step(told, None)
    if told.reached:
        pause = ROUND_AFTER if age < FIRST_DAY else LATER_ROUND_AFTER
        return Step(_next_round(told), at + pause)
    pause = min(AGAIN_AFTER * 2 ** min(told.failures, 10), AGAIN_AFTER_MAX)
    return Step(replace(told, tried=(), failures=told.failures + 1), at + pause)


def is_late(telling: Telling, at: datetime) -> bool:
    """Return whether a message would be the first one, and comes too late."""
    return telling.told_at is None and at - telling.raised_at > LATE_AFTER


def message_id(item_id: UUID, telling: Telling, name: str) -> UUID:
    """Return the id of a message. It is the same in each attempt, so a repeat can be recognised."""
    return uuid5(item_id, f"{telling.round}/{name}")


def _next_round(telling: Telling) -> Telling:
    return replace(telling, round=telling.round + 1, tried=(), reached=False)
