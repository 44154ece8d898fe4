"""A browser signs in with the identity provider: only as itself, only once, only here."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
import time_machine
from fastapi import FastAPI
from httpx2 import Response

from app.auth.provider import Provider, identity_id
from app.clients import service
from app.core.http.outgoing import Outgoing
from app.core.operation import perform
from app.core.values.clock import now
from app.settings import settings
from tests.auth.local_provider import CLIENT_ID, SECRET, LocalProvider, link_person, local_provider
from tests.ground import Api, Clinic
from tests.publishing import loopback_let_in
from tests.web.console import Desk, security, words

BACK = "/console/oidc/callback"


@pytest.fixture(name="provider")
def serve_provider(app: FastAPI) -> Iterator[LocalProvider]:
    with local_provider() as provider, pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("NEEDLEWORK_OIDC_ISSUER", provider.url)
        monkeypatch.setenv("NEEDLEWORK_OIDC_CLIENT_ID", CLIENT_ID)
        usual, app.state.provider = app.state.provider, Provider(Outgoing())
        with loopback_let_in():
            yield provider
        app.state.provider = usual
    settings.cache_clear()


@pytest.fixture(name="dana")
def linked_practitioner(api: Api, clinic: Clinic, provider: LocalProvider) -> UUID:
    """The id of a practitioner who is linked to the subject that the provider signs in."""
    practitioner_id = UUID(api.practitioner()["id"])
    link_person(clinic, provider, practitioner_id)
    return practitioner_id


def begin(desk: Desk, to: str = "/console") -> dict[str, str]:
    """Begin at the sign-in page; what the provider is asked."""
    answer = desk.get(f"/console/oidc?to={to}")
    assert answer.status_code == 303, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def come_back(desk: Desk, answer: dict[str, str]) -> Response:
    return desk.get(f"{BACK}", params=answer)


def is_let_in(desk: Desk) -> bool:
    status = desk.get("/console").status_code
    assert status in {200, 401}
    return status == 200


def test_a_practitioner_signs_in_with_the_provider_and_the_ledger_names_them(
    nobody: Desk, provider: LocalProvider, dana: UUID, api: Api
) -> None:
    patient = api.patient(given_name="A")
    here = f"/console/patients/{patient['id']}"
    assert "identity provider" in nobody.get(here).text
    answer = come_back(nobody, provider.back(begin(nobody, here)))
    assert (answer.status_code, answer.headers["location"]) == (303, here)
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(
        answer.headers.get_list("set-cookie")[0].split("; ")
    )
    assert nobody.get(here).status_code == 200
    entries = api.get("/v1/audit/entries?kind=access&limit=200").json()["items"]
    mine = {entry["operation"] for entry in entries if entry["actor"] == f"practitioner:{dana}"}
    assert "console.patient" in mine


def test_the_provider_is_asked_for_a_code_with_pkce(nobody: Desk, provider: LocalProvider) -> None:
    asked = begin(nobody)
    assert asked == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": f"http://testserver{BACK}",
        "scope": "openid",
        "code_challenge_method": "S256",
        **{name: asked[name] for name in ("state", "nonce", "code_challenge")},
    }
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    again = begin(nobody)
    assert {asked["state"], asked["nonce"]}.isdisjoint({again["state"], again["nonce"]})
    assert provider.codes == {}


@pytest.mark.usefixtures("dana")
def test_the_public_url_is_where_the_provider_sends_browsers_back(
    app: FastAPI, provider: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEEDLEWORK_PUBLIC_URL", "https://clinic.example")
    settings.cache_clear()
    desk = Desk(app, base_url="https://clinic.example")
    asked = begin(desk)
    assert asked["redirect_uri"] == f"https://clinic.example{BACK}"
    assert all(name.startswith("__Host-needlework-oidc") for name in desk.wire.cookies)
    assert come_back(desk, provider.back(asked)).status_code == 303
    assert is_let_in(desk)


@pytest.mark.usefixtures("dana")
@pytest.mark.parametrize("ways", [None, ["client_secret_post"]])
def test_this_server_s_secret_goes_to_the_token_endpoint(
    nobody: Desk,
    provider: LocalProvider,
    monkeypatch: pytest.MonkeyPatch,
    ways: list[str] | None,
) -> None:
    provider.secret = SECRET
    if ways is not None:
        provider.known["token_endpoint_auth_methods_supported"] = ways
    assert come_back(nobody, provider.back(begin(nobody))).status_code == 403
    monkeypatch.setenv("NEEDLEWORK_OIDC_CLIENT_SECRET", SECRET)
    settings.cache_clear()
    assert come_back(nobody, provider.back(begin(nobody))).status_code == 303


def test_somebody_who_is_not_linked_sees_what_the_owner_needs(
    nobody: Desk, provider: LocalProvider, clinic: Clinic, api: Api
) -> None:
    answer = come_back(nobody, provider.back(begin(nobody)))
    assert answer.status_code == 403
    assert {provider.url, provider.subject} <= set(words(answer.text).split())
    assert not is_let_in(nobody)
    link_person(clinic, provider, UUID(api.practitioner()["id"]))
    assert come_back(nobody, provider.back(begin(nobody))).status_code == 303


@pytest.mark.usefixtures("dana")
def test_a_revoked_or_inactive_identity_is_refused_and_recorded(
    nobody: Desk, provider: LocalProvider, clinic: Clinic, api: Api
) -> None:
    assert come_back(nobody, provider.back(begin(nobody))).status_code == 303
    op, id = clinic.operation("identities.revoke"), identity_id(provider.url, provider.subject)
    perform(clinic.database, op, lambda: service.revoke_identity(op, id))
    answer = come_back(nobody, provider.back(begin(nobody)))
    assert answer.status_code == 403
    assert "has ended" in answer.text
    assert ("console.sign-in", "revoked key") in security(api)
    assert not is_let_in(nobody)


@pytest.mark.usefixtures("dana")
def test_another_browser_s_answer_signs_nobody_in(
    app: FastAPI, nobody: Desk, provider: LocalProvider
) -> None:
    """An attacker can't sign a victim in as the attacker, nor fix the victim's session."""
    attacker = Desk(app)
    theirs = provider.back(begin(attacker))
    begin(nobody)
    before = dict(nobody.wire.cookies)
    answer = come_back(nobody, theirs)
    assert answer.status_code == 403
    assert "did not confirm" in answer.text
    assert theirs["code"] in provider.codes  # it was not even sent on
    assert not is_let_in(nobody)
    assert set(before) - set(nobody.wire.cookies) == set(before)  # the flow has ended


def test_a_browser_without_a_flow_is_led_back_once_and_then_refused(
    nobody: Desk, provider: LocalProvider, app: FastAPI
) -> None:
    theirs = provider.back(begin(Desk(app)))
    answer = come_back(nobody, theirs)
    assert answer.status_code == 200
    assert 'http-equiv="refresh"' in answer.text
    assert come_back(nobody, {**theirs, "here": "1"}).status_code == 403


@pytest.mark.usefixtures("dana")
def test_an_answer_works_once(nobody: Desk, provider: LocalProvider) -> None:
    asked = begin(nobody)
    held = dict(nobody.wire.cookies)
    answer = provider.back(asked)
    assert come_back(nobody, answer).status_code == 303
    nobody.send("/console/sign-out")
    assert come_back(nobody, {**answer, "here": "1"}).status_code == 403
    nobody.wire.cookies.update(held)
    assert come_back(nobody, answer).status_code == 403
    assert provider.refusals == ["unknown or used code"]
    assert not is_let_in(nobody)


@pytest.mark.usefixtures("dana")
def test_a_code_of_another_flow_is_refused(
    app: FastAPI, nobody: Desk, provider: LocalProvider
) -> None:
    stolen = provider.back(begin(Desk(app)))
    mine = begin(nobody)
    assert come_back(nobody, {**stolen, "state": mine["state"]}).status_code == 403
    assert provider.refusals == ["wrong verifier"]


@pytest.mark.usefixtures("dana")
def test_a_flow_ends_after_ten_minutes(nobody: Desk, provider: LocalProvider) -> None:
    answer = provider.back(begin(nobody))
    held = dict(nobody.wire.cookies)
    with time_machine.travel(now() + timedelta(seconds=605), tick=True):
        nobody.wire.cookies.update(held)
        assert come_back(nobody, answer).status_code == 403
    assert not is_let_in(nobody)


CHANGES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another nonce": lambda c: {**c, "nonce": "another"},
    "no nonce": lambda c: {n: v for n, v in c.items() if n != "nonce"},
    "another issuer": lambda c: {**c, "iss": "https://elsewhere.example"},
    "another audience": lambda c: {**c, "aud": "another"},
    "no audience": lambda c: {n: v for n, v in c.items() if n != "aud"},
    "several audiences and no azp": lambda c: {**c, "aud": [CLIENT_ID, "another"]},
    "another azp": lambda c: {**c, "azp": "another"},
    "expired": lambda c: {**c, "exp": c["iat"] - 1},
    "no exp": lambda c: {n: v for n, v in c.items() if n != "exp"},
    "made in the future": lambda c: {**c, "iat": c["iat"] + 600},
    "valid for a year": lambda c: {**c, "exp": c["iat"] + 31_536_000},
    "no subject": lambda c: {n: v for n, v in c.items() if n != "sub"},
    "a nonce that is no text": lambda c: {**c, "nonce": [c["nonce"]]},
    "an audience that is no text": lambda c: {**c, "aud": {CLIENT_ID: 1}},
}


@pytest.mark.usefixtures("dana")
@pytest.mark.parametrize("label", CHANGES)
@pytest.mark.alike
def test_an_id_token_with_one_fault_signs_nobody_in(
    nobody: Desk, provider: LocalProvider, label: str
) -> None:
    provider.changed = CHANGES[label]
    assert come_back(nobody, provider.back(begin(nobody))).status_code == 403
    assert not is_let_in(nobody)
    provider.changed = lambda claims: claims
    assert come_back(nobody, provider.back(begin(nobody))).status_code == 303


@pytest.mark.usefixtures("dana")
@pytest.mark.alike
def test_an_id_token_for_several_may_name_this_server_as_its_user(
    nobody: Desk, provider: LocalProvider
) -> None:
    provider.changed = lambda c: {**c, "aud": [CLIENT_ID, "another"], "azp": CLIENT_ID}
    assert come_back(nobody, provider.back(begin(nobody))).status_code == 303


@pytest.mark.usefixtures("dana")
@pytest.mark.alike
def test_another_provider_s_answer_is_refused_before_its_code_is_sent(
    nobody: Desk, provider: LocalProvider
) -> None:
    """The mix-up attack of RFC 9207 §1."""
    answer = provider.back(begin(nobody))
    assert come_back(nobody, {**answer, "iss": "https://elsewhere.example"}).status_code == 403
    assert answer["code"] in provider.codes
    answer = provider.back(begin(nobody))
    del answer["iss"]
    assert come_back(nobody, answer).status_code == 303


@pytest.mark.usefixtures("dana")
@pytest.mark.alike
def test_a_provider_that_promises_to_name_itself_must_do_so(
    nobody: Desk, provider: LocalProvider
) -> None:
    provider.known["authorization_response_iss_parameter_supported"] = True
    answer = provider.back(begin(nobody))
    without = {name: value for name, value in answer.items() if name != "iss"}
    assert come_back(nobody, without).status_code == 403
    assert come_back(nobody, provider.back(begin(nobody))).status_code == 303


@pytest.mark.usefixtures("provider")
@pytest.mark.alike
@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"error": "access_denied", "state": "x"},
        {"code": "a" * 5_000, "state": "\x00é"},
        {"code": ["a", "b"], "state": ["a", "b"]},
    ],
)
def test_answers_that_make_no_sense_are_refused(nobody: Desk, answer: dict[str, Any]) -> None:
    begin(nobody)
    assert nobody.get(BACK, params=answer).status_code == 403


@pytest.mark.alike
@pytest.mark.parametrize("held", ["x", "1.2.3", "9" * 12 + "." + "a" * 43 + "._w", "é"])
def test_a_cookie_that_makes_no_sense_is_refused(
    nobody: Desk, provider: LocalProvider, held: str
) -> None:
    asked = begin(nobody)
    headers = {"Cookie": f"needlework-oidc={held}".encode()}
    nobody.wire.cookies.clear()
    answer = nobody.get(BACK, params=provider.back(asked), headers=headers)
    assert answer.status_code == 403


@pytest.mark.usefixtures("dana")
@pytest.mark.alike
@pytest.mark.parametrize("to", ["https://elsewhere.example", "//elsewhere.example", "/v1/patients"])
def test_the_provider_leads_back_only_to_pages_of_the_console(
    nobody: Desk, provider: LocalProvider, to: str
) -> None:
    answer = come_back(nobody, provider.back(begin(nobody, to)))
    assert answer.headers["location"] == "/console"


@pytest.mark.alike
@pytest.mark.parametrize(
    "known",
    [
        None,
        [],
        {"issuer": "https://elsewhere.example", "authorization_endpoint": "https://x.example/"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "http://elsewhere.example/authorize"},
        {"authorization_endpoint": None},
    ],
)
def test_a_provider_that_does_not_say_where_to_sign_in_is_named_as_the_cause(
    nobody: Desk, provider: LocalProvider, known: Any
) -> None:
    page = "/.well-known/openid-configuration"
    said = provider.known
    merged = {**said, **known} if isinstance(known, dict) else known
    provider.published.pages[page] = merged
    answer = nobody.get("/console/oidc")
    assert answer.status_code == 503
    assert "reached" in answer.text


@pytest.mark.alike
def test_without_a_client_id_there_is_no_sign_in_with_a_provider(nobody: Desk) -> None:
    assert "identity provider" not in nobody.get("/console").text
    assert nobody.get("/console/oidc").status_code == 404
    assert nobody.get(BACK).status_code == 404
