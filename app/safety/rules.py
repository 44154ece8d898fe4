"""Rules of consents, screenings and adverse events. Pure."""

from datetime import date, datetime

from app.core.values.faults import RuleBroken


def check_withdrawn(decision: str, withdrawn_at: datetime | None) -> None:
    """A consent is withdrawn if and only if it says when."""
    if decision == "withdrawn" and withdrawn_at is None:
        raise RuleBroken("withdrawn_at_missing", "A withdrawn consent says when.")
    if decision != "withdrawn" and withdrawn_at is not None:
        raise RuleBroken("not_withdrawn", "Only a withdrawn consent says when it was withdrawn.")


def check_not_before(later: datetime | None, earlier: datetime | None) -> None:
    """What follows is not before what it follows."""
    if later is not None and earlier is not None and later < earlier:
        raise RuleBroken("out_of_order", "This is before what it follows.")


def check_validity(valid_until: date | None, obtained_at: datetime | None) -> None:
    """A consent doesn't run out before it is given."""
    if valid_until is not None and obtained_at is not None and valid_until < obtained_at.date():
        raise RuleBroken("out_of_order", "A consent does not run out before it is given.")
