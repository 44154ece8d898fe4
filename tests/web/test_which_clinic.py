"""Where a server has several clinics, people say in which one they sign in."""

import pytest

from tests.accounts.people import WRONG, Person, counts_of_wrong_passwords  # noqa: F401 - a fixture
from tests.ground import Api, Clinic, create_clinic
from tests.web.console import Desk, words
from tests.web.test_people import a_person_who_joined  # noqa: F401 - a fixture


def test_the_address_for_signing_in_names_the_clinic_and_the_browser_remembers_it(
    person: Person,
) -> None:
    create_clinic(person.clinic.database)
    asked = person.sign_in(clinic="")
    assert asked.status_code == 403
    assert "several clinics" in words(asked.text)
    assert '<label for="clinic">' in asked.text
    desk = Desk(person.app)
    page = desk.get(f"/console/sign-in/{person.clinic.id}")
    assert (page.status_code, f'value="{person.clinic.id}"' in page.text) == (200, True)
    for path in ("/console/sign-in", "/console"):
        assert f'value="{person.clinic.id}"' in desk.get(path).text


def named(api: Api, name: str) -> None:
    held = {"If-Match": api.get("/v1/clinic").headers["etag"]}
    assert api("PATCH", "/v1/clinic", json={"name": name}, headers=held).status_code == 200


def test_a_person_types_the_name_of_their_clinic_and_the_browser_remembers_it(
    person: Person, api: Api
) -> None:
    name = f"Needles & Co {person.clinic.id.hex}"
    named(api, name)
    for typed in (name, f" {name.upper()} "):
        desk = Desk(person.app)
        assert person.sign_in(clinic=typed, desk=desk).status_code == 303
        assert desk.get("/console").status_code == 200
        desk.send("/console/sign-out")
        assert f'value="{person.clinic.id}"' in desk.get("/console/sign-in").text
        other = desk.get("/console/sign-in/another").text
        assert str(person.clinic.id) not in other
        assert "Name of your clinic" in words(other)


def test_an_unknown_clinic_is_answered_like_a_wrong_password_and_can_be_corrected(
    person: Person, api: Api
) -> None:
    name = f"Needles & Co {person.clinic.id.hex}"
    named(api, name)
    lost = person.sign_in(clinic=f"{name} x")
    wrong = person.sign_in(password=WRONG, clinic=name)
    assert (lost.status_code, wrong.status_code) == (403, 403)
    assert words(lost.text).replace(" x", "") == words(wrong.text).replace(" x", "")
    for answer in (lost, wrong):
        assert '<label for="clinic">' in answer.text
        assert "set-cookie" not in answer.headers


def test_two_clinics_of_one_name_are_told_apart_by_their_ids(person: Person, api: Api) -> None:
    other = Api(api.wire, create_clinic(person.clinic.database).key())
    name = f"Twins {person.clinic.id.hex}"
    named(api, name)
    named(other, name)
    assert "another clinic has the same name" in words(person.sign_in(clinic=name).text)
    assert person.sign_in().status_code == 303


def test_the_clinic_of_a_database_with_one_need_not_be_named(
    clinic: Clinic, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.console.signing_in.only_clinic", lambda _db: clinic.id)
    assert person.sign_in(clinic="").status_code == 303
