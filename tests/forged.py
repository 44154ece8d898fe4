"""Forged tokens: the attacks on readers of JWTs that RFC 8725 lists, and more."""

import base64
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, RSAKey
from pydantic_core import to_json

from tests.signing import KeyPair, public

HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}
KIDS: tuple[Any, ...] = (
    *("../../../../dev/null", "/proc/self/environ", "file:///dev/null", "https://127.0.0.1/keys"),
    *("' OR '1'='1", "a' UNION SELECT 'x", "a; ls", "a\0", "A", "a ", "", "x" * 5_000),
    *(None, 0, 1, True, ["a"], {"a": 1}, [], "\u0430"),
)
ALGORITHMS: tuple[Any, ...] = (
    *("none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "PS384", "EdDSA", "dir"),
    *("es384", "Es384", "ES384 ", " ES384", "ES384\0", "rs256", "RS256\n", "ES512", "ES256K"),
    *(None, 0, True, [], ["ES384"], {"alg": "ES384"}),
)


def part(raw: bytes) -> str:
    """A part of a compact token."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unsigned(header: Mapping[str, Any], payload: bytes) -> str:
    """The first two parts."""
    return f"{part(json.dumps(header).encode())}.{part(payload)}"


def signature(key: KeyPair, alg: str, text: str) -> bytes:
    """The signature of a text by this key, whatever algorithm the text's header names."""
    digest = HASHES[alg[-3:]]
    private: Any = key.private_key
    if isinstance(key, RSAKey):
        return bytes(private.sign(text.encode(), padding.PKCS1v15(), digest))
    made = bytes(private.sign(text.encode(), ec.ECDSA(digest)))
    length = (private.curve.key_size + 7) // 8
    return b"".join(number.to_bytes(length) for number in decode_dss_signature(made))


class Forger:
    """An attacker who knows everything public, and can sometimes get a text signed."""

    def __init__(self, key: KeyPair, alg: str, kid: str, claims: Mapping[str, Any]) -> None:
        self.key, self.alg, self.claims = key, alg, claims
        self.header = {"alg": alg, "typ": "JWT", "kid": kid}
        self.payload = to_json(claims)

    def signed(self, payload: bytes | None = None, **header: Any) -> str:
        """Signed by the right key, with another header or payload."""
        text = unsigned(self.header | header, self.payload if payload is None else payload)
        return f"{text}.{part(signature(self.key, self.alg, text))}"

    def forgeries(self) -> dict[str, str]:
        """Every forgery, by what is wrong with it; a reader must reject all of them."""
        return {
            **{f"alg {alg!r}": self.signed(alg=alg) for alg in ALGORITHMS if alg != self.alg},
            **{f"kid {str(kid)[:30]!r}": self.signed(kid=kid) for kid in KIDS},
            **self._confused(),
            **self._by_another(),
            **self._spelled_otherwise(),
            **self._nested(),
        }

    def _confused(self) -> dict[str, str]:
        """Tokens with an HMAC whose secret is the public key, in each of its forms."""
        key: Any = self.key.public_key
        info = PublicFormat.SubjectPublicKeyInfo
        secrets = {
            "PEM": key.public_bytes(Encoding.PEM, info),
            "PEM without its last line end": key.public_bytes(Encoding.PEM, info).strip(),
            "DER": key.public_bytes(Encoding.DER, info),
            "JWK": to_json(public(self.key)),
            "nothing": b"",
        }
        found = {}
        for bits in HASHES:
            text = unsigned(self.header | {"alg": f"HS{bits}"}, self.payload)
            for form, secret in secrets.items():
                mac = hmac.digest(secret, text.encode(), f"sha{bits}")
                found[f"HS{bits} with {form}"] = f"{text}.{part(mac)}"
        return found

    def _by_another(self) -> dict[str, str]:
        """Tokens signed by another key, which the header contains or links to."""
        same = ECKey if isinstance(self.key, ECKey) else RSAKey
        other = same.generate_key(self.key["crv"] if same is ECKey else 2048)  # type: ignore[arg-type]
        shown: dict[str, Any] = {
            "jwk": public(other, str(self.header["kid"])),
            "jku": "https://elsewhere.example/keys",
            "x5u": "https://elsewhere.example/chain",
            "x5c": ["MIIB"],
            "x5t": "x",
        }
        thief = Forger(other, self.alg, str(self.header["kid"]), self.claims)
        return {
            **{f"another's {name}": thief.signed(**{name: how}) for name, how in shown.items()},
            "crit": self.signed(crit=["exp"]),
            "crit b64": self.signed(crit=["b64"], b64=False),
            "an empty crit": self.signed(crit=[]),
            "b64": self.signed(b64=False),
        }

    def _spelled_otherwise(self) -> dict[str, str]:
        """A valid token in spellings that are not valid."""
        good = self.signed()
        head, payload, sig = good.split(".")
        text = f"{head}.{payload}"
        length = len(base64.urlsafe_b64decode(sig + "=="))
        return {
            "padded": f"{head}.{payload}.{sig}=" if len(sig) % 4 else f"{good}==",
            "padded everywhere": ".".join(f"{each}====" for each in (head, payload, sig)),
            "blanks": f" {head} . {payload} . {sig}",
            "a line end inside": f"{head}.\n{payload}.{sig}",
            "a NUL": f"{head}.{payload}\0.{sig}",
            "a letter more": f"{good}A",
            "a letter less": good[:-1],
            "half a signature": good[: -len(sig) // 2],
            "no signature": f"{text}.",
            "two parts": text,
            "four parts": f"{good}.{sig}",
            "the signature twice": f"{good}{sig}",
            "no header": f".{payload}.{sig}",
            "no payload": f"{head}..{sig}",
            "parts swapped": f"{payload}.{head}.{sig}",
            "zeros for a signature": f"{text}.{part(bytes(length))}",
            "DER for a signature": f"{text}.{part(self._in_der(text))}",
            "JSON": json.dumps({"payload": payload, "protected": head, "signature": sig}),
            "endless": self.signed(to_json({**self.claims, "more": "x" * 20_000})),
        }

    def _in_der(self, text: str) -> bytes:
        """The signature in X.509's DER form (RFC 3279 §2.2); for RSA, its two halves."""
        whole = signature(self.key, self.alg, text)
        half = len(whole) // 2
        return encode_dss_signature(int.from_bytes(whole[:half]), int.from_bytes(whole[half:]))

    def _nested(self) -> dict[str, str]:
        """Tokens whose payload is not a plain set of claims."""
        whole = self.payload[:-1]
        return {
            "a token in the token": self.signed(self.signed().encode(), cty="JWT"),
            "encrypted": f"{part(b'{}')}.{part(b'k')}.{part(b'i')}.{part(b'c')}.{part(b't')}",
            "claims 300 deep": self.signed(whole + b',"a":' + b"[" * 300 + b"]" * 300 + b"}"),
            "NaN": self.signed(whole + b',"nbf":NaN}'),
            "Infinity": self.signed(whole + b',"nbf":Infinity}'),
            "1e999": self.signed(whole + b',"nbf":-1e999}'),
            "a claim twice": self.signed(whole + b',"iat":1,"iat":2}'),
            "a NUL in a claim": self.signed(whole + b',"a":"\\u0000"}'),
            "a lone surrogate": self.signed(whole + b',"a":"\\ud800"}'),
            "a list of claims": self.signed(b"[" + self.payload + b"]"),
            "no claims": self.signed(b""),
            "text": self.signed(b'"a"'),
        }
