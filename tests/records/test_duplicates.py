"""A record that resembles a stored one is created, and its answer names the stored one."""

from typing import Any

import pytest

from app.core.values.clock import uuid7
from tests.ground import Api

ANA = {"given_name": "Ana María", "family_name": "Núñez", "birth_date": "1988-04-12"}


def alike(created: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["id"], one["why"]) for one in created.get("possible_duplicates", [])]


@pytest.mark.parametrize(
    "again",
    [
        {},
        {"given_name": "ana  maria", "family_name": "NUNEZ"},
        {"given_name": "Núñez", "family_name": "Ana María"},
        {"given_name": "María", "family_name": "Ana Núñez"},
    ],
)
def test_a_patient_of_the_same_names_and_birth_date_is_named(
    api: Api, again: dict[str, str]
) -> None:
    first = api.patient(**ANA)
    assert "possible_duplicates" not in first
    second = api.patient(**ANA | again)
    assert alike(second) == [(first["id"], "names_and_birth_date")]
    assert "possible_duplicates" not in api.get(f"/v1/patients/{second['id']}").json()


@pytest.mark.parametrize(
    "other",
    [
        {"birth_date": "1988-04"},
        {"birth_date": None},
        {"family_name": "Nunes"},
        {"given_name": None},
    ],
)
def test_other_people_are_no_duplicates(api: Api, other: dict[str, Any]) -> None:
    api.patient(**ANA)
    assert alike(api.patient(**ANA | other)) == []


def test_the_same_names_and_number_in_another_system_are_a_duplicate(api: Api) -> None:
    named = ANA | {"birth_date": None}
    first = api.patient(**named, identifiers=[{"system": "emr", "value": "P-1001"}])
    api.patient(given_name="Bo", identifiers=[{"system": "third", "value": "P-1001"}])
    second = api.patient(**named, identifiers=[{"system": "old", "value": "p 1001"}])
    assert alike(second) in ([(first["id"], "names_and_identifier")], [])
    third = api.patient(**named, identifiers=[{"system": "lab", "value": "P-1001"}])
    assert (first["id"], "names_and_identifier") in alike(third)


def test_a_second_visit_of_one_instant_is_named_unless_the_first_is_void(api: Api) -> None:
    first = api.session()
    who = {name: first[name] for name in ("patient_id", "practitioner_id")}
    second = api.session(**who, occurred_at="2026-11-01T18:00:00Z")
    assert alike(second) == [(first["id"], "same_visit")]
    assert alike(api.session(**who, occurred_at="2026-11-01T18:01:00Z")) == []
    for session in (first, second):
        held = {"If-Match": '"1"'}
        path = f"/v1/sessions/{session['id']}/void"
        assert api.post(path, {"reason": "Twice."}, headers=held).status_code == 200
    assert alike(api.session(**who, occurred_at="2026-11-01T18:00:00Z")) == []


def test_with_reject_nothing_is_stored_and_a_repeat_of_one_s_own_create_is_none(api: Api) -> None:
    first = api.patient(**ANA)
    answer = api.post("/v1/patients?on_duplicate=reject", ANA)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/possible-duplicate")
    assert answer.json()["possible_duplicates"] == [
        {"id": first["id"], "why": "names_and_birth_date"}
    ]
    assert len(api.get("/v1/patients").json()["items"]) == 1
    mine = {**ANA, "id": "019a0000-0000-7000-8000-0000000000aa", "family_name": "Other"}
    for status in (201, 200):
        assert api.post("/v1/patients?on_duplicate=reject", mine).status_code == status
    assert api.post("/v1/patients?on_duplicate=perhaps", ANA).status_code == 422


def test_a_put_that_creates_names_duplicates_and_one_that_replaces_doesn_t(api: Api) -> None:
    first = api.patient(**ANA)
    here = f"/v1/patients/{uuid7()}"
    refused = api("PUT", f"{here}?on_duplicate=reject", json=ANA)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/possible-duplicate")
    made = api("PUT", here, json=ANA)
    assert made.status_code == 201
    assert alike(made.json()) == [(first["id"], "names_and_birth_date")]
    held = {"If-Match": '"1"'}
    replaced = api("PUT", f"{here}?on_duplicate=reject", json=ANA | {"sex": "female"}, headers=held)
    assert replaced.status_code == 200
    assert "possible_duplicates" not in replaced.json()
