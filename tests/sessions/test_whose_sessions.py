"""Who may sign, amend and void a session: a scope of its own, and a setting of the clinic."""

from typing import Any

import pytest
from httpx2 import Response

from app.core.values.access import ROLES, Scope
from tests.ground import Api, Clinic

PATH = "/v1/sessions"
AMENDMENT = {"reason": "Read from paper.", "kind": "addendum", "changes": {"note": "As on paper."}}
BODIES: dict[str, Any] = {"sign": None, "amend": AMENDMENT, "void": {"reason": "Logged twice."}}


def acted(api: Api, action: str, session: dict[str, Any]) -> Response:
    held = {"If-Match": f'"{session["version"]}"'}
    return api.post(f"{PATH}/{session['id']}/{action}", BODIES[action], headers=held)


def ready_for(api: Api, action: str, practitioner_id: str) -> dict[str, Any]:
    """A session of a practitioner, signed if the action needs that."""
    session = api.session(practitioner_id=practitioner_id)
    if action == "amend":
        signed: dict[str, Any] = acted(api, "sign", session).json()
        return signed
    return session


class Colleagues:
    """Two practitioners of a clinic: one who calls, and another one."""

    def __init__(self, api: Api) -> None:
        self.api = api
        given = api.tablet()
        self.caller = Api(api.wire, given["access_token"])
        [device] = api.get("/v1/devices").json()["items"]
        self.own_id, self.other_id = device["practitioner_id"], api.practitioner()["id"]

    def let_all(self) -> None:
        held = {"If-Match": '"1"'}
        changed = self.api("PATCH", "/v1/clinic", json={"whose_sessions": "any"}, headers=held)
        assert changed.status_code == 200, changed.text

    def denied(self) -> list[tuple[str, str]]:
        items = self.api.get("/v1/audit/entries?kind=security&limit=200").json()["items"]
        return [
            (entry["operation"], entry["reason"])
            for entry in items
            if entry["resource"] == "clients"
        ]


@pytest.fixture(name="colleagues")
def two_practitioners(api: Api) -> Colleagues:
    return Colleagues(api)


@pytest.mark.parametrize("action", BODIES)
def test_a_practitioner_answers_for_their_own_sessions(colleagues: Colleagues, action: str) -> None:
    own = ready_for(colleagues.api, action, colleagues.own_id)
    assert acted(colleagues.caller, action, own).status_code == 200


@pytest.mark.parametrize("action", BODIES)
def test_a_practitioner_does_not_answer_for_anothers_session(
    colleagues: Colleagues, action: str
) -> None:
    of_another = ready_for(colleagues.api, action, colleagues.other_id)
    before = colleagues.api.get("/v1/changes?limit=200").json()
    answer = acted(colleagues.caller, action, of_another)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-your-session")
    found = colleagues.api.get(f"{PATH}/{of_another['id']}").json()
    assert found == of_another
    assert colleagues.api.get("/v1/changes?limit=200").json() == before
    assert colleagues.denied() == [(f"sessions.{action}", "another practitioner's session")]


@pytest.mark.parametrize("action", BODIES)
def test_a_clinic_may_let_practitioners_answer_for_every_session(
    colleagues: Colleagues, action: str
) -> None:
    colleagues.let_all()
    of_another = ready_for(colleagues.api, action, colleagues.other_id)
    assert acted(colleagues.caller, action, of_another).status_code == 200
    assert colleagues.denied() == []


@pytest.mark.parametrize("action", BODIES)
def test_a_program_acts_for_the_practitioner_whom_the_session_names(
    colleagues: Colleagues, action: str
) -> None:
    session = ready_for(colleagues.api, action, colleagues.other_id)
    assert acted(colleagues.api, action, session).status_code == 200


def test_every_practitioner_may_still_write_drafts_for_others(colleagues: Colleagues) -> None:
    draft = colleagues.caller.session(practitioner_id=colleagues.other_id)
    colleagues.caller.change(draft, PATH, note="More was said.")


def test_the_stale_version_comes_before_the_question_whose_session_it_is(
    colleagues: Colleagues,
) -> None:
    of_another = colleagues.api.session(practitioner_id=colleagues.other_id)
    assert acted(colleagues.caller, "sign", of_another | {"version": 7}).status_code == 412


@pytest.mark.parametrize("action", BODIES)
def test_signing_amending_and_voiding_need_their_own_scope(
    api: Api, clinic: Clinic, action: str
) -> None:
    session = ready_for(api, action, api.practitioner()["id"])
    writer = Api(api.wire, clinic.key({Scope.SESSIONS_WRITE, Scope.SESSIONS_READ}))
    assert acted(writer, action, session).status_code == 403
    signer = Api(api.wire, clinic.key({Scope.SESSIONS_SIGN}))
    assert acted(signer, action, session).status_code == 200
    assert signer.post(PATH, {}).status_code == 403


def test_the_roles_owner_and_practitioner_hold_it() -> None:
    holders = {role for role, scopes in ROLES.items() if Scope.SESSIONS_SIGN in scopes}
    assert holders == {"owner", "practitioner"}


def test_a_key_that_a_practitioners_device_made_answers_like_them(colleagues: Colleagues) -> None:
    scopes = ["sessions:read", "sessions:sign", "sessions:write"]
    made = colleagues.caller.create("/v1/clients", name="Own tool", scopes=scopes)
    tool = Api(colleagues.api.wire, made["api_key"])
    for practitioner_id, status in ((colleagues.other_id, 403), (colleagues.own_id, 200)):
        session = ready_for(colleagues.api, "sign", practitioner_id)
        assert acted(tool, "sign", session).status_code == status


def test_an_amendment_doesnt_put_another_practitioners_name_to_a_session(
    colleagues: Colleagues,
) -> None:
    session = ready_for(colleagues.api, "amend", colleagues.own_id)
    handed = {**AMENDMENT, "changes": {"practitioner_id": colleagues.other_id}}
    held = {"If-Match": f'"{session["version"]}"'}
    path = f"{PATH}/{session['id']}/amend"
    assert colleagues.caller.post(path, handed, headers=held).status_code == 403
    assert colleagues.api.post(path, handed, headers=held).status_code == 200
