"""Clients over HTTP: keys are shown once, scopes are limited, revocation takes effect."""

from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from app.auth.queries import CACHED_S
from app.core.values.access import Scope
from tests.ground import Api, Clinic, later

FRONT_DESK = {"name": "Front desk", "scopes": ["patients:read"]}
BACK_END = {"name": "EMR", "kind": "backend", "scopes": ["patients:read"]}


def public(key: RSAKey | ECKey, kid: str = "a") -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": kid}


P384 = ECKey.generate_key("P-384")
GOOD = public(P384)


def refused(api: Api, **body: Any) -> list[tuple[str, str]]:
    """The pointers and codes of the faults of a refused new client."""
    answer = api.post("/v1/clients", {**BACK_END, **body})
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def test_an_api_key_is_shown_once_and_not_stored(api: Api, clinic: Clinic) -> None:
    key = {"Idempotency-Key": "desk"}
    made = api.post("/v1/clients", FRONT_DESK, headers=key).json()
    assert Api(api.wire, made["api_key"]).get("/v1/patients").status_code == 200
    secret = made.pop("api_key").split("_", 2)[2]
    assert api.get(f"/v1/clients/{made['id']}").json() == made
    assert secret not in api.get("/v1/clients").text + api.get("/v1/changes").text
    with clinic.database.reading(clinic.id) as db:
        kept = "SELECT count(*) FROM stored_answers WHERE key = 'desk'"
        assert db.exec_driver_sql(kept).scalar_one() == 0


def test_a_repeated_create_makes_a_second_client_whatever_its_idempotency_key(api: Api) -> None:
    made = [
        api.post("/v1/clients", FRONT_DESK, headers={"Idempotency-Key": "again"}) for _ in range(2)
    ]
    assert made[0].json()["id"] != made[1].json()["id"]
    assert "idempotency-replayed" not in made[1].headers


def test_callers_can_not_pass_on_scopes_that_they_do_not_hold(api: Api, clinic: Clinic) -> None:
    desk = Api(api.wire, clinic.key([Scope.CLIENTS_WRITE, Scope.PATIENTS_READ]))
    wanted = {"scopes": ["patients:read", "patients:write", "audit:read"]}
    answer = desk.post("/v1/clients", {**FRONT_DESK, **wanted})
    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
        ("/scopes/1", "not_held"),
        ("/scopes/2", "not_held"),
    ]
    assert desk.post("/v1/clients", FRONT_DESK).status_code == 201


def test_a_revoked_client_is_refused_within_five_seconds(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = api.create("/v1/clients", **FRONT_DESK)
    desk = Api(api.wire, made["api_key"])
    assert desk.get("/v1/patients").status_code == 200
    first = api.post(f"/v1/clients/{made['id']}/revoke").json()
    later(monkeypatch, CACHED_S)
    assert desk.get("/v1/patients").status_code == 401
    assert CACHED_S <= 5
    assert first["revoked_at"] is not None
    assert api.post(f"/v1/clients/{made['id']}/revoke").json() == first


def test_a_clients_expiry_must_be_in_the_future(api: Api) -> None:
    past = {**FRONT_DESK, "expires_at": "2020-01-01T00:00:00Z"}
    assert api.post("/v1/clients", past).json()["errors"][0]["code"] == "past"
    later = api.create("/v1/clients", **FRONT_DESK, expires_at="2190-01-01T02:00:00+02:00")
    assert later["expires_at"] == "2190-01-01T00:00:00Z"


@pytest.mark.parametrize("key", [P384, RSAKey.generate_key(2048)], ids=["EC", "RSA"])
def test_a_back_end_has_public_keys_and_no_api_key(api: Api, key: Any) -> None:
    keys = [public(key), public(key, "b") | {"use": "sig"}]
    made = api.create("/v1/clients", **BACK_END, jwks={"keys": keys})
    assert made.pop("api_key") is None
    assert made == api.get(f"/v1/clients/{made['id']}").json()
    shown = [{k: v for k, v in key.items() if v is not None} for key in made["jwks"]["keys"]]
    assert shown == keys
    assert made in api.get("/v1/clients?limit=200").json()["items"]


def test_a_back_end_gives_its_keys_in_exactly_one_way(api: Api) -> None:
    jwks, url = {"keys": [GOOD]}, "https://emr.example/jwks.json"
    assert refused(api) == [("", "one_key_source")]
    assert refused(api, jwks=jwks, jwks_url=url) == [("", "one_key_source")]
    assert refused(api, kind="api_key", jwks=jwks) == [("", "no_key_source")]
    assert api.create("/v1/clients", **BACK_END, jwks_url=url)["jwks_url"] == url


@pytest.mark.parametrize(
    "url",
    [
        "http://emr.example/jwks.json",
        "http://127.0.0.1/jwks.json",
        "https://user:secret@emr.example/jwks.json",
        "https://emr.example/jwks.json#keys",
        "https://emr.example:99999/",
        "https://emr.example/ jwks",
        "https://",
        "https:///jwks",
        "https://[::1",
        "file:///etc/passwd",
        "gopher://emr.example/",
        "emr.example/jwks.json",
        "https://emr.example/\r\nHost: x",
        "",
    ],
)
def test_keys_are_only_fetched_over_https(api: Api, url: str) -> None:
    assert refused(api, jwks_url=url) == [("/jwks_url", "address")]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (P384.as_dict(private=True) | {"kid": "a"}, "extra_forbidden"),
        ({"kty": "RSA", "kid": "1024 bits", "e": "AQAB", "n": "_" * 170 + "8"}, "no_key"),
        (GOOD | {"y": GOOD["x"]}, "no_key"),
        (GOOD | {"x": "AA"}, "no_key"),
        ({"kty": "EC", "kid": "a"}, "no_key"),
        (GOOD | {"kty": "RSA"}, "no_key"),
        (GOOD | {"alg": "RS384"}, "no_key"),
        (public(ECKey.generate_key("P-256")), "literal_error"),
        ({"kty": "oct", "k": "AAAA", "kid": "a"}, "literal_error"),
        (GOOD | {"alg": "none"}, "literal_error"),
        (GOOD | {"use": "enc"}, "literal_error"),
        ({k: v for k, v in GOOD.items() if k != "kid"}, "missing"),
    ],
)
def test_an_unsupported_public_key_is_refused(api: Api, key: dict[str, Any], code: str) -> None:
    found = refused(api, jwks={"keys": [key]})
    assert (code in {c for _, c in found}) == all(p.startswith("/jwks/keys/0") for p, _ in found)
    assert code in {c for _, c in found}


def test_two_keys_with_one_kid_are_refused(api: Api) -> None:
    assert refused(api, jwks={"keys": [GOOD, GOOD]}) == [("/jwks", "repeated")]
