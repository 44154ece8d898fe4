"""The bar of every page says who is signed in, with which role, and in which clinic."""

import re
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import event

from app.core.values.access import ROLES, Scope
from app.core.values.clock import uuid7
from tests.accounts.people import joined
from tests.auth.local_provider import LocalProvider, link_person
from tests.ground import Api, Clinic
from tests.web.console import Desk, words
from tests.web.test_alerts import alarmed
from tests.web.test_identity_provider import begin, come_back, serve_provider  # noqa: F401 - a fixture of ours, too


def test_a_practitioner_is_named_on_every_page(
    nobody: Desk, provider: LocalProvider, clinic: Clinic, api: Api
) -> None:
    patient = api.patient(given_name="Ann")["id"]
    dana = api.practitioner(given_name="Dana", family_name="Okafor")
    link_person(clinic, provider, UUID(dana["id"]))
    come_back(nobody, provider.back(begin(nobody)))
    here = f"/console/patients/{patient}"
    for path in ("/console", here, f"{here}/timeline", f"/console/patients/{uuid7()}"):
        assert "Dana Okafor practitioner Test clinic" in words(nobody.get(path).text), path
    found = nobody.send("/console/search", q="Ann")
    assert "Dana Okafor practitioner Test clinic" in words(found.text)
    nobody.send("/console/sign-out")
    assert "Okafor" not in nobody.get("/console").text


@pytest.mark.parametrize("place", ["", "/alerts", "/people", "/keys", "/sign-ins", "/nothing"])
def test_a_page_reads_the_clinic_once(desk: Desk, clinic: Clinic, place: str) -> None:
    seen: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(clinic.database.engine, "before_cursor_execute", note)
    try:
        desk.get(f"/console{place}")
    finally:
        event.remove(clinic.database.engine, "before_cursor_execute", note)
    assert sum(" emergency_number" in each.replace(".", " ") for each in seen) == 1
    assert sum("clinics.name" in each for each in seen) == 1


STRANGE = (
    "/console/access",
    "/console/nothing/here",
    f"/console/patients/{uuid7()}",
    "/console?x=1",
)


@pytest.mark.parametrize("path", STRANGE, ids=["name", "path", "patient", "parameter"])
def test_a_page_about_a_problem_has_the_whole_bar_for_whoever_is_signed_in(
    desk: Desk, path: str
) -> None:
    answer = desk.get(path)
    assert answer.status_code in {404, 422}
    page = words(answer.text)
    for told in ("No open alerts", "Patients", "Access", "test API key Test clinic", "Sign out"):
        assert told in page
    desk.send("/console/sign-out")
    assert "Test clinic" not in desk.get(path).text


LINK = re.compile(r'<a (?![^>]*\bdownload\b)[^>]*href="(/console[^"#]*)')
"""A link to a page, not to a file: a file may need what the server isn't set up for."""
SEEN_MAX = 60


@pytest.mark.parametrize("role", [*sorted(ROLES), "neither", "alerts"])
def test_every_link_leads_to_a_page_that_the_person_may_open(
    nobody: Desk, clinic: Clinic, api: Api, role: str
) -> None:
    """Each page is followed from the start page on, with an open and an acknowledged alert."""
    some = {"neither": {Scope.DEVICES_READ}, "alerts": {Scope.ALERTS_READ}}
    first, second = alarmed(api), alarmed(api)
    api.post(f"/v1/alerts/{second['id']}/acknowledge", {"action": "seen"})
    assert first["patient_id"] != second["patient_id"]
    nobody.sign_in(key=clinic.key(some.get(role) or ROLES[role]))
    todo, seen = ["/console"], dict[str, int]()
    while todo and len(seen) < SEEN_MAX:
        path = todo.pop(0)
        answer = nobody.get(path)
        if answer.is_redirect:
            answer = nobody.get(answer.headers["location"])
        seen[path] = answer.status_code
        links = [unescape(link) for link in LINK.findall(answer.text)]
        todo += [link for link in dict.fromkeys(links) if link not in {*seen, *todo}]
    assert {path: status for path, status in seen.items() if status != 200} == {}
    assert len(seen) > 1


def test_whoever_may_open_no_page_is_told_so(nobody: Desk, clinic: Clinic) -> None:
    nobody.sign_in(key=clinic.key({Scope.SESSIONS_READ}))
    answer = nobody.get("/console")
    assert answer.status_code == 403
    assert "Go to the start page" not in answer.text


def test_the_front_desk_reads_names_and_is_led_from_the_mark_to_the_alerts(
    nobody: Desk, clinic: Clinic, api: Api
) -> None:
    alarmed(api)
    nobody.sign_in(key=clinic.key(ROLES["front-desk"]))
    page = nobody.get("/console").text
    assert '<a class="mark" href="/console/alerts">Open alert</a>' in page
    [link] = set(re.findall(r'"(/console/patients/[^"]*/[^"]*)"', page))
    assert link.endswith("/details")


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_program_that_holds_a_key_is_named_as_such(
    nobody: Desk, clinic: Clinic, role: str
) -> None:
    nobody.sign_in(key=clinic.key(ROLES[role]))
    answer = nobody.get("/console")
    page = words(nobody.get(answer.headers.get("location", "/console")).text)
    assert "test API key Test clinic" in page


def test_an_account_is_named_as_the_owner_named_it(app: FastAPI, clinic: Clinic, api: Api) -> None:
    """Also when it is a practitioner's whose record has another name."""
    dana = api.practitioner(given_name="Dana", family_name="Okafor")["id"]
    body = {"role": "practitioner", "practitioner_id": dana, "name": "Dana Okafor"}
    person = joined(app, clinic, api, **body)
    assert "Dana Okafor practitioner" in words(person.desk.get("/console").text)
    held = api.get(f"/v1/accounts/{person.id}").json()
    api.change(held, "/v1/accounts", name="Dana Lindqvist")
    assert "Dana Lindqvist practitioner" in words(person.desk.get("/console").text)
