"""A back end signs an assertion and gets a token."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import Client
from sqlalchemy import update

from app.auth.models import AccessToken
from app.auth.queries import CACHED_S
from app.core.db.database import Database
from app.core.http.outgoing import Outgoing
from app.core.values.clock import now
from app.settings import settings
from tests.ground import Api, Clinic, create_clinic, later
from tests.publishing import loopback_let_in, publishing
from tests.serving import serving
from tests.signing import claims, key_set, public, signed
from tests.tokens.back_end import ADDRESS, HELD, JWT_BEARER, KEY, OTHER, RSA, BackEnd, refusal


def test_a_back_end_gets_a_token_for_five_minutes(emr: BackEnd) -> None:
    answer = emr.ask(emr.assertion())
    given = answer.json()
    assert (given["token_type"], given["expires_in"]) == ("bearer", 300)
    assert given["scope"] == " ".join(HELD)
    assert answer.headers["cache-control"] == "no-store"
    own = Api(emr.api.wire, given["access_token"])
    assert own.patient(given_name="A")["given_name"] == "A"
    assert own.get("/v1/sessions").status_code == 403
    change = emr.api.get("/v1/changes?limit=200").json()["items"][-1]
    assert change["actor"] == f"client:{emr.id}"


def test_an_rsa_key_works_too(emr: BackEnd) -> None:
    assert emr.ask(signed(RSA, emr.claims(), "RS384", kid="b")).status_code == 200


def test_an_assertion_may_have_several_audiences_and_no_type(emr: BackEnd) -> None:
    listed = emr.claims(aud=["https://elsewhere.example/", ADDRESS])
    assert emr.ask(signed(KEY, listed, typ=None)).status_code == 200


def test_a_token_has_the_requested_scopes_and_no_more(emr: BackEnd) -> None:
    given = emr.token(scope="patients:read")
    assert given["scope"] == "patients:read"
    own = Api(emr.api.wire, given["access_token"])
    assert own.get("/v1/patients").status_code == 200
    assert own.post("/v1/patients", {}).status_code == 403


@pytest.mark.parametrize("scope", ["sessions:read", "patients:read sessions:read", "*", "  "])
def test_a_scope_that_is_not_held_is_refused(emr: BackEnd, scope: str) -> None:
    assert refusal(emr.ask(emr.assertion(), scope=scope)) == (400, "invalid_scope")


def test_a_token_expires(emr: BackEnd, database: Database) -> None:
    own = Api(emr.api.wire, emr.token()["access_token"])
    past = update(AccessToken).where(AccessToken.client_id == UUID(emr.id))
    with database.owning() as db, db.begin():
        db.execute(past.values(expires_at=now()))
    answer = own.get("/v1/patients")
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated")


def test_a_token_ends_with_its_client_within_five_seconds(
    emr: BackEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Api(emr.api.wire, emr.token()["access_token"])
    assert own.get("/v1/patients").status_code == 200
    emr.api.post(f"/v1/clients/{emr.id}/revoke")
    later(monkeypatch, CACHED_S)
    assert own.get("/v1/patients").status_code == 401
    assert refusal(emr.ask(emr.assertion())) == (401, "invalid_client")
    assert set(emr.tried()) == {"revoked key", "assertion: revoked key"}


def test_an_altered_token_is_refused(emr: BackEnd) -> None:
    token = emr.token()["access_token"]
    for bad in (token[:-1], token + "x", token.replace("nwa_", "nw_"), token.replace("nwa_", "x_")):
        assert Api(emr.api.wire, bad).get("/v1/patients").status_code == 401


def test_an_assertion_works_once(emr: BackEnd) -> None:
    assertion = emr.assertion(jti="once")
    assert emr.ask(assertion).status_code == 200
    assert refusal(emr.ask(assertion)) == (401, "invalid_client")
    assert refusal(emr.ask(emr.assertion(jti="once"))) == (401, "invalid_client")
    assert BackEnd(emr.api).ask(emr.assertion(jti="other")).status_code == 200
    assert emr.tried() == ["assertion: used before"]


def test_one_assertion_sent_many_times_at_once_works_once(emr: BackEnd) -> None:
    assertion = emr.assertion()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: emr.ask(assertion).status_code, range(8)))
    assert sorted(answers) == [200, *[401] * 7]


def test_two_clinics_may_use_the_same_assertion_id(emr: BackEnd, other_api: Api) -> None:
    other = BackEnd(other_api)
    assert emr.ask(emr.assertion(jti="x")).status_code == 200
    assert other.ask(other.assertion(jti="x")).status_code == 200


def test_the_same_error_leaves_an_entry_once_a_minute(emr: BackEnd) -> None:
    for _ in range(3):
        emr.ask(emr.assertion(aud="x"))
    assert emr.tried() == ["assertion: wrong aud"]


def test_an_unknown_client_and_a_wrong_key_answer_alike(emr: BackEnd) -> None:
    unknown = claims("0190aaaa-aaaa-7000-8000-00000000000a", ADDRESS)
    answers = [emr.ask(signed(OTHER, claims)) for claims in (unknown, emr.claims())]
    assert answers[0].json() == answers[1].json()
    assert answers[0].status_code == answers[1].status_code == 401


def test_a_client_with_an_api_key_can_not_sign(api: Api) -> None:
    desk = api.create("/v1/clients", name="Desk", scopes=HELD)
    answer = BackEnd(api).ask(signed(KEY, claims(desk["id"], ADDRESS)))
    assert refusal(answer) == (401, "invalid_client")


def test_a_client_id_sent_with_the_assertion_must_be_the_same(emr: BackEnd) -> None:
    assert emr.ask(emr.assertion(), client_id=emr.id).status_code == 200
    assert refusal(emr.ask(emr.assertion(), client_id="x")) == (401, "invalid_client")


def test_a_public_url_is_the_only_audience(emr: BackEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEEDLEWORK_PUBLIC_URL", "https://needlework.example/")
    settings.cache_clear()
    try:
        named = emr.assertion(aud="https://needlework.example/oauth/token")
        assert emr.ask(named).status_code == 200
        assert refusal(emr.ask(emr.assertion())) == (401, "invalid_client")
    finally:
        monkeypatch.undo()
        settings.cache_clear()


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CREDENTIALS = b"grant_type=client_credentials"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "unsupported_grant_type"),
        (b"grant_type=", "unsupported_grant_type"),
        (b"grant_type=authorization_code", "unsupported_grant_type"),
        (CREDENTIALS, "invalid_request"),
        (CREDENTIALS + b"&client_id=a&client_secret=b", "invalid_request"),
        (CREDENTIALS + b"&" + CREDENTIALS, "invalid_request"),
        (CREDENTIALS + b"&client_assertion=a.b.c", "invalid_request"),
        (CREDENTIALS + b"&client_assertion_type=x&client_assertion=a.b.c", "invalid_request"),
        (CREDENTIALS + b"&scope=%ff", "invalid_request"),
        (CREDENTIALS + b"\xff", "invalid_request"),
        (b"&".join(b"p%d=1" % n for n in range(100)), "invalid_request"),
        (b"grant_type=" + b"x" * 70_000, "invalid_request"),
        (b'{"grant_type": "client_credentials"}', "unsupported_grant_type"),
    ],
)
def test_a_request_that_is_not_for_a_token_is_refused(api: Api, content: bytes, error: str) -> None:
    answer = api.wire.post("/oauth/token", content=content, headers=FORM)
    assert refusal(answer) == (400, error)


@pytest.mark.parametrize("kind", ["application/json", "", "multipart/form-data", "text/plain"])
def test_a_token_request_must_be_a_form(api: Api, kind: str) -> None:
    answer = api.wire.post("/oauth/token", content=CREDENTIALS, headers={"Content-Type": kind})
    assert refusal(answer) == (400, "invalid_request")


@pytest.mark.parametrize(
    "host", ["elsewhere.example", "[", "[::1", "a b", "a:99999", "%ff", "x" * 3_000]
)
def test_another_host_is_another_audience_and_an_invalid_host_means_our_own(
    emr: BackEnd, host: str
) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": JWT_BEARER,
        "client_assertion": emr.assertion(),
    }
    answer = emr.api.wire.post("/oauth/token", data=form, headers={"Host": host})
    is_host = host[0] != "[" and " " not in host and ":" not in host
    assert answer.status_code == (401 if is_host else 200)


def test_a_get_returns_no_token(api: Api) -> None:
    assert api.wire.get("/oauth/token").status_code == 405


def test_only_digests_of_tokens_are_stored(emr: BackEnd, clinic: Clinic) -> None:
    token = emr.token()["access_token"]
    with clinic.database.reading(clinic.id) as db:
        rows = db.exec_driver_sql("SELECT * FROM access_tokens").all()
    assert rows
    assert token.split("_", 2)[2] not in str(rows)
    assert token.split("_", 2)[2] not in emr.api.get("/v1/changes?limit=200").text


def test_published_keys_may_be_changed(api: Api, app: FastAPI) -> None:
    with publishing() as other, loopback_let_in():
        other.pages["/keys"] = key_set(KEY)
        emr = BackEnd(api, jwks=None, jwks_url=f"{other.url}/keys")
        assert [emr.ask(emr.assertion()).status_code for _ in range(3)] == [200] * 3
        assert len(other.asked) == 1
        other.pages["/keys"] = key_set(KEY, OTHER)
        early = emr.ask(signed(OTHER, emr.claims(), kid="b"))
        assert (early.status_code, len(other.asked)) == (401, 1)
        app.state.outgoing = Outgoing()  # a minute later, as far as it knows
        assert emr.ask(signed(OTHER, emr.claims(), kid="b")).status_code == 200
        assert emr.tried() == ["assertion: unknown kid"]


@pytest.mark.parametrize("page", [None, {}, [], {"keys": {}}, {"keys": [1, None, {"kid": "a"}]}])
def test_missing_published_keys_are_not_a_failure(api: Api, page: Any) -> None:
    with publishing() as other, loopback_let_in():
        other.pages["/keys"] = page
        emr = BackEnd(api, jwks=None, jwks_url=f"{other.url}/keys")
        assert refusal(emr.ask(emr.assertion())) == (401, "invalid_client")
        assert len(emr.tried()) == 1


def test_published_keys_of_another_kind_are_ignored(api: Api) -> None:
    secret = {"kty": "oct", "k": "AAAA", "kid": "a"}
    with publishing() as other, loopback_let_in():
        other.pages["/keys"] = {"keys": [secret, public(RSA), public(KEY), {"kid": 7}]}
        emr = BackEnd(api, jwks=None, jwks_url=f"{other.url}/keys")
        assert emr.ask(emr.assertion()).status_code == 200


def test_no_secret_and_no_assertion_is_logged(database: Database, tmp_path: Path) -> None:
    clinic, log = create_clinic(database), tmp_path / "server.log"
    url = database.engine.url.render_as_string(hide_password=False)
    with (
        serving(log, NEEDLEWORK_DATABASE_URL=url) as server,
        Client(base_url=f"http://127.0.0.1:{server.port}") as wire,
    ):
        api = Api(wire, clinic.key())
        emr = BackEnd(api)
        address = f"http://127.0.0.1:{server.port}/oauth/token"
        good = signed(KEY, emr.claims(aud=address))
        token = emr.ask(good).json()["access_token"]
        Api(wire, token).get("/v1/patients")
        Api(wire, token + "x").get("/v1/patients")
        bad = signed(OTHER, emr.claims(aud=address))
        assert emr.ask(bad).status_code == emr.ask(good).status_code == 401
        desk = api.create("/v1/clients", name="Desk", scopes=HELD)["api_key"]
    written = log.read_text()
    assert '"operation":"tokens.create"' in written
    secrets = [key.split("_", 2)[-1] for key in (api.key, token, desk)]
    assert [s for s in (*secrets, *good.split("."), *bad.split(".")) if s in written] == []
