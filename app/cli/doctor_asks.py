"""The checks of `doctor` about messages to patients."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from app.asks.queries import consented_channels, waiting
from app.cli.console import in_each_clinic
from app.cli.findings import Finding
from app.clinics.queries import clinic
from app.core.db.database import Database
from app.core.values.clock import now
from app.safety.views import MessageChannel
from app.settings import settings

WAITING_MAX: Final = timedelta(minutes=15)
SEE: Final = "See docs/operator.md, Messages to patients."


def channels_to_patients(opened: Database) -> set[MessageChannel]:
    """Return the channels by which patients of any clinic have consented to messages."""
    found: set[MessageChannel] = set()
    for op in in_each_clinic(opened, "doctor"):
        found |= consented_channels(op)
    return found


def check_asks(opened: Database) -> Iterator[Finding]:
    """Whether patients who consented to messages can be asked, and whether asks wait."""
    count = consented = senderless = 0
    for op in in_each_clinic(opened, "doctor"):
        channels, messages = consented_channels(op), clinic(op)["messages"]
        count += 1
        consented += bool(channels)
        senderless += "post" in channels and (messages is None or messages["post_to"] is None)
    if consented and settings().public_url is None:
        found = f"{consented} of {count} clinics have patients to ask, but patients reach no page"
        yield Finding("patients' page", "broken", found, f"Set NEEDLEWORK_PUBLIC_URL. {SEE}")
    if senderless:
        found = f"{senderless} of {count} clinics have patients to ask by a sender, but name none"
        remedy = f"Set messages.post_to of the clinic. {SEE}"
        yield Finding("patients' sender", "broken", found, remedy)
    yield from _waiting(opened, has_patients=consented > 0)


def _waiting(opened: Database, *, has_patients: bool) -> Iterator[Finding]:
    with opened.reading() as db:
        found = waiting(db, now())
    since = min((each.since for each in found if each.since is not None), default=now())
    if now() - since > WAITING_MAX:
        many = f"{sum(each.waiting for each in found)} asks are past their time"
        remedy = f"Keep the server running, and see the reasons at /v1/asks?due=true. {SEE}"
        yield Finding("asks", "broken", f"{many}, since {since:%Y-%m-%d %H:%M}Z", remedy)
    elif has_patients:
        yield Finding("asks", "ok", "none is past its time by more than 15 minutes")
