"""Where the patient's link is made."""

import secrets
from uuid import UUID

from app.core.operation import Operation


def mint(op: Operation, ask_id: UUID, attempt_id: UUID) -> str:
    """Return a new token for an attempt of 128 bits."""
    del op, ask_id, attempt_id
    return secrets.token_urlsafe(16)
