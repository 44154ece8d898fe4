"""A clinic's name and settings are changed like a record: from a version, with an entry."""

from typing import Any

import pytest
from httpx2 import Response

from app.core.values.access import ROLES, Scope
from tests.ground import Api, Clinic
from tests.records.bodies import faults

PATH = "/v1/clinic"


def change(api: Api, version: int | None = 1, /, **members: Any) -> Response:
    held = {} if version is None else {"If-Match": f'"{version}"'}
    return api("PATCH", PATH, json=members, headers=held)


def test_a_new_clinic_lets_practitioners_answer_for_their_own_sessions_only(
    api: Api, clinic: Clinic
) -> None:
    answer = api.get(PATH)
    assert answer.headers["etag"] == '"1"'
    found = answer.json()
    assert list(found) == [
        *("id", "name", "time_zone", "whose_sessions", "baseline_days", "address", "phone"),
        *("emergency_number", "hours", "alert_recipients", "quiet_hours"),
        *("languages", "messages", "version", "created_at"),
    ]
    assert (found["id"], found["whose_sessions"], found["version"]) == (str(clinic.id), "own", 1)
    assert found["baseline_days"] == 14
    held = {"If-None-Match": '"1"'}
    assert api.get(PATH, headers=held).status_code == 304


def test_a_change_makes_the_next_version_and_leaves_its_entry(api: Api) -> None:
    answer = change(api, name="North", whose_sessions="any")
    assert answer.headers["etag"] == '"2"'
    changed = answer.json()
    assert (changed["name"], changed["whose_sessions"], changed["version"]) == ("North", "any", 2)
    assert api.get(PATH).json() == changed
    last = api.get("/v1/changes?limit=200").json()["items"][-1]
    assert (last["operation"], last["resource"], last["version"]) == (
        "clinics.update",
        "clinics",
        2,
    )
    assert last["body"] == changed


def test_a_change_names_the_version_that_it_changes(api: Api) -> None:
    assert change(api, None, name="North").status_code == 428
    stale = change(api, 7, name="North")
    assert (stale.status_code, stale.json()["current_version"]) == (412, 1)
    assert api.get(PATH).json()["version"] == 1


def test_a_change_that_changes_nothing_makes_no_version(api: Api) -> None:
    before = len(api.get("/v1/changes?limit=200").json()["items"])
    assert change(api, whose_sessions="own").json()["version"] == 1
    assert len(api.get("/v1/changes?limit=200").json()["items"]) == before


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"name": None}, {"/name": "missing"}),
        ({"name": ""}, {"/name": "string_too_short"}),
        ({"name": "x" * 201}, {"/name": "string_too_long"}),
        ({"name": 7}, {"/name": "string_type"}),
        ({"whose_sessions": "nobody"}, {"/whose_sessions": "literal_error"}),
        ({"baseline_days": -1}, {"/baseline_days": "greater_than_equal"}),
        ({"baseline_days": 91}, {"/baseline_days": "less_than_equal"}),
        ({"baseline_days": "7"}, {"/baseline_days": "int_type"}),
        ({"version": 7}, {"/version": "extra_forbidden"}),
        ({"id": None}, {"/id": "extra_forbidden"}),
    ],
)
def test_a_wrong_or_unknown_member_is_named(
    api: Api, members: dict[str, Any], fault: dict[str, str]
) -> None:
    assert faults(change(api, **members)) == fault


def test_only_the_owner_may_change_the_clinic(api: Api, clinic: Clinic) -> None:
    for role, scopes in ROLES.items():
        may = change(Api(api.wire, clinic.key(scopes)), name="Test clinic").status_code == 200
        assert may == (role == "owner")
    without = Api(api.wire, clinic.key(set(Scope) - {Scope.CLINIC_WRITE}))
    assert change(without, name="North").status_code == 403


def test_another_clinic_stays_as_it_is(api: Api, other_api: Api) -> None:
    before = other_api.get(PATH).json()
    change(api, name="North", whose_sessions="any")
    assert other_api.get(PATH).json() == before
