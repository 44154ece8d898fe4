"""One form has one result, however often it is sent.

Every form holds a `form_id`, which no other form has. A form that is sent twice, such as by a
double click, gets the answer of the first time again. An answer with a code isn't stored. So a
form that makes a code brings the random part of it along: sent again, it leads to the same code.
"""

import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from app.auth.rules import Key, Prefix
from app.core.operation import Operation
from app.core.values.clock import uuid7, uuid7_at
from app.core.values.problems import Conflict

FORM_ID: Final = "form_id"
_GOOD: Final = re.compile(r"([0-9a-f]{32})_([\w-]{43})", re.ASCII)
LIFE: Final = timedelta(days=1)
"""How long after it was opened a form may make a code."""
TOO_OLD: Final = "This form was opened too long ago. Open it again."


def new_form_id() -> str:
    """The id of a new form: when it was opened, and a random part."""
    return f"{uuid7().hex}_{secrets.token_urlsafe(32)}"


def retry_key(form: Mapping[str, str], raw: bytes) -> str | None:
    """Return what tells a form that is sent again from others; None without the form's id.

    A form that is sent again with other contents is another one: a person went back and used it
    for the next thing.
    """
    return f"form {sha256(raw).hexdigest()}" if FORM_ID in form else None


def key_of_form(op: Operation, form: Mapping[str, str], prefix: Prefix) -> Key | None:
    """Return the key that a form makes: the same one each time. None without the form's id.

    The sender can't choose the id of the key: it is a hash of the form's, of the clinic's and of
    the caller's. Raises `Conflict` if the form is older than a day.
    """
    if FORM_ID not in form:
        return None
    good = _GOOD.fullmatch(form[FORM_ID])
    if good is None:
        raise Conflict(TOO_OLD)
    milliseconds = UUID(hex=good[1]).int >> 80
    age = op.at.timestamp() * 1000 - milliseconds
    if abs(age) > LIFE.total_seconds() * 1000:
        raise Conflict(TOO_OLD)
    whose = f"{good[0]} {op.clinic_id} {op.caller.client_id}"
    return Key(uuid7_at(milliseconds, sha256(whose.encode()).digest()[:10]), good[2], prefix)
