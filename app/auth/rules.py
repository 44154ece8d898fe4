"""Rules for keys, refresh tokens, browser tokens and the times of signed tokens. Pure.

A key is `<prefix>_<client id>_<secret>`, so that its client can be looked up by id.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

Prefix = Literal["nw", "nwa", "nwb", "nwe", "nwi", "nwr"]
API_KEY: Final = "nw"
ACCESS_TOKEN: Final = "nwa"  # noqa: S105 - a prefix, not a secret
BROWSER_TOKEN: Final = "nwb"  # noqa: S105 - likewise
ENROLMENT_CODE: Final = "nwe"
INVITATION_CODE: Final = "nwi"
REFRESH_TOKEN: Final = "nwr"  # noqa: S105 - likewise
KEY_MAX: Final = 200
SKEW_S: Final = 30
"""How many seconds another machine's clock may be ahead of ours."""
ACCESS_LIFE: Final = timedelta(minutes=5)
REFRESH_LIFE: Final = timedelta(days=30)
REFRESH_GRACE: Final = timedelta(seconds=10)
BROWSER_IDLE: Final = timedelta(minutes=30)
BROWSER_LIFE: Final = timedelta(hours=8)
BROWSER_TOUCH_INTERVAL: Final = timedelta(minutes=1)
"""How old the stored last use of a browser token may be: not every page writes to the database."""
Verdict = Literal["good", "again", "expired", "stolen"]


class Untrusted(Exception):
    """A token or key that is not accepted; `reason` never quotes it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Key(NamedTuple):
    """The three parts of a key."""

    client_id: UUID
    secret: str
    prefix: Prefix = API_KEY

    def __str__(self) -> str:
        return f"{self.prefix}_{self.client_id.hex}_{self.secret}"

    @property
    def digest(self) -> bytes:
        """The SHA-256 that is stored. A secret of 256 random bits needs no slow hash."""
        return hashlib.sha256(self.secret.encode()).digest()

    def matches(self, digest: bytes) -> bool:
        """Whether the digest is this key's, compared in constant time."""
        return hmac.compare_digest(self.digest, digest)


def new_key(client_id: UUID, prefix: Prefix = API_KEY) -> Key:
    """A new random key for a client."""
    return Key(client_id, secrets.token_urlsafe(32), prefix)


def parse_key(token: str, *prefixes: Prefix) -> Key | None:
    """Parse a bearer token as a key with one of these prefixes; None if it isn't one."""
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


def refresh_verdict(
    at: datetime, expires_at: datetime, used_at: datetime | None, last_used_at: datetime | None
) -> Verdict:
    """Decide about a refresh token that is presented at `at` (RFC 9700 §4.14).

    `last_used_at` is when any token of this client was last used. If that is later than
    `used_at`, the client has received its next token.

    A client has one valid refresh token at a time, and using it issues the next. If that answer
    is lost, the client can only send the used token again. We store the digest of the next token,
    so we can't send it a second time. Therefore a used token can be sent again for ten seconds:
    this issues another next token, and the lost one counts as used.

    A used token that is sent later has been used by two parties, so one of them has stolen it. A
    thief who uses the ten seconds is detected when the client sends its token.

    Returns `good`, `again` (a repeat within the ten seconds), `expired` or `stolen`.
    """
    if used_at is not None:
        lost = last_used_at is None or last_used_at <= used_at
        return "again" if lost and at - used_at <= REFRESH_GRACE else "stolen"
    return "good" if at < expires_at else "expired"


def browser_token_is_valid(at: datetime, began_at: datetime, used_at: datetime) -> bool:
    """Whether a browser token is still valid: not idle too long, and not too old."""
    return at < used_at + BROWSER_IDLE and at < began_at + BROWSER_LIFE


def is_inactive(status: str, inactive_from: date | None, day: date) -> bool:
    """Whether a practitioner is inactive on a day, so that nothing of theirs may call.

    The stored status follows `inactive_from` a little later, so the day decides. A practitioner
    who was inactive before `inactive_from` existed has no day.
    """
    return status == "inactive" or (inactive_from is not None and inactive_from <= day)


def check_times(claims: Mapping[str, Any], at_s: float, lasting_max_s: float) -> float:
    """When a token expires (RFC 7519 §4.1.4), in seconds since 1970.

    Raises `Untrusted` if it isn't valid at `at_s`, or expires more than `lasting_max_s` later.
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


def check_whole_life(claims: Mapping[str, Any], at_s: float, life_max_s: float) -> None:
    """Raise `Untrusted` unless a token is valid at `at_s`, and for `life_max_s` in all at most.

    Its life begins when it was issued (`iat`). Without that, it is taken to begin now.
    """
    ends = check_times(claims, at_s, life_max_s)
    issued_s = _seconds(claims, "iat")
    if issued_s is not None and ends > issued_s + life_max_s:
        raise Untrusted("lives too long")


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 2**53:
        raise Untrusted(f"wrong {name}")
    return float(value)


def has_audience(claims: Mapping[str, Any], audience: str) -> bool:
    """Whether this audience is the token's `aud`, or is one of several (RFC 7519 §4.1.3)."""
    given = claims.get("aud")
    return given == audience or (isinstance(given, list) and audience in given)
