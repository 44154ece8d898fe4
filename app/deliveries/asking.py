"""The message that asks a patient how they are, in their language.

It holds no clinical word and no name: others may read it on a shared telephone.
"""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.languages.queries import DOMAIN, translations
from app.languages.rules.dates import clock, day


class Asking(NamedTuple):
    """What a message about a visit says."""

    visit_at: datetime
    zone: ZoneInfo
    """The clinic's time zone."""
    link: str
    """The address of the page with the questions."""
    stop: str
    """The address of the page where the patient stops these messages."""
    initial: str | None = None
    """The first letter of the patient's name, where the address serves two patients."""
    phone: str | None = None
    """The clinic's telephone number."""
    emergency_number: str | None = None


class Words(NamedTuple):
    """A message, without its sender and recipient."""

    subject: str
    """One line, without a line end."""
    text: str


def words(asking: Asking, tag: str) -> Words:
    """Return the message in a language that is offered."""
    _ = translations(DOMAIN, tag).gettext
    date, time = day(asking.visit_at, asking.zone, tag), clock(asking.visit_at, asking.zone, tag)
    parts = [_("You visited us on %(day)s, %(time)s.") % {"day": date, "time": time}]
    if asking.initial:
        initial = {"initial": asking.initial}
        parts.append(_("This is about the person whose name begins with %(initial)s.") % initial)
    parts += [_("Please tell us how you are. It takes a minute:"), asking.link]
    if asking.emergency_number:
        number = {"number": asking.emergency_number}
        parts.append(_("In an emergency, call %(number)s. Don't write to us.") % number)
    if asking.phone:
        parts.append(_("Do you have a question? Call us: %(phone)s") % {"phone": asking.phone})
    parts += [_("You don't want these messages? Stop them here:"), asking.stop]
    return Words(_("A question after your visit on %(day)s") % {"day": date}, "\n".join(parts))
