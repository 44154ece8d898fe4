"""Whoever signs, amends or voids somebody else's session is told so before, and confirms it."""

import pytest
from fastapi import FastAPI

from tests.accounts.people import Person, joined
from tests.ground import Api, Clinic
from tests.web.console import Desk, words
from tests.web.writing.logged import page, read
from tests.web.writing.sent import form_on, opened, send

pytestmark = pytest.mark.alike
REASON = {"reason": "Wrong side.", "kind": "correction", "plan": "Again."}


@pytest.fixture(name="dana")
def a_practitioner(api: Api) -> str:
    api.live_in("America/Vancouver")
    return str(api.practitioner(given_name="Dana", family_name="Okafor")["id"])


def owner(app: FastAPI, clinic: Clinic, api: Api) -> Person:
    return joined(app, clinic, api, name="Marek Boss", sign_in_name="marek", role="owner")


def test_an_owner_who_did_not_treat_signs_amends_and_voids_only_on_purpose(
    app: FastAPI, clinic: Clinic, api: Api, dana: str
) -> None:
    session, desk = api.session(practitioner_id=dana), owner(app, clinic, api).desk
    for act, form, status in (
        ("sign", {"in_spite": "yes"}, "signed"),
        ("amend", REASON, "signed"),
        ("void", {"reason": "Wrong patient."}, "void"),
    ):
        before, here = read(api, session), page(session, act)
        shown = desk.get(here).text
        assert f"{act.capitalize()} for Dana Okafor" in words(shown)
        assert "You are Marek Boss . The record will say that you did this" in words(shown)
        refused = send(desk, here, **form)
        assert refused.status_code == 422, act
        assert "This is somebody else's session. Tick below" in words(refused.text)
        assert form_on(refused.text, here).values.get("reason", "") == form.get("reason", "")
        assert read(api, session)["version"] == before["version"]
        done = send(desk, here, **form, for_another="yes")
        assert done.status_code == 303, words(done.text)
        assert read(api, session)["status"] == status


def test_practitioners_sign_their_own_without_a_word_and_others_as_the_clinic_decides(
    app: FastAPI, clinic: Clinic, api: Api, dana: str
) -> None:
    own = joined(app, clinic, api, role="practitioner", practitioner_id=dana).desk
    mine = api.session(practitioner_id=dana)
    assert "for_another" not in opened(own, page(mine, "sign"))
    assert "Sign for" not in words(own.get(page(mine, "sign")).text)
    asked = send(own, page(mine, "sign"))
    assert asked.status_code == 422
    assert "Look at what is missing. Tick below that you sign" in words(asked.text)
    assert "No consent to needling is recorded" in words(asked.text)
    assert send(own, page(mine, "sign"), in_spite="yes").status_code == 303
    others = api.session(practitioner_id=api.practitioner(given_name="Leila")["id"])
    assert send(own, page(others, "sign")).status_code == 403
    version = api.get("/v1/clinic").json()["version"]
    held = {"If-Match": f'"{version}"'}
    api("PATCH", "/v1/clinic", json={"whose_sessions": "any"}, headers=held)
    assert send(own, page(others, "sign")).status_code == 422
    both = {"for_another": "yes", "in_spite": "yes"}
    assert send(own, page(others, "sign"), **both).status_code == 303


def test_a_program_at_the_console_acts_for_whom_the_session_names(
    desk: Desk, api: Api, dana: str
) -> None:
    session = api.session(practitioner_id=dana)
    assert "Sign for Dana Okafor" in words(desk.get(page(session, "sign")).text)
    assert send(desk, page(session, "sign")).status_code == 303


def test_a_form_begins_with_the_practitioner_s_own_name_not_their_account_s(
    app: FastAPI, clinic: Clinic, api: Api, dana: str
) -> None:
    own = joined(
        app, clinic, api, name="dana at the desk", role="practitioner", practitioner_id=dana
    )
    patient = api.patient()["id"]
    for form, field in (("consents", "obtained_by"), ("screenings", "decided_by")):
        here = f"/console/patients/{patient}/{form}/new"
        assert opened(own.desk, here)[field] == "Dana Okafor"
