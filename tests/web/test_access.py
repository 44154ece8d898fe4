"""The pages about access: people, devices, keys and sign-ins, for those who may open them."""

import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
import time_machine
from fastapi import FastAPI
from httpx2 import Response

from app.auth.uses import storing_uses
from app.core.values.access import ROLES, Scope
from app.core.values.clock import now
from tests.auth.local_provider import LocalProvider
from tests.ground import ENROLMENT, Api, Clinic
from tests.web.console import Desk, security, words
from tests.web.test_identity_provider import begin, come_back, serve_provider  # noqa: F401 - a fixture of ours, too
from tests.web.writing.sent import form_on, send

PAGES = {
    "people": Scope.ACCOUNTS_READ,
    "devices": Scope.DEVICES_READ,
    "keys": Scope.CLIENTS_READ,
    "sign-ins": Scope.ACCOUNTS_READ,
}


def fill(desk: Desk, path: str, page: str, **form: str) -> Response:
    """Send a form as the page that it stands on does."""
    bearings = {"on_page": page, "written_by": desk.client_id}
    return desk.send(path, None, **bearings | form)


def code_of(page: str) -> str:
    found = re.search(r'class="code"><code>([^<]+)<', page)
    assert found, page
    return unescape(found[1])


def invited(desk: Desk, **more: str) -> Response:
    form = {"name": "Robin Desk", "sign_in_name": "robin", "role": "front-desk"} | more
    return fill(desk, "/console/people", "/console/people", **form)


def ends_of(desk: Desk) -> list[str]:
    """Where the list of sign-ins sends what ends one of them."""
    page = desk.get("/console/sign-ins").text
    return re.findall(r'action="(/console/sign-ins/[^"]+/end)"', page)


def test_each_page_opens_with_its_scope_and_the_navigation_shows_only_those(
    app: FastAPI, clinic: Clinic, desk: Desk
) -> None:
    every = desk.get("/console").text
    assert 'href="/console/people"' in every
    for name, scope in PAGES.items():
        assert desk.get(f"/console/{name}").status_code == 200
        one = Desk(app)
        one.sign_in(key=clinic.key([scope]))
        page = one.get(f"/console/{name}")
        assert page.status_code == 200
        for other, needed in PAGES.items():
            assert (f'href="/console/{other}"' in page.text) == (needed == scope)
            assert one.get(f"/console/{other}").status_code == (200 if needed == scope else 403)
        assert '<form method="post" action="/console/' + name not in page.text
    nobody = Desk(app)
    nobody.sign_in(key=clinic.key(ROLES["practitioner"]))
    assert "/console/people" not in nobody.get("/console").text


def test_somebody_is_invited_changed_invited_again_and_ended(desk: Desk, api: Api) -> None:
    answer = invited(desk, email="robin@clinic.example")
    assert answer.status_code == 200, answer.text
    assert code_of(answer.text).startswith("nwi_")
    told = words(answer.text)
    assert "They open http://testserver/console/join , enter the code" in told
    assert "They sign in as robin ." in told
    [account] = [a for a in api.get("/v1/accounts").json()["items"] if a["sign_in_name"] == "robin"]
    assert (account["role"], account["email"]) == ("front-desk", "robin@clinic.example")
    here = f"/console/people/{account['id']}"
    assert "invited until" in words(desk.get("/console/people").text)
    form = {"name": "Robin Desk", "role": "auditor", "version": str(account["version"])}
    assert fill(desk, here, here, **form).status_code == 303
    changed = api.get(f"/v1/accounts/{account['id']}").json()
    assert (changed["role"], changed["email"]) == ("auditor", None)
    stale = fill(desk, here, here, **form)
    assert stale.status_code == 412
    assert "auditor" in words(stale.text)
    again = fill(desk, f"{here}/reset", here)
    assert code_of(again.text) != code_of(answer.text)
    assert fill(desk, f"{here}/end", f"{here}/end").status_code == 303
    assert api.get(f"/v1/accounts/{account['id']}").json()["revoked_at"] is not None
    assert "ended" in words(desk.get("/console/people").text)


def test_a_refused_invitation_keeps_what_was_typed(desk: Desk) -> None:
    assert invited(desk).status_code == 200
    refused = invited(desk, email="not an address")
    assert refused.status_code == 422
    form = form_on(refused.text, "/console/people")
    assert form.wrong == {"email"}
    assert (form.values["email"], form.values["role"]) == ("not an address", "front-desk")


def test_a_practitioner_is_invited_without_a_program(desk: Desk, api: Api) -> None:
    refused = invited(desk, role="practitioner")
    form = form_on(refused.text, "/console/people")
    assert (refused.status_code, form.wrong) == (422, {"practitioner_id"})
    assert 'href="/console/practitioners/new"' in refused.text
    added = send(desk, "/console/practitioners/new", given_name="Dana", family_name="Okafor")
    assert added.status_code == 303, added.text
    [dana] = api.get("/v1/practitioners").json()["items"]
    assert "Okafor, Dana" in words(desk.get("/console/practitioners").text)
    answer = invited(desk, role="practitioner", practitioner_id=dana["id"])
    assert answer.status_code == 200, answer.text
    account = api.get("/v1/accounts").json()["items"][0]
    assert account["practitioner_id"] == dana["id"]


def test_a_practitioner_has_credentials_and_leaves_with_what_acts_for_them(
    desk: Desk, api: Api
) -> None:
    new = "/console/practitioners/new"
    assert form_on(send(desk, new).text, new).wrong == {"family_name"}
    held = {"credentials__0__kind": "gunn_ims", "credentials__0__body": "Example College"}
    half = send(desk, new, family_name="Okafor", **held)
    assert form_on(half.text, new).wrong == {"credentials.0.number", "credentials.0.valid_from"}
    held |= {"credentials__0__number": "IMS-41", "credentials__0__valid_from": "2019-05-01"}
    assert send(desk, new, family_name="Okafor", **held).status_code == 303
    [dana] = api.get("/v1/practitioners").json()["items"]
    assert dana["credentials"][0]["number"] == "IMS-41"
    form = {"name": "Room 2", "practitioner_id": dana["id"]}
    assert fill(desk, "/console/devices", "/console/devices", **form).status_code == 200
    here = f"/console/practitioners/{dana['id']}/edit"
    assert send(desk, here, status="inactive").status_code == 303
    [device] = api.get("/v1/devices").json()["items"]
    assert device["revoked_at"] is not None
    assert "inactive, from" in words(desk.get("/console/practitioners").text)


@pytest.mark.parametrize("scope", [Scope.PRACTITIONERS_READ, Scope.PRACTITIONERS_WRITE])
def test_only_those_who_keep_practitioners_open_their_page(
    app: FastAPI, clinic: Clinic, scope: Scope
) -> None:
    desk = Desk(app).let_in(clinic, set(Scope) - {scope})
    assert desk.get("/console/practitioners").status_code == 403
    assert "/console/practitioners" not in desk.get("/console/people").text


def test_a_device_is_enrolled_with_the_code_and_ended(desk: Desk, api: Api) -> None:
    practitioner = api.practitioner(given_name="Dana", family_name="Okafor")["id"]
    form = {"name": "Room 2", "practitioner_id": practitioner}
    answer = fill(desk, "/console/devices", "/console/devices", **form)
    assert answer.status_code == 200, answer.text
    body = {"grant_type": ENROLMENT, "code": code_of(answer.text)}
    token = api.wire.post("/oauth/token", data=body)
    assert token.status_code == 200, token.text
    [device] = api.get("/v1/devices").json()["items"]
    assert set(device["scopes"]) == ROLES["practitioner"]
    page = words(desk.get("/console/devices").text)
    assert "Room 2 Dana Okafor" in page
    end = f"/console/devices/{device['id']}/revoke"
    assert fill(desk, end, "/console/devices").status_code == 303
    assert api.get(f"/v1/devices/{device['id']}").json()["revoked_at"] is not None


def test_a_key_shows_who_made_it_when_it_was_used_and_when_it_ends(
    desk: Desk, api: Api, app: FastAPI, clinic: Clinic
) -> None:
    later = (now() + timedelta(days=30)).isoformat()
    body = {"name": "Billing", "scopes": ["clinic:read"], "expires_at": later}
    made = api.post("/v1/clients", body).json()
    row = re.compile(r"Billing API key \S+ test (\S+(?: \d\d:\d\d)?) " + later[:10])
    found = row.search(words(desk.get("/console/keys").text))
    assert found
    assert not found[1].startswith("2")
    assert Api(api.wire, made["api_key"]).get("/v1/clinic").status_code == 200
    storing_uses(app.state.authenticate)(clinic.database, None)
    found = row.search(words(desk.get("/console/keys").text))
    assert found
    assert found[1].startswith(str(now().year))
    end = f"/console/keys/{made['id']}/revoke"
    assert fill(desk, end, "/console/keys").status_code == 303
    assert Api(api.wire, made["api_key"]).get("/v1/clinic").status_code == 401


def test_a_use_shortly_before_the_end_is_shown_and_stored(
    desk: Desk, api: Api, app: FastAPI, clinic: Clinic
) -> None:
    made = api.post("/v1/clients", {"name": "Short", "scopes": ["clinic:read"]}).json()
    row = re.compile(r"Short ended \S+ API key \S+ test \d{4}-\d\d-\d\d \d\d:\d\d never")
    assert Api(api.wire, made["api_key"]).get("/v1/clinic").status_code == 200
    fill(desk, f"/console/keys/{made['id']}/revoke", "/console/keys")
    assert row.search(words(desk.get("/console/keys").text))
    storing_uses(app.state.authenticate)(clinic.database, None)
    assert row.search(words(desk.get("/console/keys").text))


def test_the_last_use_is_written_at_most_once_an_hour(api: Api, app: FastAPI) -> None:
    authenticate = app.state.authenticate
    client_id = UUID(api.key.split("_")[1])
    assert api.get("/v1/clinic").status_code == 200
    assert client_id in authenticate.take_used()
    authenticate.forget(client_id)
    assert api.get("/v1/clinic").status_code == 200
    assert client_id not in authenticate.take_used()


def test_a_browser_is_signed_out_from_the_list(
    app: FastAPI, desk: Desk, clinic: Clinic, api: Api
) -> None:
    other = Desk(app)
    mine = set(ends_of(desk))
    other.sign_in(key=clinic.key())
    [end] = set(ends_of(desk)) - mine
    assert fill(desk, end, "/console/sign-ins").status_code == 303
    assert (desk.get("/console").status_code, other.get("/console").status_code) == (200, 401)
    assert ("console.end-sign-in", None) in security(api)


def test_ended_and_timed_out_sign_ins_are_not_listed(
    app: FastAPI, desk: Desk, clinic: Clinic
) -> None:
    other = Desk(app)
    other.sign_in(key=clinic.key())
    assert len(ends_of(desk)) == 2
    other.send("/console/sign-out")
    assert len(ends_of(desk)) == 1
    other.sign_in(key=clinic.key())
    with time_machine.travel(now() + timedelta(minutes=20), tick=True):
        desk.get("/console")
    with time_machine.travel(now() + timedelta(minutes=40), tick=True):
        assert len(ends_of(desk)) == 1


def test_the_owner_links_a_person_of_the_identity_provider(
    app: FastAPI, provider: LocalProvider, desk: Desk, api: Api
) -> None:
    dana = api.practitioner(given_name="Dana", family_name="Okafor")["id"]
    browser = Desk(app)
    assert provider.subject in come_back(browser, provider.back(begin(browser))).text
    form = {"subject": provider.subject, "name": "Dana", "practitioner_id": dana}
    assert fill(desk, "/console/people/link", "/console/people", **form).status_code == 303
    assert come_back(browser, provider.back(begin(browser))).status_code == 303
    assert "Dana Okafor practitioner" in words(browser.get("/console").text)
    twice = fill(desk, "/console/people/link", "/console/people", **form)
    assert twice.status_code == 409
    page = desk.get("/console/people").text
    [end] = re.findall(r'action="(/console/people/[^"]+/unlink)"', page)
    assert fill(desk, end, "/console/people").status_code == 303
    assert browser.get("/console").status_code == 401


def test_who_may_not_give_a_right_can_t_link_or_invite_with_it(
    app: FastAPI, provider: LocalProvider, clinic: Clinic, api: Api
) -> None:
    dana = api.practitioner()["id"]
    clerk = Desk(app)
    clerk.sign_in(key=clinic.key([Scope.ACCOUNTS_READ, Scope.ACCOUNTS_WRITE]))
    form = {"subject": provider.subject, "name": "Dana", "practitioner_id": dana}
    assert fill(clerk, "/console/people/link", "/console/people", **form).status_code == 403
    assert invited(clerk, role="owner").status_code == 422


@pytest.mark.alike
def test_a_form_that_somebody_else_opened_changes_nothing(
    desk: Desk, clinic: Clinic, api: Api
) -> None:
    author = desk.client_id
    desk.let_in(clinic)
    for path in ("people", "devices"):
        answer = desk.send(
            f"/console/{path}",
            None,
            name="X",
            role="auditor",
            on_page="/console",
            written_by=author,
        )
        assert answer.status_code == 409
    assert api.get("/v1/devices").json()["items"] == []
    assert ("accounts.create", None) not in security(api)


@pytest.mark.alike
@pytest.mark.parametrize(
    "path",
    [
        "people/{}/end",
        "people/{}/unlink",
        "devices/{}/revoke",
        "keys/{}/revoke",
        "sign-ins/{}/end",
    ],
)
def test_what_another_clinic_has_is_not_found(desk: Desk, other_api: Api, path: str) -> None:
    theirs = other_api.key.split("_")[1]
    answer = fill(desk, f"/console/{path.format(UUID(hex=theirs))}", "/console/people")
    assert answer.status_code == 404
    assert other_api.get("/v1/clinic").status_code == 200
