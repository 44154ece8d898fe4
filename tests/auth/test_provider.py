"""A practitioner calls with an identity provider's token, which must be right in every part."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Barrier, BrokenBarrierError
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey, OctKey, RSAKey
from pydantic_core import to_json

from app.auth.provider import Provider, identity_id
from app.auth.queries import CACHED_S, Authenticator
from app.clients import service
from app.core.db.database import Database
from app.core.http.outgoing import Outgoing
from app.core.operation import perform
from app.core.values.access import Scope
from app.core.values.clock import uuid7
from app.core.values.problems import Conflict
from app.practitioners.schemas import PractitionerBody
from app.practitioners.service import PRACTITIONERS
from app.records.service import create_one
from app.settings import settings
from app.state.compare import differences
from tests.cli.program import url_of, within
from tests.ground import Api, Clinic, create_clinic, later
from tests.publishing import Published, loopback_let_in, publishing
from tests.signing import public, signed

RSA, EC, P384 = RSAKey.generate_key(2048), ECKey.generate_key("P-256"), ECKey.generate_key("P-384")
OTHER = RSAKey.generate_key(2048)
AUDIENCE = "needlework"
HELD = [Scope.PATIENTS_READ, Scope.PATIENTS_WRITE]


def new_subject() -> str:
    """A unique issuer: a port of an earlier provider may be used again."""
    return f"dana-{uuid7()}@provider"


class Person:
    """A practitioner with an account at the provider."""

    def __init__(self, api: Api, clinic: Clinic, issuer: str) -> None:
        self.api, self.clinic, self.issuer = api, clinic, issuer
        self.subject = new_subject()
        self.id = identity_id(issuer, self.subject)
        self.practitioner_id = UUID(api.practitioner()["id"])
        op = clinic.operation("identities.create")
        made = (self.id, "Dana", self.practitioner_id, HELD)
        perform(clinic.database, op, lambda: service.add_identity(op, *made))

    def claims(self, **other: Any) -> dict[str, Any]:
        own = {"iss": self.issuer, "sub": self.subject}
        members = own | {"aud": AUDIENCE, "exp": time.time() + 600}
        return {name: value for name, value in (members | other).items() if value is not None}

    def token(self, **other: Any) -> str:
        return signed(RSA, self.claims(**other), "RS256")

    def own(self, token: str) -> Api:
        return Api(self.api.wire, token)

    def is_let_in(self, token: str) -> bool:
        status = self.own(token).get("/v1/patients").status_code
        assert status in {200, 401}
        return status == 200


@pytest.fixture(name="provider")
def serve_provider(app: FastAPI, clinic: Clinic) -> Iterator[Published]:
    with (
        publishing() as provider,
        pytest.MonkeyPatch.context() as monkeypatch,
    ):
        monkeypatch.setenv("NEEDLEWORK_OIDC_ISSUER", provider.url)
        monkeypatch.setenv("NEEDLEWORK_OIDC_AUDIENCE", AUDIENCE)
        with loopback_let_in():
            keys = [public(RSA), public(EC, "b"), public(P384, "c")]
            provider.pages["/.well-known/openid-configuration"] = {
                "issuer": provider.url,
                "jwks_uri": f"{provider.url}/keys",
            }
            provider.pages["/keys"] = {"keys": keys}
            app.state.authenticate = Authenticator(clinic.database, Provider(Outgoing()))
            yield provider
    settings.cache_clear()


@pytest.fixture(name="dana")
def new_person(api: Api, clinic: Clinic, provider: Published) -> Person:
    return Person(api, clinic, provider.url)


def test_a_practitioner_with_a_providers_token_acts_in_their_own_name(dana: Person) -> None:
    own = dana.own(dana.token())
    own.patient(given_name="A")
    change = dana.api.get("/v1/changes?limit=200").json()["items"][-1]
    assert change["actor"] == f"practitioner:{dana.practitioner_id}"
    assert own.get("/v1/sessions").status_code == 403
    key = {"Idempotency-Key": "k"}
    assert own.post("/v1/patients", {}, headers=key).status_code == 201
    assert "idempotency-replayed" in own.post("/v1/patients", {}, headers=key).headers


@pytest.mark.parametrize(
    ("key", "alg", "kid"),
    [(RSA, "RS256", "a"), (RSA, "RS384", "a"), (EC, "ES256", "b"), (P384, "ES384", "c")],
)
def test_four_algorithms_are_accepted(dana: Person, key: Any, alg: str, kid: str) -> None:
    assert dana.is_let_in(signed(key, dana.claims(), alg, kid=kid, typ="at+jwt"))


NOW = time.time
LIFE_S = 90 * 60
MUTATIONS: dict[str, Callable[[Person], str]] = {
    "another's key": lambda d: signed(OTHER, d.claims(), "RS256"),
    "a foreign kid": lambda d: signed(RSA, d.claims(), "RS256", kid="z"),
    "no kid": lambda d: signed(RSA, d.claims(), "RS256", kid=None),
    "another algorithm": lambda d: signed(RSA, d.claims(), "PS256"),
    "a shared secret": lambda d: signed(OctKey.generate_key(256), d.claims(), "HS256"),
    "the algorithm of another key": lambda d: signed(EC, d.claims(), "ES256", kid="a"),
    "a type of another use": lambda d: signed(RSA, d.claims(), "RS256", typ="logout+jwt"),
    "no signature": lambda d: d.token().rpartition(".")[0] + ".",
    "wrong aud": lambda d: d.token(aud="another"),
    "no aud": lambda d: d.token(aud=None),
    "wrong iss": lambda d: d.token(iss="https://elsewhere.example"),
    "no iss": lambda d: d.token(iss=None),
    "no sub": lambda d: d.token(sub=None),
    "a sub that is no text": lambda d: d.token(sub=[d.subject]),
    "an unknown sub": lambda d: d.token(sub="somebody"),
    "expired": lambda d: d.token(exp=NOW() - 1),
    "no exp": lambda d: d.token(exp=None),
    "an exp in words": lambda d: d.token(exp="tomorrow"),
    "not good yet": lambda d: d.token(nbf=NOW() + 90),
    "made in the future": lambda d: d.token(iat=NOW() + 90),
    "valid for too long from now": lambda d: d.token(exp=NOW() + LIFE_S + 60),
    "valid for too long since it was issued": lambda d: d.token(
        iat=NOW() - 600, exp=NOW() - 600 + LIFE_S + 1
    ),
    "valid for a year": lambda d: d.token(iat=NOW(), exp=NOW() + 31_536_000),
    "a list": lambda d: signed(RSA, [d.claims()], "RS256"),
    "garbage": lambda _: "a.b.c",
    "dots": lambda _: "..",
    "depth": lambda _: signed(RSA, b"[" * 3_000, "RS256"),
    "NaN": lambda d: signed(RSA, to_json(d.claims())[:-1] + b',"nbf":NaN}', "RS256"),
}


@pytest.mark.parametrize("label", MUTATIONS)
def test_a_token_with_one_fault_is_refused(dana: Person, label: str) -> None:
    assert not dana.is_let_in(MUTATIONS[label](dana))
    assert dana.is_let_in(dana.token())


@pytest.mark.parametrize("issued", [True, False])
def test_a_providers_token_may_live_for_ninety_minutes(
    dana: Person,
    issued: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    at = NOW()
    assert dana.is_let_in(dana.token(iat=at if issued else None, exp=at + LIFE_S))


def test_the_setting_changes_how_long_a_providers_token_may_live(
    dana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dana.is_let_in(dana.token())
    monkeypatch.setenv("NEEDLEWORK_OIDC_TOKEN_MINUTES_MAX", "5")
    settings.cache_clear()
    assert not dana.is_let_in(dana.token())
    assert dana.is_let_in(dana.token(exp=NOW() + 299))


@pytest.mark.parametrize(
    "page", [None, {}, [], {"issuer": "https://x.example", "jwks_uri": "https://x.example/"}]
)
def test_without_published_keys_every_token_is_refused(
    dana: Person, provider: Published, page: Any
) -> None:
    provider.pages["/.well-known/openid-configuration"] = page
    assert not dana.is_let_in(dana.token())
    assert dana.api.get("/v1/patients").status_code == 200


def test_keys_are_fetched_once_for_many_tokens(dana: Person, provider: Published) -> None:
    assert all(dana.is_let_in(dana.token(nonce=n)) for n in range(5))
    assert not any(dana.is_let_in(signed(RSA, dana.claims(), "RS256", kid=k)) for k in "xyz")
    assert len(provider.asked) == 2


def test_without_a_configured_provider_its_tokens_are_refused(
    dana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEEDLEWORK_OIDC_ISSUER")
    settings.cache_clear()
    assert not dana.is_let_in(dana.token())


def test_a_revoked_identity_is_refused(dana: Person) -> None:
    op = dana.clinic.operation("identities.revoke")
    perform(dana.clinic.database, op, lambda: service.revoke_identity(op, dana.id))
    assert not dana.is_let_in(dana.token())
    path = f"/v1/audit/entries?kind=security&resource=clients&resource_id={dana.id}"
    [entry] = dana.api.get(path).json()["items"]
    assert (entry["reason"], entry["actor"]) == (
        "revoked key",
        f"practitioner:{dana.practitioner_id}",
    )


def test_identities_are_managed_on_the_command_line(
    api: Api,
    clinic: Clinic,
    provider: Published,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(*arguments: str) -> Any:
        return within(monkeypatch, capsys, url_of(clinic.database), "identity", *arguments)

    subject = new_subject()
    here, who = ("--clinic", str(clinic.id)), ("--practitioner", api.practitioner()["id"])
    scopes = ("--scopes", "patients:read")
    unknown = run("add", subject, *here, "--practitioner", str(clinic.id), *scopes)
    assert (unknown.code, unknown.err) == (1, "This clinic has no practitioner with this id.\n")
    made = run("add", subject, *here, *who, *scopes, "--json")
    assert made.data == {"client_id": str(identity_id(provider.url, subject))}
    claims = {"iss": provider.url, "sub": subject, "aud": [AUDIENCE], "exp": NOW() + 60}
    own = Api(api.wire, signed(RSA, claims, "RS256"))
    assert own.get("/v1/patients").status_code == 200
    again = run("add", subject, "--clinic", str(create_clinic(clinic.database).id), *who, *scopes)
    assert again.code == 1
    assert run("add", subject, *here, *who, *scopes).err == "This person has an identity already.\n"
    assert run("revoke", subject, *here).code == 0
    assert run("revoke", "nobody", *here).err == "This clinic has no identity with this subject.\n"


def test_who_was_unlinked_can_be_linked_again_and_nothing_earlier_comes_back(
    dana: Person, api: Api, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_all = dana.token()
    by_cli = clinic.operation("clients.create")
    by_dana = replace(by_cli, caller=replace(by_cli.caller, client_id=dana.id))
    key = perform(clinic.database, by_dana, lambda: service.add(by_dana, "Hers", HELD))
    hers = Api(api.wire, str(key))
    assert dana.is_let_in(with_all)
    assert hers.get("/v1/patients").status_code == 200
    op = clinic.operation("identities.revoke")
    perform(clinic.database, op, lambda: service.revoke_identity(op, dana.id))
    eli = UUID(api.practitioner()["id"])
    op = clinic.operation("identities.create")
    made = (dana.id, "Eli", eli, [Scope.PATIENTS_READ])
    perform(clinic.database, op, lambda: service.add_identity(op, *made))
    later(monkeypatch, CACHED_S + 1)
    me = dana.own(dana.token()).get("/v1/me").json()
    assert (me["practitioner_id"], me["scopes"]) == (str(eli), ["patients:read"])
    assert hers.get("/v1/patients").status_code == 401
    with pytest.raises(Conflict):
        perform(clinic.database, op, lambda: service.add_identity(op, *made))
    assert found_differences(clinic) == []


def test_two_clinics_that_link_one_person_at_once_don_t_both_succeed(
    database: Database, provider: Published
) -> None:
    id = identity_id(provider.url, new_subject())
    barrier = Barrier(2)

    def link(clinic: Clinic) -> bool:
        op = clinic.operation("identities.create")
        practitioner = practitioner_of(clinic)

        def work() -> None:
            service.add_identity(op, id, "Dana", practitioner, HELD)
            with suppress(BrokenBarrierError):  # the other one waits for this one's commit
                barrier.wait(1)

        try:
            perform(database, op, work)
        except Conflict:
            return False
        return True

    clinics = [create_clinic(database), create_clinic(database)]
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(link, clinics)) == [False, True]


def practitioner_of(clinic: Clinic) -> UUID:
    op = clinic.operation("practitioners.create")
    body = PractitionerBody(given_name="Dana")
    return perform(clinic.database, op, lambda: create_one(op, PRACTITIONERS, body))[0]["id"]


def found_differences(clinic: Clinic) -> list[Any]:
    op = clinic.operation()
    with clinic.database.snapshot(clinic.id) as db:
        op.begin(db)
        return list(differences(op))


def test_one_person_of_the_provider_is_linked_in_one_clinic(
    dana: Person, api: Api, clinic: Clinic
) -> None:
    """A token leads to one clinic, which another clinic must not be able to change."""
    other = create_clinic(clinic.database)
    practitioner = UUID(Api(api.wire, other.key()).practitioner()["id"])
    op = other.operation("identities.create")
    made = (dana.id, "Dana", practitioner, HELD)
    with pytest.raises(Conflict):
        perform(other.database, op, lambda: service.add_identity(op, *made))
    assert dana.is_let_in(dana.token())
