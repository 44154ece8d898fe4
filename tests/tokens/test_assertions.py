"""An assertion must be right in every part."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import ECKey
from pydantic_core import to_json

from tests.signing import public, signed
from tests.tokens.back_end import KEY, OTHER, RSA, BackEnd, refusal


def raw(header: dict[str, Any], payload: bytes, signature: bytes = b"") -> str:
    parts = (json.dumps(header).encode(), payload, signature)
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def with_public_key_as_secret(claims_: Any) -> str:
    """An HMAC whose secret is the public key."""
    unsigned = raw({"alg": "HS384", "kid": "a"}, to_json(claims_)).rstrip(".")
    mac = hmac.digest(KEY.as_pem(private=False), unsigned.encode(), "sha384")
    return f"{unsigned}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


Mutation = Callable[[BackEnd], str]
NOW = time.time
# Each of them is an assertion of a known client with one fault.
MUTATIONS: dict[str, tuple[Mutation, str]] = {
    "signed by nobody": (
        lambda e: raw({"alg": "none", "kid": "a"}, to_json(e.claims())),
        "",
    ),
    "signed by nobody, in capitals": (
        lambda e: raw({"alg": "NONE", "kid": "a"}, to_json(e.claims())),
        "",
    ),
    "the public key as a shared secret": (
        lambda e: with_public_key_as_secret(e.claims()),
        "",
    ),
    "an algorithm that is not ours": (
        lambda e: signed(RSA, e.claims(), "RS256", kid="b"),
        "",
    ),
    "another curve": (
        lambda e: signed(ECKey.generate_key("P-256"), e.claims(), "ES256"),
        "",
    ),
    "the algorithm of another kind of key": (
        lambda e: signed(RSA, e.claims(), "RS384", kid="a"),
        "wrong signature",
    ),
    "another's key under our kid": (lambda e: signed(OTHER, e.claims()), "wrong signature"),
    "another's key, shown in the header": (
        lambda e: signed(OTHER, e.claims(), jwk=public(OTHER)),
        "wrong signature",
    ),
    "a foreign kid": (lambda e: signed(KEY, e.claims(), kid="z"), "unknown kid"),
    "no kid": (lambda e: signed(KEY, e.claims(), kid=None), ""),
    "a type of another use": (lambda e: signed(KEY, e.claims(), typ="secevent+jwt"), ""),
    "altered after it was signed": (
        lambda e: ".".join(
            [
                (parts := signed(KEY, e.claims()).split("."))[0],
                raw({}, to_json(e.claims(exp=NOW() + 200))).split(".")[1],
                parts[2],
            ]
        ),
        "wrong signature",
    ),
    "without a signature": (
        lambda e: signed(KEY, e.claims()).rpartition(".")[0] + ".",
        "wrong signature",
    ),
    "for another audience": (
        lambda e: e.assertion(aud="https://elsewhere.example/oauth/token"),
        "wrong aud",
    ),
    "for no audience": (lambda e: e.assertion(aud=None), "wrong aud"),
    "for an audience that is no text": (lambda e: e.assertion(aud={"a": 1}), "wrong aud"),
    "in another's name": (lambda e: e.assertion(sub="someone"), ""),
    "by another issuer": (lambda e: e.assertion(iss="someone"), ""),
    "by nobody": (lambda e: e.assertion(iss=None, sub=None), ""),
    "by a number": (lambda e: e.assertion(iss=1, sub=1), ""),
    "expired": (lambda e: e.assertion(exp=NOW() - 1), "expired"),
    "far ahead": (lambda e: e.assertion(exp=NOW() + 3600), "exp too far ahead"),
    "for ever": (lambda e: e.assertion(exp=2**53), "exp too far ahead"),
    "to the end of numbers": (lambda e: e.assertion(exp=2**70), "wrong exp"),
    "without an end": (lambda e: e.assertion(exp=None), "no exp"),
    "with an end in words": (lambda e: e.assertion(exp="tomorrow"), "wrong exp"),
    "with a yes for an end": (lambda e: e.assertion(exp=True), "wrong exp"),
    "not good yet": (lambda e: e.assertion(nbf=NOW() + 90), "not yet good"),
    "made in the future": (lambda e: e.assertion(iat=NOW() + 90), "not yet good"),
    "made at a time in words": (lambda e: e.assertion(iat="now"), "wrong iat"),
    "without an id": (lambda e: e.assertion(jti=None), "no jti"),
    "with an empty id": (lambda e: e.assertion(jti=""), "no jti"),
    "with a number for an id": (lambda e: e.assertion(jti=7), "no jti"),
    "with an endless id": (lambda e: e.assertion(jti="x" * 256), "no jti"),
    "with what must be understood": (
        lambda e: raw({"alg": "ES384", "kid": "a", "crit": ["x"]}, to_json(e.claims()), b"x" * 96),
        "",
    ),
    "a claim given twice": (
        lambda e: signed(KEY, to_json(e.claims())[:-1] + b',"aud":"x"}'),
        "",
    ),
    "a list of claims": (lambda e: signed(KEY, [e.claims()]), ""),
    "no claims": (lambda _: signed(KEY, b"null"), ""),
    "claims 2,000 deep": (lambda _: signed(KEY, b'{"a":' * 2_000 + b"1" + b"}" * 2_000), ""),
    "NaN": (lambda e: signed(KEY, to_json(e.claims())[:-1] + b',"nbf":NaN}'), ""),
    "1e999": (lambda e: signed(KEY, to_json(e.claims())[:-1] + b',"nbf":1e999}'), ""),
    "not Base64": (lambda e: "%.%.%" + e.id, ""),
    "four parts": (lambda e: e.assertion() + ".x", ""),
    "five parts": (lambda e: e.assertion() + ".x.y", ""),
    "one part": (lambda e: e.id, ""),
    "dots": (lambda e: ".." + e.id[:0], ""),
    "no ASCII": (lambda e: e.assertion() + "\u00e4", ""),
    "endless": (lambda e: e.assertion(more="x" * 20_000), ""),
}


@pytest.mark.parametrize("label", MUTATIONS)
def test_an_assertion_with_one_thing_wrong_is_refused(emr: BackEnd, label: str) -> None:
    mutated, reason = MUTATIONS[label]
    assert refusal(emr.ask(mutated(emr))) == (401, "invalid_client")
    # An assertion without a known client could be anybody's, so it leaves no entry.
    assert emr.tried() == ([f"assertion: {reason}"] if reason else [])
    assert emr.ask(emr.assertion()).status_code == 200
