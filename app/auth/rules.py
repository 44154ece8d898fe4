"""Keys, which refresh token is good, and what a signed token has to say of its time. Pure.

A key is `<prefix>_<client id>_<secret>`, so that a look-up begins with whose it is.
"""

import hashlib
import hmac
import math
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

Prefix = Literal["nw", "nwa", "nwb", "nwe", "nwr"]
API_KEY: Final = "nw"
ACCESS_TOKEN: Final = "nwa"  # noqa: S105 - what tells it from other keys, no secret
BROWSER_TOKEN: Final = "nwb"  # noqa: S105 - likewise
ENROLMENT_CODE: Final = "nwe"
REFRESH_TOKEN: Final = "nwr"  # noqa: S105 - likewise
KEY_MAX: Final = 200
SKEW_S: Final = 30
"""How far another machine's clock may be ahead of ours."""
REFRESH_LIFE: Final = timedelta(days=30)
REFRESH_GRACE: Final = timedelta(seconds=10)
BROWSER_IDLE: Final = timedelta(minutes=30)
BROWSER_LIFE: Final = timedelta(hours=8)
BROWSER_NOTED: Final = timedelta(minutes=1)
"""How old the note of a browser's last use may be: it isn't written down with every page."""
Verdict = Literal["good", "again", "expired", "stolen"]


class Untrusted(Exception):
    """A token or a key that isn't to be believed; `reason` never quotes it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Key(NamedTuple):
    """The parts of a key of any kind."""

    client_id: UUID
    secret: str
    prefix: Prefix = API_KEY

    def __str__(self) -> str:
        return f"{self.prefix}_{self.client_id.hex}_{self.secret}"

    @property
    def digest(self) -> bytes:
        """What is stored: a secret of 256 random bits needs no slow hash."""
        return hashlib.sha256(self.secret.encode()).digest()

    def matches(self, digest: bytes) -> bool:
        """Whether this is the key with that digest, in constant time."""
        return hmac.compare_digest(self.digest, digest)


def new_key(client_id: UUID, prefix: Prefix = API_KEY) -> Key:
    """A fresh key for a client."""
    return Key(client_id, secrets.token_urlsafe(32), prefix)


def parse_key(token: str, *prefixes: Prefix) -> Key | None:
    """A key with one of these prefixes from a bearer token; None if it is written otherwise."""
    parts = token.split("_", 2)
    if len(token) > KEY_MAX or len(parts) != 3:  # noqa: PLR2004 - the three parts
        return None
    for prefix in prefixes:
        if parts[0] == prefix:
            try:
                key = Key(UUID(hex=parts[1]), parts[2], prefix)
            except ValueError:
                return None
            return key if str(key) == token else None
    return None


def judge(
    at: datetime, expires_at: datetime, used_at: datetime | None, last_used_at: datetime | None
) -> Verdict:
    """What a refresh token is worth that is presented at `at` (RFC 9700 §4.14).

    `last_used_at` is when any of its client's tokens was used last: if that is later than this
    one, the client has had its answer.

    A client has one good refresh token at a time; using it makes the next. If the answer with the
    next one is lost, the client can only come again with the one it used. The next one isn't known
    to us (only its digest is), so it can't be given out twice. For ten seconds, then, the used
    token makes another next one, and the one that may be lost counts as used. Whoever comes with
    that one later, or with a used token later, has a token that somebody else has used: one of the
    two has stolen it. So a thief who is quick enough to use the ten seconds is found out once the
    client comes again.
    """
    if used_at is not None:
        lost = last_used_at is None or last_used_at <= used_at
        return "again" if lost and at - used_at <= REFRESH_GRACE else "stolen"
    return "good" if at < expires_at else "expired"


def browser_is_in(at: datetime, began_at: datetime, used_at: datetime) -> bool:
    """Whether who signed in at `began_at` still is: not idle for long, and not in for a day."""
    return at < used_at + BROWSER_IDLE and at < began_at + BROWSER_LIFE


def check_times(claims: Mapping[str, Any], at_s: float, lasting_max_s: float = math.inf) -> float:
    """When a token ends (RFC 7519 §4.1.4), in seconds since 1970; `Untrusted` if it isn't good now.

    `lasting_max_s` is how far ahead the end may be.
    """
    ends = _seconds(claims, "exp")
    if ends is None:
        raise Untrusted("no exp")
    if ends <= at_s:
        raise Untrusted("expired")
    if ends > at_s + lasting_max_s + SKEW_S:
        raise Untrusted("exp too far ahead")
    for name in ("nbf", "iat"):
        begins = _seconds(claims, name)
        if begins is not None and begins > at_s + SKEW_S:
            raise Untrusted("not yet good")
    return ends


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 2**53:
        raise Untrusted(f"wrong {name}")
    return float(value)


def names(claims: Mapping[str, Any], audience: str) -> bool:
    """Whether a token is meant for this audience, alone or among others (RFC 7519 §4.1.3)."""
    given = claims.get("aud")
    return given == audience or (isinstance(given, list) and audience in given)
