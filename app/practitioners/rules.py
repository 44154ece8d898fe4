"""Rules of credentials. Pure."""

from datetime import date

from app.core.values.faults import RuleBroken
from app.practitioners.views import CredentialView


def check_validity(valid_from: date, valid_to: date | None) -> None:
    """Require that a credential doesn't end before it begins."""
    if valid_to is not None and valid_to < valid_from:
        raise RuleBroken("ends_before_it_begins", "valid_to is before valid_from.")


def holds_on(credential: CredentialView, day: date) -> bool:
    """Return whether a credential is valid on a day, including its first and last day."""
    until = credential["valid_to"]
    return credential["valid_from"] <= day and (until is None or day <= until)
