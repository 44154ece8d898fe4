"""Rules of episodes. Pure."""

from datetime import datetime

from app.core.values.faults import RuleBroken


def check_closed(status: str, closed_at: datetime | None) -> None:
    """An episode is finished if and only if it says when."""
    if status == "finished" and closed_at is None:
        raise RuleBroken("closed_at_missing", "A finished episode says when it was closed.")
    if status == "active" and closed_at is not None:
        raise RuleBroken("still_active", "An active episode has not been closed.")


def check_order(opened_at: datetime | None, closed_at: datetime | None) -> None:
    """An episode is opened before it is closed; one that comes in closed says both."""
    if closed_at is None:
        return
    if opened_at is None:
        raise RuleBroken("opened_at_missing", "A finished episode says when it was opened.")
    if closed_at < opened_at:
        raise RuleBroken("closed_before_opened", "closed_at is before opened_at.")
