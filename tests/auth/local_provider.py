"""An identity provider on this machine: its pages, its codes and its tokens."""

import hashlib
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import escape
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode
from uuid import UUID

from joserfc.jwk import RSAKey
from pydantic_core import to_json

from app.auth.provider import identity_id
from app.clients import service
from app.core.operation import perform
from app.core.values.access import ROLES
from app.core.values.clock import uuid7
from tests.ground import Clinic
from tests.publishing import Published, Told, publishing
from tests.signing import public, signed

RSA = RSAKey.generate_key(2048)
CLIENT_ID, SECRET = "needlework-console", "a secret: of/this clinic"
PAGE = """<!doctype html><html lang="en"><title>Provider</title>
<form method="post" action="/authorize"><input type="hidden" name="query" value="{query}">
<label>Name <input name="who" value="{who}"></label><button>Sign in</button></form></html>"""


class LocalProvider:
    """Signs anybody in as whoever they say, and checks what OpenID Connect makes it check."""

    def __init__(self, published: Published) -> None:
        self.published = published
        self.url = published.url
        self.subject = f"dana-{uuid7()}@provider"
        self.codes: dict[str, dict[str, str]] = {}
        self.changed: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
        """Alters the claims of the next ID tokens."""
        self.secret: str | None = None
        self.refusals: list[str] = []
        published.pages["/.well-known/openid-configuration"] = {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/keys",
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
        }
        published.pages["/keys"] = {"keys": [public(RSA)]}
        published.acts["/authorize"] = self._authorize
        published.acts["/token"] = self._token

    @property
    def known(self) -> dict[str, Any]:
        """What it publishes about itself."""
        members: dict[str, Any] = self.published.pages["/.well-known/openid-configuration"]
        return members

    def back(self, asked: Mapping[str, str], subject: str | None = None) -> dict[str, str]:
        """Sign somebody in; the parameters with which their browser goes back."""
        code = str(uuid7())
        self.codes[code] = {**asked, "sub": subject or self.subject}
        return {"code": code, "state": asked["state"], "iss": self.url}

    def _authorize(self, given: dict[str, str], _headers: Mapping[str, str]) -> Told:
        """Ask who signs in; then send their browser back."""
        if "query" not in given:
            asked = urlencode(given)
            page = PAGE.format(query=escape(asked), who=escape(self.subject)).encode()
            return Told(200, page, {"Content-Type": "text/html"})
        plain = dict(parse_qsl(given["query"]))
        answer = self.back(plain, given["who"])
        return Told(302, headers={"Location": f"{plain['redirect_uri']}?{urlencode(answer)}"})

    def _token(self, given: dict[str, str], headers: Mapping[str, str]) -> Told:
        asked = self.codes.pop(given.get("code", ""), None)
        fault = self._fault(asked, given, headers)
        if fault is not None or asked is None:
            self.refusals.append(fault or "")
            return Told(400, to_json({"error": "invalid_grant"}))
        claims = {
            "iss": self.url,
            "sub": asked["sub"],
            "aud": asked["client_id"],
            "nonce": asked["nonce"],
            "exp": time.time() + 300,
            "iat": time.time(),
        }
        token = signed(RSA, self.changed(claims), "RS256")
        return Told(200, to_json({"access_token": "x", "token_type": "Bearer", "id_token": token}))

    def _fault(
        self, asked: dict[str, str] | None, given: dict[str, str], headers: Mapping[str, str]
    ) -> str | None:
        if asked is None:
            return "unknown or used code"
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        if challenge != asked["code_challenge"] or asked["code_challenge_method"] != "S256":
            return "wrong verifier"
        if given.get("redirect_uri") != asked["redirect_uri"]:
            return "another redirect_uri"
        if self.secret is None:
            return None if given.get("client_id") == asked["client_id"] else "another client"
        basic = b64decode(headers.get("Authorization", "").removeprefix("Basic ")).decode()
        name, _, secret = basic.partition(":")
        right = (unquote_plus(name), unquote_plus(secret)) == (asked["client_id"], self.secret)
        posted = given.get("client_secret") == self.secret
        return None if right or posted else "wrong secret"


@contextmanager
def local_provider() -> Iterator[LocalProvider]:
    """Serve a provider on the loopback while the block runs."""
    with publishing() as published:
        yield LocalProvider(published)


def link_person(clinic: Clinic, provider: LocalProvider, practitioner_id: UUID) -> UUID:
    """Link the provider's person to a practitioner; the id of their client."""
    op, id = clinic.operation("identities.create"), identity_id(provider.url, provider.subject)
    made = (id, "Dana", practitioner_id, ROLES["practitioner"])
    perform(clinic.database, op, lambda: service.add_identity(op, *made))
    return id
