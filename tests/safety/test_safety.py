"""Consents, screenings and adverse events: rules that span several fields."""

from typing import Any

import pytest

from tests.ground import Api
from tests.records.bodies import create, faults
from tests.sweeps.world import World


@pytest.mark.parametrize(
    ("kind", "changes", "found"),
    [
        ("consent", {"/decision": "withdrawn"}, {"/withdrawn_at": "withdrawn_at_missing"}),
        ("consent", {"/withdrawn_at": "2026-12-01T00:00:00Z"}, {"/withdrawn_at": "not_withdrawn"}),
        (
            "consent",
            {"/decision": "withdrawn", "/withdrawn_at": "2026-11-02T09:39:59-08:00"},
            {"/withdrawn_at": "out_of_order"},
        ),
        ("consent", {"/valid_until": "2026-11-01"}, {"/valid_until": "out_of_order"}),
        ("consent", {"/risks_disclosed": ["soreness"] * 2}, {"/risks_disclosed": "repeated"}),
        ("consent", {"/risks_disclosed/0": "two words"}, {"/risks_disclosed/0": None}),
        ("consent", {"/given_by": None}, {"/given_by": "missing"}),
        (
            "screening",
            {"/answers": [{"code": "diabetes", "answer": word} for word in ("no", "yes")]},
            {"/answers": "repeated"},
        ),
        ("screening", {"/answers/0/answer": False}, {"/answers/0/answer": "literal_error"}),
        ("screening", {"/patient_id": None}, {"/patient_id": "extra_forbidden"}),
        (
            "adverse event",
            {"/detected_at": "2026-11-20T10:19:59-08:00"},
            {"/detected_at": "out_of_order"},
        ),
        ("adverse event", {"/description": ""}, {"/description": "string_too_short"}),
        ("adverse event", {"/muscle": "no_such"}, {"/muscle": "unknown_muscle"}),
        ("adverse event", {"/expected": None}, {"/expected": "missing"}),
        ("adverse event", {"/close_call": "yes"}, {"/close_call": "bool_type"}),
        ("episode", {"/status": "finished"}, {"/closed_at": "closed_at_missing"}),
        ("episode", {"/closed_at": "2027-01-01T00:00:00Z"}, {"/closed_at": "still_active"}),
        (
            "episode",
            {"/status": "finished", "/closed_at": "2026-11-02T09:29:59-08:00"},
            {"/closed_at": "closed_before_opened"},
        ),
        (
            "episode",
            {"/status": "finished", "/closed_at": "2027-01-01T00:00:00Z", "/opened_at": None},
            {"/closed_at": "opened_at_missing"},
        ),
        ("patient", {"/birth_date": "2199-01-01"}, {"/birth_date": "in_the_future"}),
        ("patient", {"/email": "no address"}, {"/email": "string_pattern_mismatch"}),
        ("patient", {"/phone": "12"}, {"/phone": "string_too_short"}),
        ("patient", {"/language": "d"}, {"/language": "string_pattern_mismatch"}),
        (
            "practitioner",
            {"/credentials/0/valid_to": "2019-04-30"},
            {"/credentials/0": "ends_before_it_begins"},
        ),
        ("measurement", {"/value": 10.5}, {"/value": "off_scale"}),
        ("measurement", {"/value": 1.23456}, {"/value": "too_precise"}),
        ("measurement", {"/unit": "kg"}, {"/unit": "unit"}),
        ("measurement", {"/activity": "reach"}, {"/activity": "activity_forbidden"}),
        ("measurement", {"/instrument": "no_such"}, {"/instrument": "unknown_instrument"}),
        ("measurement", {"/muscle": "no_such"}, {"/muscle": "unknown_muscle"}),
    ],
)
def test_the_api_enforces_each_rule_that_spans_fields(
    api: Api, kind: str, changes: dict[str, Any], found: dict[str, str | None]
) -> None:
    refused = faults(create(api, kind, *changes.items()))
    assert refused.keys() == found.keys()
    assert all(code in {None, refused[place]} for place, code in found.items())


def test_two_consents_of_two_kinds_are_two_records(api: Api) -> None:
    patient = api.patient()["id"]
    for kind in ("needling", "data_use"):
        create(api, "consent", ("/patient_id", patient), ("/kind", kind))
    listed = api.get(f"/v1/consents?patient_id={patient}").json()["items"]
    assert [item["kind"] for item in listed] == ["needling", "data_use"]


def test_an_answer_may_be_unknown(api: Api) -> None:
    screening = create(api, "screening").json()
    assert {a["code"]: a["answer"] for a in screening["answers"]}["needle_phobia"] == "unknown"


def test_a_screening_gets_the_patient_of_its_session(api: Api) -> None:
    world = World(api)
    screening = world.make("/v1/screenings")
    assert screening["patient_id"] == world.known("patients")


def test_an_episode_is_opened_when_recorded_by_default(api: Api) -> None:
    patient = api.patient()["id"]
    body = {"patient_id": patient, "complaint": "c"}
    made = api.create("/v1/episodes", **body)
    assert made["opened_at"] == made["created_at"]
    path = f"/v1/episodes/{made['id']}"
    again = api("PUT", path, json=body, headers={"If-Match": '"1"'})
    assert (again.status_code, again.json()) == (200, made)


def test_an_episode_is_closed_and_opened_again(api: Api) -> None:
    episode = World(api).make("/v1/episodes")
    path = f"/v1/episodes/{episode['id']}"
    closed_at = "2026-11-24T12:00:00-08:00"
    close = {"status": "finished", "closed_at": closed_at, "close_reason": "goals reached"}
    closed = api("PATCH", path, json=close, headers={"If-Match": '"1"'}).json()
    assert (closed["status"], closed["closed_at"]) == ("finished", closed_at)
    reopen = dict.fromkeys(close)
    opened = api("PATCH", path, json=reopen, headers={"If-Match": '"2"'}).json()
    assert (opened["status"], opened["closed_at"], opened["close_reason"]) == ("active", None, None)
