"""Rules of credentials, and of when a practitioner is inactive. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from app.auth.rules import is_inactive
from app.core.values.faults import Fault, RuleBroken
from app.practitioners.views import CredentialView, PractitionerStatus, PractitionerView

CONTRADICTION: Final = Fault(
    "/inactive_from",
    "contradicts_status",
    "An active practitioner becomes inactive only in the future, and an inactive one has been so"
    " since today or before.",
)


class Activity(NamedTuple):
    """Whether a practitioner is active, and the first day on which they are not."""

    status: PractitionerStatus
    inactive_from: date | None


def activity_of(practitioner: PractitionerView, today: date) -> Activity:
    """Return a stored practitioner's activity. The day decides: the stored status follows it."""
    inactive_from = practitioner["inactive_from"]
    inactive = is_inactive(practitioner["status"], inactive_from, today)
    return Activity("inactive" if inactive else "active", inactive_from)


def contradicts(status: PractitionerStatus | None, inactive_from: date | None, today: date) -> bool:
    """Return whether a status and a day that a client gives contradict each other.

    `status` is None where the client leaves it out: then it follows from the day.
    """
    if status is None or inactive_from is None:
        return False
    return (status == "inactive") != (inactive_from <= today)


def next_activity(
    status: PractitionerStatus | None,
    inactive_from: date | None,
    today: date,
    current: Activity | None,
) -> Activity:
    """Return the activity after a write.

    A day decides the status. Without a day, an active practitioner has none, and an inactive one
    keeps the day that they have, or their absence of one; who becomes inactive does so today.
    """
    if current == (status, inactive_from):
        return current
    if inactive_from is not None:
        return Activity("inactive" if inactive_from <= today else "active", inactive_from)
    if status != "inactive":
        return Activity("active", None)
    if current is not None and current.status == "inactive":
        return current
    return Activity("inactive", today)


def after_last_day(last_day: date, today: date) -> Activity:
    """Return the activity of a practitioner who works up to and with `last_day`."""
    gone = min(last_day, date.max - timedelta(days=1)) + timedelta(days=1)
    return Activity("inactive" if gone <= today else "active", gone)


def merge_base(
    content: dict[str, Any], changes: Mapping[str, Any], current: Activity
) -> dict[str, Any]:
    """Return the content that a merge patch changes, without what the patch leaves to the server.

    A patch that changes only the day leaves the status to it. A patch that changes only the status
    drops the day.
    """
    base = {**content, "status": current.status}
    if "status" not in changes:
        if current.status == "active":
            del base["status"]
    elif "inactive_from" not in changes and (changes["status"] or "active") != current.status:
        del base["inactive_from"]
    return base


def check_named(given_name: str | None, family_name: str | None) -> None:
    """Require one name. Many people have only one, and an invented one would be signed with."""
    if given_name is None and family_name is None:
        raise RuleBroken("name_missing", "Give a first or a last name.")


def check_validity(valid_from: date, valid_to: date | None) -> None:
    """Require that a credential doesn't end before it begins."""
    if valid_to is not None and valid_to < valid_from:
        raise RuleBroken("ends_before_it_begins", "A credential can't end before it begins.")


def holds_on(credential: CredentialView, day: date) -> bool:
    """Return whether a credential is valid on a day, including its first and last day."""
    until = credential["valid_to"]
    return credential["valid_from"] <= day and (until is None or day <= until)
