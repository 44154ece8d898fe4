"""Rules of credentials. Pure."""

from datetime import date

from app.core.faults import RuleBroken


def check_validity(valid_from: date, valid_to: date | None) -> None:
    """A credential doesn't end before it begins."""
    if valid_to is not None and valid_to < valid_from:
        raise RuleBroken("ends_before_it_begins", "valid_to is before valid_from.")


def holds_on(credential: dict[str, str | None], day: date) -> bool:
    """Whether a stored credential (ISO dates) holds on a day, its first and last included."""
    until = credential["valid_to"]
    return str(credential["valid_from"]) <= day.isoformat() and (
        until is None or day.isoformat() <= until
    )
