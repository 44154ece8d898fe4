"""The identity provider (OpenID Connect): checks its tokens, and finds who signed in there."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from app.auth import jose
from app.auth.rules import Untrusted, check_whole_life, has_audience
from app.core.http.outgoing import Outgoing, Unreachable
from app.core.values.clock import now
from app.settings import settings

ALGORITHMS: Final = ("RS256", "RS384", "ES256", "ES384")
TYPES: Final = ("JWT", "AT+JWT")
DISCOVERY: Final = "/.well-known/openid-configuration"


def identity_id(issuer: str, subject: str) -> UUID:
    """The client id of a person: a UUID version 8 (RFC 9562 §5.8), hashed from issuer and subject.

    So a token leads to one client, and thereby to one clinic, without a search in all clinics.
    """
    value = int.from_bytes(hashlib.sha256(f"{issuer}\0{subject}".encode()).digest()[:16])
    value = value & ~(0xF << 76) | 0x8 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


class Provider:
    """The provider that the settings name, and its public keys, fetched from where it has them."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    async def identity(self, token: str) -> UUID | None:
        """The client id of the person whom a token names; None if no provider is set.

        Raises `Untrusted` if the token isn't valid now.
        """
        issuer, audience = settings().oidc_issuer, settings().oidc_audience
        if issuer is None or audience is None:
            return None
        signed = jose.read(token, ALGORITHMS, TYPES)
        claims = signed.claims
        subject = claims.get("sub")
        if claims.get("iss") != issuer or not isinstance(subject, str) or not subject:
            raise Untrusted("another issuer")
        jose.check(signed, await self._keys(issuer, signed))
        if not has_audience(claims, audience):
            raise Untrusted("wrong aud")
        check_whole_life(claims, now().timestamp(), settings().oidc_token_minutes_max * 60)
        return identity_id(issuer, subject)

    async def _keys(self, issuer: str, signed: jose.Signed) -> Any:
        """The provider's keys, by discovery (OpenID Connect Discovery 1.0 §4)."""
        try:
            found = await self._outgoing.json(issuer.rstrip("/") + DISCOVERY)
            known: Mapping[str, Any] = found if isinstance(found, dict) else {}
            address = known.get("jwks_uri")
            if known.get("issuer") != issuer or not isinstance(address, str):
                raise Untrusted("another issuer")
            return await self._outgoing.json(
                address, lambda keys: bool(jose.named_keys(signed, keys))
            )
        except Unreachable:
            raise Untrusted("keys not reached") from None
