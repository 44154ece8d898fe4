"""Every list shows the records that match its filters, and no others."""

from typing import Any

import pytest

from tests.ground import Api
from tests.records.bodies import COLLECTIONS, put
from tests.sweeps.document import operations
from tests.sweeps.world import World, stored

COLD = {"muscle": "trapezius_upper", "side": "left"}
# Kind, filter, the pointer of the filtered member, and two values of it.
FILTERS: list[tuple[str, str, str, Any, Any]] = [
    ("patient", "status", "/status", "active", "inactive"),
    ("practitioner", "status", "/status", "active", "inactive"),
    ("episode", "patient_id", "/patient_id", "patients", "patients"),
    ("session", "patient_id", "/patient_id", "patients", "patients"),
    ("session", "practitioner_id", "/practitioner_id", "practitioners", "practitioners"),
    ("measurement", "patient_id", "/patient_id", "patients", "patients"),
    ("measurement", "instrument", "/instrument", "nprs", "groc"),
    ("consent", "patient_id", "/patient_id", "patients", "patients"),
    ("consent", "kind", "/kind", "needling", "data_use"),
    ("screening", "session_id", "/session_id", "sessions", "sessions"),
    ("adverse event", "patient_id", "/patient_id", "patients", "patients"),
    ("adverse event", "severity", "/severity", "mild", "serious"),
]


def two(world: World, place: str, values: tuple[Any, Any]) -> tuple[Any, Any]:
    """Two values to filter by: the given ones, or the ids of two new records."""
    if place.endswith("_id"):
        return tuple(world.make(f"/v1/{value}")["id"] for value in values)
    return values


@pytest.mark.parametrize(("kind", "name", "place", "one", "other"), FILTERS)
def test_a_filter_shows_only_matching_records(
    api: Api, kind: str, name: str, place: str, one: Any, other: Any
) -> None:
    world = World(api)
    path, model = COLLECTIONS[kind]
    values = two(world, place, (one, other))
    made = [world.api.create(path, **put(world.example(model), place, v)) for v in values]
    for record, value in zip(made, values, strict=True):
        listed = api.get(path, params={name: value}).json()["items"]
        assert stored(record) in listed
        assert {item[place.removeprefix("/")] for item in listed} == {value}


def test_episodes_are_filtered_by_their_status(api: Api) -> None:
    world = World(api)
    body = world.example("EpisodeBody")
    active = world.api.create("/v1/episodes", **body)
    closed = {**body, "status": "finished", "closed_at": "2026-11-21T00:00:00Z", "identifiers": []}
    finished = world.api.create("/v1/episodes", **closed)
    for status, record in (("active", active), ("finished", finished)):
        assert world.api.get(f"/v1/episodes?status={status}").json()["items"] == [record]


def test_sessions_have_every_documented_filter(api: Api) -> None:
    patient, practitioner = api.patient()["id"], api.practitioner()["id"]
    episode = api.create("/v1/episodes", patient_id=patient, complaint="c")["id"]
    shared = {"patient_id": patient, "practitioner_id": practitioner}
    early = api.session(**shared, occurred_at="2026-11-01T10:00:00Z", episode_id=episode)
    count = dict.fromkeys(("opened", "inserted", "removed", "disposed"), 2)
    late = api.session(
        **shared,
        occurred_at="2026-11-08T10:00:00Z",
        needlings=[COLD, COLD],
        needle_count=count,
    )
    signed = api.post(f"/v1/sessions/{late['id']}/sign", headers={"If-Match": '"1"'}).json()
    both = [signed, early]
    for query, expected in (
        ("", both),
        (f"patient_id={patient}", both),
        (f"practitioner_id={practitioner}", both),
        (f"episode_id={episode}", [early]),
        ("muscle=infraspinatus", [early]),
        ("muscle=trapezius_upper", [signed]),
        ("status=draft", [early]),
        ("status=signed", [signed]),
        ("status=void", []),
        ("occurred_from=2026-11-01T10:00:00Z", both),
        ("occurred_from=2026-11-01T10:00:01Z", [signed]),
        ("occurred_to=2026-11-08T09:59:59Z", [early]),
        (f"updated_from={signed['updated_at']}", [signed]),
        (f"patient_id={patient}&status=signed&muscle=trapezius_upper", [signed]),
        (f"patient_id={patient}&status=draft&muscle=trapezius_upper", []),
        ("occurred_from=2026-11-02T00:00:00Z&occurred_to=2026-11-03T00:00:00Z", []),
    ):
        assert api.get(f"/v1/sessions?{query}").json()["items"] == expected, query


def test_all_filters_can_be_combined(api: Api) -> None:
    """With all filters at once, the one record that matches all is found, page by page."""
    world = World(api)
    values = {
        "status": "draft",
        "occurred_from": "2026-11-20T18:00:00Z",
        "occurred_to": "2026-11-20T18:00:00Z",
        "updated_from": "2020-01-01T00:00:00Z",
        "muscle": "infraspinatus",
    }
    for _ in range(2):
        world.make("/v1/sessions")
    names = ("patient_id", "practitioner_id")
    own = {name: world.known(f"{name.removesuffix('_id')}s") for name in names}
    page = api.get("/v1/sessions", params={**values, **own, "limit": 1}).json()
    following = api.get(page["next"]).json()
    assert len(page["items"]) == len(following["items"]) == 1
    assert following["next"] is None


def test_an_unknown_filter_is_refused_and_not_ignored(api: Api) -> None:
    for operation in operations():
        if operation.name.endswith(".list") and "{" not in operation.path:
            answer = api.get(f"{operation.path}?pateint_id=1")
            assert answer.status_code == 422, operation.name
            assert answer.json()["errors"][0]["pointer"] == "/pateint_id"


def test_a_filter_without_matches_gives_an_empty_list(api: Api) -> None:
    api.session()
    nobody = "patient_id=0190aaaa-aaaa-7000-8000-000000000000"
    assert api.get(f"/v1/sessions?{nobody}").json() == {
        "items": [],
        "next": None,
        "next_cursor": None,
    }
