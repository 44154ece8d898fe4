"""Public keys of others (RFC 7517), and the check of tokens they signed (RFC 7515, 7519)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import urlsafe_b64decode

from app.auth.rules import Untrusted
from app.core.values.problems import Invalid
from app.core.values.wire import decode

TOKEN_MAX: Final = 16_384
"""Characters of a token. Longer ones carry a certificate chain, which is never read here."""
RSA_MIN_BITS: Final = 2048
RSA_MAX_BITS: Final = 8192
CURVES: Final = {"ES256": "P-256", "ES384": "P-384"}
PUBLIC: Final = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y")}
"""The members of a public key (RFC 7518 §6). All others are ignored."""

PublicKey = RSAKey | ECKey


class Signed(NamedTuple):
    """A parsed token whose signature has not been checked yet."""

    token: str
    algorithm: str
    kid: str
    claims: Mapping[str, Any]


def public_key(jwk: object, algorithm: str) -> PublicKey:
    """The public key of a JWK; `Untrusted` if it can't check signatures of this algorithm."""
    if not isinstance(jwk, dict):
        raise Untrusted("no key")
    for member, wanted in (("use", "sig"), ("alg", algorithm)):
        if jwk.get(member) not in (None, wanted):
            raise Untrusted("key of another use")
    kty = "EC" if algorithm in CURVES else "RSA"
    parts: dict[str, str | list[str]] = {
        name: part for name in PUBLIC[kty] if isinstance(part := jwk.get(name), str)
    }
    if jwk.get("kty") != kty or len(parts) < len(PUBLIC[kty]):
        raise Untrusted("key of another kind")
    try:
        if kty == "RSA" and RSA_MIN_BITS <= _bits(parts["n"]) <= RSA_MAX_BITS:
            return RSAKey.import_key(parts)
        if kty == "EC" and parts["crv"] == CURVES[algorithm]:
            return _on_curve(ECKey.import_key(parts))
    except (JoseError, ValueError, TypeError):
        raise Untrusted("no key") from None
    raise Untrusted("key of another kind")


def _on_curve(key: ECKey) -> ECKey:
    """The key; reading `public_key` raises if it is not a point on its curve."""
    _ = key.public_key
    return key


def _bits(number: Any) -> int:
    return int.from_bytes(urlsafe_b64decode(number.encode())).bit_length()


def read(token: str, algorithms: Collection[str], types: Collection[str] = ("JWT",)) -> Signed:
    """Parse a compact JWS with a JWT as payload; `Untrusted` for anything else."""
    parts = token.split(".")
    if len(token) > TOKEN_MAX or not token.isascii() or len(parts) != 3:  # noqa: PLR2004 - RFC 7515 §3.1
        raise Untrusted("no token")
    header, claims = _members(parts[0]), _members(parts[1])
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in algorithms:
        raise Untrusted("wrong algorithm")
    if not isinstance(kid, str):
        raise Untrusted("no kid")
    if str(header.get("typ", "JWT")).upper() not in types or "crit" in header:
        raise Untrusted("wrong type")
    return Signed(token, str(algorithm), kid, claims)


def _members(part: str) -> dict[str, Any]:
    try:
        members = decode(urlsafe_b64decode(part.encode()))
    except (ValueError, Invalid):
        raise Untrusted("no token") from None
    if not isinstance(members, dict):
        raise Untrusted("no token")
    return members


def named_keys(signed: Signed, key_set: object) -> Sequence[dict[str, Any]]:
    """The keys of a JWK set whose `kid` is the token's."""
    keys = key_set.get("keys") if isinstance(key_set, dict) else None
    return [
        key
        for key in (keys if isinstance(keys, list) else ())
        if isinstance(key, dict) and key.get("kid") == signed.kid
    ]


def check(signed: Signed, key_set: object) -> None:
    """Raise `Untrusted` unless a key of this set with the token's `kid` verifies the signature."""
    named = named_keys(signed, key_set)
    if not named:
        raise Untrusted("unknown kid")
    for jwk in named:
        try:
            key = public_key(jwk, signed.algorithm)
            jws.deserialize_compact(signed.token, key, algorithms=[signed.algorithm])
        except (JoseError, Untrusted, ValueError):
            continue
        return
    raise Untrusted("wrong signature")
