"""The identity provider (OpenID Connect): checks its tokens, and finds who signed in there."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode
from uuid import UUID

from app.auth import jose
from app.auth.code_flow import Flow, check_id_token, check_issuer
from app.auth.rules import Untrusted, check_whole_life, has_audience
from app.core.http.outgoing import Outgoing, Sent, Unreachable, check_address
from app.core.values.clock import now
from app.core.values.faults import RuleBroken
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


class Person(NamedTuple):
    """Who signed in at the provider."""

    issuer: str
    subject: str

    @property
    def id(self) -> UUID:
        """The client id of this person, if a clinic knows them."""
        return identity_id(self.issuer, self.subject)


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
        person, claims = await self._checked(token, issuer, TYPES)
        if not has_audience(claims, audience):
            raise Untrusted("wrong aud")
        check_whole_life(claims, now().timestamp(), settings().oidc_token_minutes_max * 60)
        return person.id

    async def authorization_url(self, flow: Flow, redirect_uri: str) -> str:
        """Where a browser signs in; `Untrusted` if the provider doesn't say where."""
        issuer, client_id = _browser_settings()
        address = _address(await self._known(issuer), "authorization_endpoint")
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid",
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": flow.challenge,
            "code_challenge_method": "S256",
        }
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    async def person(
        self, flow: Flow, code: str, redirect_uri: str, answering: str | None
    ) -> Person:
        """Who signed in, by the code in the provider's answer. Raises `Untrusted`.

        `answering` is the issuer that the answer names, if it names one.
        """
        issuer, client_id = _browser_settings()
        if not code:
            raise Untrusted("no code")
        known = await self._known(issuer)
        promised = known.get("authorization_response_iss_parameter_supported") is True
        check_issuer(answering, issuer, promised=promised)
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": flow.verifier,
        }
        sent = _authenticated(asked, client_id, known)
        try:
            given = await self._outgoing.answer_to(_address(known, "token_endpoint"), sent)
        except Unreachable:
            raise Untrusted("code not confirmed") from None
        token = given.get("id_token") if isinstance(given, dict) else None
        if not isinstance(token, str):
            raise Untrusted("no ID token")
        person, claims = await self._checked(token, issuer, TYPES[:1])
        check_id_token(claims, client_id, flow, now().timestamp())
        return person

    async def _checked(
        self, token: str, issuer: str, types: tuple[str, ...]
    ) -> tuple[Person, Mapping[str, Any]]:
        """Whom a token of this issuer names, and its claims; only its signature is checked."""
        signed = jose.read(token, ALGORITHMS, types)
        subject = signed.claims.get("sub")
        if signed.claims.get("iss") != issuer or not isinstance(subject, str) or not subject:
            raise Untrusted("another issuer")
        jose.check(signed, await self._keys(issuer, signed))
        return Person(issuer, subject), signed.claims

    async def _keys(self, issuer: str, signed: jose.Signed) -> Any:
        address = _address(await self._known(issuer), "jwks_uri")
        try:
            return await self._outgoing.json(
                address, lambda keys: bool(jose.named_keys(signed, keys))
            )
        except Unreachable:
            raise Untrusted("keys not reached") from None

    async def _known(self, issuer: str) -> Mapping[str, Any]:
        """What the provider says about itself (OpenID Connect Discovery 1.0 §4)."""
        try:
            found = await self._outgoing.json(issuer.rstrip("/") + DISCOVERY)
        except Unreachable:
            raise Untrusted("provider not reached") from None
        if not isinstance(found, dict) or found.get("issuer") != issuer:
            raise Untrusted("another issuer")
        return found


def signs_browsers_in() -> bool:
    """Whether the settings let people sign in to the console with a provider."""
    return None not in {settings().oidc_issuer, settings().oidc_client_id}


def _browser_settings() -> tuple[str, str]:
    """The issuer, and this server's id there; `Untrusted` if one isn't set."""
    issuer, client_id = settings().oidc_issuer, settings().oidc_client_id
    if issuer is None or client_id is None:
        raise Untrusted("no provider")
    return issuer, client_id


def _address(known: Mapping[str, Any], name: str) -> str:
    address = known.get(name)
    try:
        check_address(address if isinstance(address, str) else "")
    except RuleBroken:
        raise Untrusted(f"no {name}") from None
    return str(address)


def _authenticated(form: Mapping[str, str], client_id: str, known: Mapping[str, Any]) -> Sent:
    """A form for the token endpoint, with this server's secret if it has one (RFC 6749 §2.3.1)."""
    secret = settings().oidc_client_secret
    if secret is None:
        return Sent({**form, "client_id": client_id}, {})
    text = secret.get_secret_value()
    ways = known.get("token_endpoint_auth_methods_supported")
    if isinstance(ways, list) and "client_secret_basic" not in ways:
        return Sent({**form, "client_id": client_id, "client_secret": text}, {})
    pair = f"{quote(client_id, safe='')}:{quote(text, safe='')}"
    return Sent(form, {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"})
