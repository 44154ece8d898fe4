"""Keys and signed tokens for tests, made with joserfc as a client would."""

import time
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from pydantic_core import to_json

from app.core.values.clock import uuid7

KeyPair = ECKey | RSAKey


def public(key: KeyPair, kid: str = "a") -> dict[str, Any]:
    """The public half, as a JWK."""
    return {**key.as_dict(private=False), "kid": kid}


def key_set(*keys: KeyPair) -> dict[str, Any]:
    """The public halves, as a JWK set: `a`, `b` and so on."""
    return {"keys": [public(key, chr(ord("a") + n)) for n, key in enumerate(keys)]}


def signed(key: Any, claims: Any, alg: str = "ES384", **header: Any) -> str:
    """A compact JWS; header members that are None are left out."""
    members = {"alg": alg, "typ": "JWT", "kid": "a", **header}
    whole = {name: member for name, member in members.items() if member is not None}
    payload = claims if isinstance(claims, bytes) else to_json(claims)
    return jws.serialize_compact(whole, payload, key, algorithms=[alg])


def claims(client_id: str, audience: str, **other: Any) -> dict[str, Any]:
    """The claims of a valid assertion; claims that are None are left out."""
    members = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "exp": int(time.time()) + 120,
        "jti": str(uuid7()),
        **other,
    }
    return {name: value for name, value in members.items() if value is not None}
