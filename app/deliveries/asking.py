"""The message that asks a patient how they are, in their language.

It holds no clinical word and no name: others may read it on a shared telephone.
"""

from datetime import datetime
from typing import Final, NamedTuple
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
    is_reminder: bool = False


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
    if asking.is_reminder:
        parts.append(_("This is a reminder: we have no answer from you yet."))
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
    subject = (
        _("Reminder: a question after your visit on %(day)s")
        if asking.is_reminder
        else _("A question after your visit on %(day)s")
    )
    return Words(subject % {"day": date}, "\n".join(parts))


_PLAIN: Final = str.maketrans(
    {
        **dict.fromkeys("\u00a0\u2007\u2009\u202f", " "),
        **dict.fromkeys("\u2018\u2019", "'"),
        **dict.fromkeys("\u201c\u201d\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014", "-"),
        "\u2026": "...",
    }
)


def plain(text: str) -> str:
    """Return a text with the spaces, quotes and dashes that an SMS has (3GPP TS 23.038).

    One other character would more than double how many SMS the text takes. Letters stay.
    """
    return text.translate(_PLAIN)
