"""No forged credential is accepted anywhere: 401 or OAuth's error, and never a 5xx."""

from typing import Any

import pytest

from tests.auth.test_provider import EC, RSA, Person, new_person, serve_provider
from tests.devices.test_devices import Tablet
from tests.forged import Forger
from tests.ground import ENROLMENT, Api
from tests.signing import public
from tests.tokens.back_end import KEY, OTHER, BackEnd, refusal
from tests.tokens.back_end import RSA as RSA_OF_BACK_END

__all__ = ["new_person", "serve_provider"]  # pytest finds these fixtures here


@pytest.mark.parametrize(
    ("key", "alg", "kid"), [(KEY, "ES384", "a"), (RSA_OF_BACK_END, "RS384", "b")]
)
def test_no_forged_assertion_gets_a_token(emr: BackEnd, key: Any, alg: str, kid: str) -> None:
    wrong = {}
    for label, forged in Forger(key, alg, kid, emr.claims()).forgeries().items():
        answer = emr.ask(forged)
        if refusal(answer) != (401, "invalid_client"):
            wrong[label] = answer.text
    assert wrong == {}
    assert emr.ask(Forger(key, alg, kid, emr.claims()).signed()).status_code == 200


@pytest.mark.parametrize(("key", "alg", "kid"), [(RSA, "RS256", "a"), (EC, "ES256", "b")])
def test_no_forged_identity_is_accepted(dana: Person, key: Any, alg: str, kid: str) -> None:
    let_in = [
        label
        for label, forged in Forger(key, alg, kid, dana.claims()).forgeries().items()
        if forged.isprintable() and forged.isascii() and dana.is_let_in(forged)
    ]
    assert let_in == []
    assert dana.is_let_in(Forger(key, alg, kid, dana.claims()).signed())


def altered(secret: str) -> dict[str, str]:
    """A secret with one fault."""
    prefix, id_, rest = secret.split("_", 2)
    return {
        "a letter more": f"{secret}A",
        "a letter less": secret[:-1],
        "another last letter": secret[:-1] + ("A" if secret[-1] != "A" else "B"),
        "no secret": f"{prefix}_{id_}_",
        "no id": f"{prefix}__{rest}",
        "another id": f"{prefix}_{'0' * 32}_{rest}",
        "the id in capitals": f"{prefix}_{id_.upper()}_{rest}",
        "another prefix": f"nwx_{id_}_{rest}",
        "no prefix": f"{id_}_{rest}",
        "capitals": f"{prefix.upper()}_{id_}_{rest}",
        "twice": secret + secret,
        "a part more": f"{secret}_{rest}",
        "padded": f"{secret}=",
        "a wildcard": f"{prefix}_{id_}_%",
        "SQL": f"{prefix}_{id_}_' OR '1'='1",
        "a path": f"{prefix}_../{id_}_{rest}",
        "endless": f"{secret}{'x' * 5_000}",
        "the digest": f"{prefix}_{id_}_{'0' * 64}",
    }


def test_no_altered_key_or_access_token_is_accepted(api: Api, emr: BackEnd) -> None:
    for secret in (api.key, emr.token()["access_token"]):
        for label, bad in altered(secret).items():
            assert Api(api.wire, bad).get("/v1/patients").status_code == 401, label
        assert Api(api.wire, secret).get("/v1/patients").status_code == 200


def test_no_altered_code_or_refresh_token_gets_a_token(api: Api) -> None:
    tablet = Tablet(api)
    for label, bad in altered(tablet.made["enrolment_code"]).items():
        assert refusal(tablet.ask(ENROLMENT, code=bad)) == (400, "invalid_grant"), label
    given = tablet.let_in()
    for label, bad in altered(given["refresh_token"]).items():
        assert refusal(tablet.refresh(bad)) == (400, "invalid_grant"), label
    assert tablet.refresh(given["refresh_token"]).status_code == 200


def test_a_clinics_client_is_nobody_in_another_clinic(emr: BackEnd, other_api: Api) -> None:
    """A client's own signature is refused under the name of another client, in any clinic."""
    other = BackEnd(other_api, jwks={"keys": [public(OTHER)]})
    theirs = Forger(KEY, "ES384", "a", other.claims()).signed()
    assert refusal(emr.ask(theirs)) == (401, "invalid_client")
    own = Api(emr.api.wire, emr.token()["access_token"])
    patient = other_api.patient()
    assert own.get(f"/v1/patients/{patient['id']}").status_code == 404
