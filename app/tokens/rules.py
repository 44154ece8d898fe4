"""Rules for assertions (RFC 7523 §3, SMART App Launch 2.2 "Backend Services"). Pure."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from app.auth.rules import Untrusted, check_times, has_audience

LASTING_MAX_S: Final = 300
JTI_MAX: Final = 255


def asserting_client(claims: Mapping[str, Any]) -> UUID:
    """The client that sent the assertion; `Untrusted` unless `iss` and `sub` both name it."""
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not isinstance(issuer, str) or issuer != subject:
        raise Untrusted("iss and sub differ")
    try:
        return UUID(issuer)
    except ValueError:
        raise Untrusted("no such client") from None


def check_assertion(claims: Mapping[str, Any], audience: str, at_s: float) -> tuple[str, float]:
    """The assertion's `jti`, and when it expires, in seconds since 1970.

    Raises `Untrusted` for another audience, a wrong time, or a missing `jti`.
    """
    if not has_audience(claims, audience):
        raise Untrusted("wrong aud")
    ends = check_times(claims, at_s, LASTING_MAX_S)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= JTI_MAX:
        raise Untrusted("no jti")
    return jti, ends


def scopes_asked_for(scope: str | None, held: frozenset[str]) -> list[str] | None:
    """The scopes of the new token: those in `scope`, else all; None if one of them isn't held."""
    asked = held if scope is None else frozenset(scope.split(" ")) - {""}
    return sorted(asked) if asked and asked <= held else None
