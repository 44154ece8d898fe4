"""The authorization code flow of OpenID Connect with PKCE, as far as it needs no network. Pure.

Sources: OpenID Connect Core 1.0 §3.1, RFC 7636 (PKCE), RFC 9207 (the issuer in the answer) and
RFC 9700 (what attacks these checks stop).
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from app.auth.rules import Untrusted, check_times, has_audience

LIFE_S: Final = 600
"""How long a browser may take at the provider."""
ID_TOKEN_LIFE_MAX_S: Final = 86_400
"""It is read once, when the provider has just issued it. Some providers let it live for hours."""
_COOKIE: Final = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{0,200})", re.ASCII)


class Flow(NamedTuple):
    """One browser's way to the provider and back. The browser holds it in a cookie.

    State, nonce and verifier are digests of the whole cookie. So the state that comes back proves
    that no part of the cookie was changed, and none of the three reveals another.
    """

    began_s: int
    secret: str
    to: str
    """The page of the console where the browser continues."""

    @property
    def cookie(self) -> str:
        """The value of the cookie."""
        return f"{self.began_s}.{self.secret}.{_text(self.to.encode())}"

    @property
    def state(self) -> str:
        """What the provider's answer must bring back."""
        return self._digest("state")

    @property
    def nonce(self) -> str:
        """What the ID token must name, so that it belongs to this browser."""
        return self._digest("nonce")

    @property
    def verifier(self) -> str:
        """What proves at the token endpoint that the code belongs to this browser."""
        return self._digest("verifier")

    @property
    def challenge(self) -> str:
        """The verifier's digest, which the provider gets first (RFC 7636 §4.2, `S256`)."""
        return _text(hashlib.sha256(self.verifier.encode()).digest())

    def _digest(self, purpose: str) -> str:
        return _text(hashlib.sha256(f"{purpose}\0{self.cookie}".encode()).digest())


def new_flow(at_s: float, to: str) -> Flow:
    """Begin a flow that leads to a page."""
    return Flow(int(at_s), secrets.token_urlsafe(32), to)


def parse_flow(cookie: str) -> Flow | None:
    """The flow in a cookie; None if it isn't one."""
    parts = _COOKIE.fullmatch(cookie)
    if parts is None:
        return None
    try:
        to = urlsafe_b64decode(parts[3] + "=" * (-len(parts[3]) % 4)).decode()
    except ValueError:
        return None
    return Flow(int(parts[1]), parts[2], to)


def check_state(flow: Flow | None, state: str, at_s: float) -> Flow:
    """The flow that this browser began; `Untrusted` for another browser's, or after its time."""
    if flow is None or not hmac.compare_digest(flow.state.encode(), state.encode()):
        raise Untrusted("another state")
    if not flow.began_s <= at_s <= flow.began_s + LIFE_S:
        raise Untrusted("state expired")
    return flow


def check_issuer(given: str | None, issuer: str, *, promised: bool) -> None:
    """Raise `Untrusted` if another provider answers (RFC 9207 §2.4).

    A provider that promises to name itself must do so.
    """
    if given is None and not promised:
        return
    if given != issuer:
        raise Untrusted("another issuer")


def check_id_token(claims: Mapping[str, Any], client_id: str, flow: Flow, at_s: float) -> None:
    """Raise `Untrusted` unless an ID token is for this server and this browser, and valid now.

    OpenID Connect Core 1.0 §3.1.3.7. Its issuer and signature were checked before.
    """
    if not has_audience(claims, client_id):
        raise Untrusted("wrong aud")
    several = isinstance(claims.get("aud"), list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise Untrusted("wrong azp")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), flow.nonce.encode()):
        raise Untrusted("another nonce")
    check_times(claims, at_s, ID_TOKEN_LIFE_MAX_S)


def _text(raw: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
