"""Rules of credentials. Pure."""

from datetime import date

from app.core.values.faults import RuleBroken
from app.practitioners.views import CredentialView


def check_validity(valid_from: date, valid_to: date | None) -> None:
    """A credential doesn't end before it begins."""
    if valid_to is not None and valid_to < valid_from:
        raise RuleBroken("ends_before_it_begins", "valid_to is before valid_from.")


def holds_on(credential: CredentialView, day: date) -> bool:
    """Whether a credential holds on a day, its first and last included."""
    until = credential["valid_to"]
    return credential["valid_from"] <= day and (until is None or day <= until)
