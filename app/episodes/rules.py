"""Rules of episodes. Pure."""

from datetime import datetime

from app.core.values.faults import RuleBroken


def check_closed(status: str, closed_at: datetime | None) -> None:
    """Require `closed_at` for a finished episode, and for no other."""
    if status == "finished" and closed_at is None:
        raise RuleBroken("closed_at_missing", "A finished episode needs the time of its end.")
    if status == "active" and closed_at is not None:
        raise RuleBroken("still_active", "An active episode has no end.")


def check_order(opened_at: datetime | None, closed_at: datetime | None) -> None:
    """Require that an episode with `closed_at` has an earlier `opened_at`."""
    if closed_at is None:
        return
    if opened_at is None:
        detail = "A finished episode needs the time when it was opened."
        raise RuleBroken("opened_at_missing", detail)
    if closed_at < opened_at:
        raise RuleBroken("closed_before_opened", "An episode can't end before it is opened.")
