"""An instant is stored in UTC, and returned with its sender's offset."""

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from tests.ground import Api
from tests.records.bodies import COLLECTIONS, create, faults, put, take
from tests.sweeps.world import World

OFFSETS = (
    "2026-11-01T10:00:00-08:00",
    "2026-11-01T10:00:00+00:00",
    "2026-11-01T10:00:00+05:45",
    "2026-11-01T10:00:00.000001+14:00",
    "2026-11-01T23:59:59.999999-23:59",
    "2026-11-01T00:00:00.100000+23:59",
    "2026-03-08T01:59:59-08:00",  # the last second before summer time begins in Vancouver
    "2026-03-08T03:00:00-07:00",  # and the next one
    "2026-11-01T01:30:00-07:00",  # one o'clock comes twice when it ends
    "2026-11-01T01:30:00-08:00",
)
INSTANTS = [
    ("session", "/occurred_at"),
    ("follow-up", "/reported_at"),
    ("measurement", "/taken_at"),
    ("episode", "/opened_at"),
    ("consent", "/obtained_at"),
    ("screening", "/decided_at"),
    ("adverse event", "/occurred_at"),
]


def written(moment: str) -> str:
    """The API's form: UTC is `Z`, and a fraction has the necessary digits or six."""
    return moment.replace("+00:00", "Z")


@pytest.mark.parametrize(("kind", "place"), INSTANTS)
def test_an_offset_is_returned(api: Api, kind: str, place: str) -> None:
    world, (path, model) = World(api), COLLECTIONS[kind]
    for moment in OFFSETS:
        session = api.session(patient_id=world.known("patients"), occurred_at=moment)["id"]
        body = put(world.example(model), place, moment)
        if "session_id" in body:
            body["session_id"] = session
        if kind == "adverse event":
            body["detected_at"] = None
        answer = api.post(path.format(session_id=session), body)
        assert answer.status_code == 201, answer.text
        for seen in (answer, api.get(answer.headers["location"])):
            assert take(seen.json(), place) == written(moment)


@pytest.mark.parametrize(("kind", "place"), INSTANTS)
def test_a_time_without_an_offset_is_refused(api: Api, kind: str, place: str) -> None:
    assert faults(create(api, kind, (place, "2026-11-01T10:00:00"))) == {place: "timezone_aware"}


@pytest.mark.parametrize(
    ("kind", "place", "more"),
    [
        ("episode", "/closed_at", [("/status", "finished")]),
        ("consent", "/withdrawn_at", [("/decision", "withdrawn")]),
        ("adverse event", "/detected_at", []),
    ],
)
def test_an_optional_instant_keeps_its_offset_or_its_absence(
    api: Api, kind: str, place: str, more: list[tuple[str, Any]]
) -> None:
    made = create(api, kind, (place, "2026-11-21T10:00:00+03:30"), *more).json()
    assert take(made, place) == "2026-11-21T10:00:00+03:30"
    assert take(create(api, kind).json(), place) is None


def test_lists_are_ordered_by_instant_whatever_the_offsets(api: Api) -> None:
    shared = {"patient_id": api.patient()["id"], "practitioner_id": api.practitioner()["id"]}
    for moment in OFFSETS:
        api.session(**shared, occurred_at=moment)
    found = [item["occurred_at"] for item in api.get("/v1/sessions").json()["items"]]
    instants = [datetime.fromisoformat(moment) for moment in found]
    assert len(found) == len(OFFSETS)
    assert all(later >= earlier for later, earlier in pairwise(instants))


def test_a_time_filter_compares_instants(api: Api) -> None:
    shared = {"patient_id": api.patient()["id"], "practitioner_id": api.practitioner()["id"]}
    session = api.session(**shared, occurred_at="2026-11-01T10:00:00-08:00")
    for name, moment, expected in (
        ("occurred_from", "2026-11-01T18:00:00Z", 1),
        ("occurred_from", "2026-11-01T18:00:00.000001Z", 0),
        ("occurred_to", "2026-11-01T19:00:00%2B01:00", 1),
        ("occurred_to", "2026-11-01T18:59:59.999999%2B01:00", 0),
        ("updated_from", session["updated_at"].replace("+", "%2B"), 1),
        ("updated_from", "2199-01-01T00:00:00Z", 0),
    ):
        found = api.get(f"/v1/sessions?{name}={moment}").json()["items"]
        assert len(found) == expected, (name, moment)
    for name in ("occurred_from", "occurred_to", "updated_from"):
        naive = api.get(f"/v1/sessions?{name}=2026-11-01T10:00:00")
        assert faults(naive) == {f"/{name}": "timezone_aware"}


def test_the_servers_own_instants_are_in_utc(api: Api) -> None:
    session = api.session()
    for name in ("created_at", "updated_at", "recorded_at"):
        assert session[name].endswith("Z")
        assert datetime.fromisoformat(session[name]).utcoffset() is not None


def test_a_date_does_not_depend_on_an_offset(api: Api) -> None:
    patient = api.patient(birth_date="1988-02-29")
    assert api.get(f"/v1/patients/{patient['id']}").json()["birth_date"] == "1988-02-29"
    for bad in ("1988-02-30", "1988-02-29T00:00:00Z", "29.02.1988", 0):
        assert "/birth_date" in faults(create(api, "patient", ("/birth_date", bad)))
