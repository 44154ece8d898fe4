"""The channels: hand a message to a recipient by e-mail, or by a signed POST."""

from typing import Final
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from app.clinics.views import AlertRecipientView
from app.core.http.outgoing import Unreachable, post
from app.core.values.clock import now
from app.deliveries import mail, signatures
from app.deliveries.errors import Undelivered
from app.deliveries.wording import TYPE, Message
from app.settings import settings

NOT_SET: Final = "This server has no key for posts: its settings name none."
TIMEOUT_S: Final = mail.WHOLE_TIMEOUT_S
"""The longest time that an attempt takes, but for the look-up of the host."""
_GOOD: Final = range(200, 300)


def is_set_up(recipient: AlertRecipientView) -> bool:
    """Return whether the settings let this server reach a recipient at all."""
    if recipient["channel"] == "post":
        return settings().post_key is not None
    return mail.is_set_up() and not mail.only_logs()


def way(recipient: AlertRecipientView) -> str:
    """Return what passes messages on to a recipient: the mail server, or a program's address."""
    return recipient["to"] if recipient["channel"] == "post" else "email"


def send(message: Message, recipient: AlertRecipientView, zone: ZoneInfo) -> None:
    """Hand a message over. `Undelivered` says why that failed."""
    if recipient["channel"] == "post":
        _post(message, recipient["to"], zone)
        return
    text = message.text(zone)
    mail.send(mail.composed(message.id.hex, recipient["to"], message.subject, text))


def _post(message: Message, url: str, zone: ZoneInfo) -> None:
    key = signatures.key(message.clinic_id, url)
    if key is None:
        raise Undelivered(NOT_SET)
    data = {
        "clinic_id": message.clinic_id,
        "resource": message.resource,
        "id": message.resource_id,
        "link": message.link,
        "late": message.late,
        "repeated": message.repeated,
        "subject": message.subject,
        "text": message.text(zone),
    }
    body = to_json({"type": TYPE, "timestamp": message.raised_at, "data": data})
    signed = signatures.headers(key, f"msg_{message.id.hex}", int(now().timestamp()), body)
    try:
        status = post(url, body, signed).status
    except Unreachable as error:
        raise Undelivered(f"The clinic's program can't be reached: {error.reason}.") from None
    if status not in _GOOD:
        raise Undelivered(f"The clinic's program answered {status}.")
