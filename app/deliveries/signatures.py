"""Signatures of posted messages: the symmetric scheme of Standard Webhooks 1.0.

Source: https://github.com/standard-webhooks/standard-webhooks, `spec/standard-webhooks.md`.
"""

import base64
import hashlib
import hmac
from typing import Final
from uuid import UUID

from app.settings import settings

PREFIX: Final = "whsec_"
PURPOSE: Final = "needlework deliveries 1"


def key(clinic_id: UUID, url: str) -> bytes | None:
    """Return the key for messages of a clinic to an address: 32 bytes; None without a setting.

    It follows from the `post_key` of the settings, so that it is stored nowhere. Each clinic and
    address has another one, so no receiver can sign for another receiver.
    """
    secret = settings().post_key
    if secret is None:
        return None
    content = f"{PURPOSE}\n{clinic_id}\n{url}".encode()
    return hmac.digest(secret.get_secret_value().encode(), content, hashlib.sha256)


def secret(key: bytes) -> str:
    """Return a key in the form that libraries of Standard Webhooks take."""
    return PREFIX + base64.b64encode(key).decode()


def headers(key: bytes, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers that sign a body. `timestamp` counts seconds since 1970."""
    content = f"{id}.{timestamp}.".encode() + body
    signed = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signed}",
    }
