"""Patients and episodes are written in the console, by the API's own rules."""

import pytest
from fastapi import FastAPI

from app.core.values.access import Scope
from tests.ground import Api, Clinic
from tests.web.console import Desk, rows, words
from tests.web.writing.sent import again, form_on, opened, send

NEW = "/console/patients/new"
LONG = "Wolfeschlegelsteinhausenbergerdorff " * 5


def edit(patient: dict[str, str]) -> str:
    return f"/console/patients/{patient['id']}/edit"


def test_a_patient_is_added_with_what_was_typed(desk: Desk, api: Api) -> None:
    answer = send(
        desk,
        NEW,
        given_name="Ana",
        family_name="Núñez",
        birth_date="1988-04",
        sex="female",
        identifiers__0__system="emr",
        identifiers__0__value="P-1",
    )
    assert answer.status_code == 303, answer.text
    [stored] = api.get("/v1/patients").json()["items"]
    assert answer.headers["location"] == f"/console/patients/{stored['id']}?said=stored"
    assert (stored["given_name"], stored["birth_date"]) == ("Ana", "1988-04")
    assert stored["identifiers"] == [{"system": "emr", "value": "P-1"}]
    assert stored["phone"] is None


def test_each_fault_stands_at_its_field_and_nothing_typed_is_lost(desk: Desk, api: Api) -> None:
    typed = {"given_name": LONG, "family_name": "<b>", "birth_date": "12.4.88", "email": "nobody"}
    answer = send(desk, NEW, **typed, identifiers__0__value="P-1")
    assert answer.status_code == 422
    form = form_on(answer.text, NEW)
    assert form.wrong == {"birth_date", "email", "identifiers.0.system"}
    assert {name: form.values[name] for name in typed} == typed
    assert form.values["identifiers.0.value"] == "P-1"
    assert 'href="#birth_date"' in answer.text
    assert api.get("/v1/patients").json()["items"] == []


def test_the_form_asks_for_a_name_of_a_new_patient(desk: Desk, api: Api) -> None:
    answer = send(desk, NEW, birth_date="1988-04-12")
    assert answer.status_code == 422
    assert form_on(answer.text, NEW).wrong == {"given_name"}
    assert "Give a first name or a last name." in words(answer.text)
    assert api.get("/v1/patients").json()["items"] == []
    assert send(desk, NEW, family_name="Sukarno").status_code == 303


def test_somebody_who_may_be_stored_already_is_shown_and_added_only_on_purpose(
    desk: Desk, api: Api
) -> None:
    named = {"given_name": "Ana", "family_name": "Núñez", "birth_date": "1988-04-12"}
    first = api.patient(**named)
    answer = send(desk, NEW, **named, phone="604 555 0100")
    assert answer.status_code == 422
    assert f'href="/console/patients/{first["id"]}"' in answer.text
    assert "the same names and birth date" in words(answer.text)
    assert len(api.get("/v1/patients").json()["items"]) == 1
    held = form_on(answer.text, NEW).values
    assert held["phone"] == "604 555 0100"
    assert again(desk, NEW, held).status_code == 422
    assert again(desk, NEW, held, seen=first["id"]).status_code == 303
    assert len(api.get("/v1/patients").json()["items"]) == 2


@pytest.mark.alike
@pytest.mark.parametrize(
    ("given", "family", "born", "why"),
    [
        ("John", "Smith", "", "the same names, and no birth date"),
        ("smith", "JOHN", "1970", "the same names, and it may be the same birth date"),
        ("Smyth", "John", "1970", "the same names but for one letter, and it may be"),
        ("Jon", "Smith", "", "the same names but for one letter, and no birth date"),
        ("John Paul", "Smith", "1970-01-01", "a part of the names is the same, and it may be"),
        ("John", "Smith", "1970-01-07", "the same names, and a birth date that a typing error"),
        ("J.", "Smith", "1970-01", "a part of the names is the same, and it may be"),
    ],
)
def test_somebody_who_resembles_a_stored_patient_is_warned_of_before_anything_is_stored(
    desk: Desk, api: Api, given: str, family: str, born: str, why: str
) -> None:
    first = api.patient(given_name="John", family_name="Smith", birth_date="1970-01-01")
    answer = send(desk, NEW, given_name=given, family_name=family, birth_date=born)
    assert answer.status_code == 422
    assert why in words(answer.text)
    assert f'href="/console/patients/{first["id"]}"' in answer.text
    assert len(api.get("/v1/patients").json()["items"]) == 1
    held = form_on(answer.text, NEW).values
    assert again(desk, NEW, held, seen=first["id"]).status_code == 303


@pytest.mark.alike
@pytest.mark.parametrize(
    ("given", "family", "born", "why"),
    [
        ("Ana", "Gonzales", "1988-04-12", "a part of the names is the same, and it may be"),
        ("Maria", "Gonzalez", "1988-12-04", "a part of the names is the same, and a birth date"),
    ],
)
def test_somebody_whose_other_names_are_left_out_is_warned_of_too(
    desk: Desk, api: Api, given: str, family: str, born: str, why: str
) -> None:
    api.patient(
        given_name="Ana Maria", family_name="Gonz\u00e1lez P\u00e9rez", birth_date="1988-04-12"
    )
    answer = send(desk, NEW, given_name=given, family_name=family, birth_date=born)
    assert answer.status_code == 422
    assert why in words(answer.text)


@pytest.mark.alike
@pytest.mark.parametrize(
    ("given", "family", "born"),
    [
        ("John", "Smith", "1982-03-02"),
        ("Jon", "Smith", "1971"),
        ("John Paul", "Smith", ""),
        ("Joan", "Miller", "1970-01-01"),
        ("Ana", "Smith", "1970-01-01"),
    ],
)
def test_somebody_else_of_a_like_name_is_added_without_a_word(
    desk: Desk, api: Api, given: str, family: str, born: str
) -> None:
    api.patient(given_name="John", family_name="Smith", birth_date="1970-01-01")
    form = {"given_name": given, "family_name": family, "birth_date": born}
    assert send(desk, NEW, **form).status_code == 303


@pytest.mark.alike
def test_whom_a_new_patient_resembles_is_no_matter_of_the_api(api: Api) -> None:
    api.patient(given_name="John", family_name="Smith", birth_date="1970-01-01")
    made = api.create("/v1/patients", given_name="John", family_name="Smith")
    assert "possible_duplicates" not in made


def test_a_form_that_is_sent_twice_adds_one_patient(desk: Desk, api: Api) -> None:
    values = opened(desk, NEW)
    first, second = (again(desk, NEW, values, given_name="Ana") for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert len(api.get("/v1/patients").json()["items"]) == 1


def test_only_what_was_changed_is_stored_and_an_emptied_field_is_null(desk: Desk, api: Api) -> None:
    numbers = [{"system": "emr", "value": "1"}, {"system": "lab", "value": "2"}]
    patient = api.patient(given_name="Ana", phone="604 555", identifiers=numbers)
    form = {"family_name": "Núñez", "phone": "", "identifiers__0__drop": "yes"}
    assert send(desk, edit(patient), **form).status_code == 303
    stored = api.get(f"/v1/patients/{patient['id']}").json()
    assert (stored["given_name"], stored["family_name"]) == ("Ana", "Núñez")
    assert (stored["phone"], stored["identifiers"]) == (None, numbers[1:])


def test_an_identifier_of_somebody_else_is_a_fault_at_its_field(desk: Desk, api: Api) -> None:
    holder = api.patient(identifiers=[{"system": "emr", "value": "1"}])
    answer = send(
        desk, NEW, given_name="Bo", identifiers__0__system="emr", identifiers__0__value="1"
    )
    assert answer.status_code == 409
    assert form_on(answer.text, NEW).wrong == {"identifiers.0.value"}
    assert "Another patient has this number." in words(answer.text)
    assert f'href="/console/patients/{holder["id"]}"' in answer.text
    assert 'name="seen"' not in answer.text
    other = api.patient(given_name="Cy")
    changed = {"identifiers__0__system": "emr", "identifiers__0__value": "1"}
    answer = send(desk, edit(other), **changed)
    assert f'href="/console/patients/{holder["id"]}"' in answer.text
    assert form_on(answer.text, edit(other)).wrong == {"identifiers.0.value"}


@pytest.mark.alike
@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("12.4.1988", "1988-04-12"),
        ("31/12/1988", "1988-12-31"),
        ("12 April 1988", "1988-04-12"),
        ("04/1988", "1988-04"),
        ("1988", "1988"),
    ],
)
def test_a_birth_date_is_taken_in_every_form_that_the_search_reads(
    desk: Desk, api: Api, typed: str, stored: str
) -> None:
    assert send(desk, NEW, given_name="Ana", birth_date=typed).status_code == 303
    [person] = api.get("/v1/patients").json()["items"]
    assert person["birth_date"] == stored
    answer = send(desk, edit(person), birth_date="03/04/1988")
    assert "This may be 1988-03-04 or 1988-04-03. Write it so." in words(answer.text)
    assert send(desk, edit(person), birth_date="4.3.1988").status_code == 303
    assert api.get(f"/v1/patients/{person['id']}").json()["birth_date"] == "1988-03-04"


def test_a_stale_form_shows_both_versions_and_who_made_the_other(desk: Desk, api: Api) -> None:
    patient = api.patient(given_name="Ana", phone="604 1")
    values = opened(desk, edit(patient))
    api.change(patient, "/v1/patients", phone="604 555 0100")
    answer = again(desk, edit(patient), values, phone="604 555 0199")
    assert answer.status_code == 412
    assert rows(answer.text, "data-differing") == [["Telephone", "604 555 0199", "604 555 0100"]]
    assert "changed this" in words(answer.text)
    held = form_on(answer.text, edit(patient)).values
    assert (held["version"], held["phone"]) == ("2", "604 555 0199")
    assert again(desk, edit(patient), held).status_code == 303
    assert api.get(f"/v1/patients/{patient['id']}").json()["phone"] == "604 555 0199"


def test_a_form_of_one_patient_is_not_taken_for_another(desk: Desk, api: Api) -> None:
    ana, bo = api.patient(given_name="Ana"), api.patient(given_name="Bo")
    answer = again(desk, edit(bo), opened(desk, edit(ana)), phone="1234")
    assert answer.status_code == 409
    assert api.get(f"/v1/patients/{bo['id']}").json()["phone"] is None


@pytest.mark.parametrize("scope", [Scope.PATIENTS_WRITE, Scope.PATIENTS_READ])
def test_who_may_not_write_gets_no_form(
    app: FastAPI, clinic: Clinic, api: Api, scope: Scope
) -> None:
    patient = api.patient()
    desk = Desk(app).let_in(clinic, set(Scope) - {scope})
    assert desk.get(edit(patient)).status_code == 403
    assert desk.get(NEW).status_code == 403


def test_an_episode_is_opened_changed_and_closed(desk: Desk, api: Api) -> None:
    api.live_in("America/Vancouver")
    patient = api.patient(given_name="Ana")
    new = f"/console/patients/{patient['id']}/episodes/new"
    assert form_on(send(desk, new).text, new).wrong == {"complaint"}
    form = {"complaint": "Shoulder", "region": "shoulder", "goals": "Reach\n\nSleep"}
    answer = send(desk, new, **form, plan__sessions="6", plan__per_week="1,5")
    assert answer.status_code == 303, answer.text
    [episode] = api.get("/v1/episodes").json()["items"]
    assert episode["goals"] == ["Reach", "Sleep"]
    assert episode["plan"] == {"sessions": 6, "per_week": 1.5}
    here = f"/console/episodes/{episode['id']}/edit"
    refused = send(desk, here, status="finished")
    assert form_on(refused.text, here).wrong == {"closed_at"}
    closed = send(desk, here, status="finished", closed_at="2026-12-24T10:00", plan__sessions="")
    assert form_on(closed.text, here).wrong == {"closed_at"}
    opened_at = opened(desk, here)["opened_at"]
    done = {"status": "finished", "closed_at": opened_at, "close_reason": "Well."}
    closed = send(desk, here, **done, opened_at="2026-01-02T09:30", plan__sessions="")
    assert closed.status_code == 303, closed.text
    stored = api.get(f"/v1/episodes/{episode['id']}").json()
    assert stored["status"] == "finished"
    assert stored["opened_at"] == "2026-01-02T09:30:00-08:00"
    assert stored["plan"] == {"sessions": None, "per_week": 1.5}
