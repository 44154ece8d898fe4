"""`/v1/changes`: every change once, in the order in which it was made."""

from typing import Any

import pytest

from app.ledger.errors import CursorSuperseded
from tests.ground import Api, Clinic


def follow(api: Api, after: int | str = 0, limit: int = 50) -> list[dict[str, Any]]:
    """Every change behind a cursor, by following `next`."""
    found: list[dict[str, Any]] = []
    path: str | None = f"/v1/changes?after={after}&limit={limit}"
    while path:
        page = api.get(path).json()
        found += page["items"]
        path = page["next"]
    return found


def test_numbers_rise_by_one_from_one(api: Api) -> None:
    for _ in range(5):
        api.session()
    for limit in (1, 3, 7, 200):
        numbers = [change["number"] for change in follow(api, limit=limit)]
        # The third entry is no change: it states the digest of the API key.
        assert numbers == [1, 2, *range(4, 19)]


def test_next_is_null_only_when_the_reader_has_caught_up(api: Api) -> None:
    for _ in range(3):
        api.patient()
    whole = follow(api)
    for limit in range(1, 7):
        page = api.get(f"/v1/changes?limit={limit}").json()
        assert (page["next"] is None) == (limit >= len(whole))
        assert page["cursor"].partition(".")[0] == str(page["items"][-1]["number"])


def test_the_cursor_continues_the_feed_later(api: Api) -> None:
    api.patient()
    page = api.get("/v1/changes").json()
    assert api.get(f"/v1/changes?after={page['cursor']}").json() == {
        "items": [],
        "next": None,
        "next_cursor": None,
        "cursor": page["cursor"],
    }
    patient = api.patient()
    [change] = follow(api, page["cursor"])
    assert change["body"] == patient


def test_a_cursor_names_its_entry(api: Api) -> None:
    patient = api.patient()
    page = api.get("/v1/changes").json()
    number, _, leaf = page["cursor"].partition(".")
    [entry] = api.get(f"/v1/audit/entries?kind=change&patient_id={patient['id']}").json()["items"]
    assert (number, leaf) == (str(entry["number"]), entry["leaf"][:16])
    following = api.get("/v1/changes?limit=1").json()
    assert f"after={following['cursor']}" in following["next"]
    assert following["next_cursor"] == following["cursor"]


def test_a_bare_number_is_taken_and_answered_with_a_whole_cursor(api: Api) -> None:
    api.patient()
    whole = api.get("/v1/changes").json()["cursor"]
    bare = whole.partition(".")[0]
    assert api.get(f"/v1/changes?after={bare}").json()["cursor"] == whole


def test_the_beginning_has_the_cursor_0(api: Api) -> None:
    first = follow(api)
    assert first[0]["number"] == 1
    assert follow(api, "0") == first


@pytest.mark.parametrize("after", ["1.0000000000000000", "999", str(2**62), "999.0123456789abcdef"])
def test_a_cursor_of_another_ledger_is_gone(api: Api, after: str) -> None:
    answer = api.get(f"/v1/changes?after={after}")
    assert answer.status_code == 410
    assert answer.json()["type"].endswith("/cursor-superseded")
    assert CursorSuperseded.remedy in answer.json()["detail"]
    assert CursorSuperseded.remedy in CursorSuperseded.meaning()


def test_a_change_contains_the_record_as_it_was_then(api: Api) -> None:
    patient = api.patient(given_name="A")
    path = f"/v1/patients/{patient['id']}"
    later = api("PATCH", path, json={"given_name": "B"}, headers={"If-Match": '"1"'}).json()
    first, second = follow(api)[-2:]
    assert (first["body"], second["body"]) == (patient, later)
    assert (first["operation"], second["operation"]) == ("patients.create", "patients.update")
    assert set(first) == {
        *("number", "at", "operation", "resource", "resource_id", "patient_id", "version"),
        *("actor", "reason", "body"),
    }
    assert (second["at"], second["version"]) == (later["updated_at"], 2)
    assert second["patient_id"] == second["resource_id"] == patient["id"]


def test_a_void_is_a_change_like_any_other(api: Api) -> None:
    session = api.session()
    path = f"/v1/sessions/{session['id']}/void"
    api.post(path, {"reason": "r"}, headers={"If-Match": '"1"'})
    last = follow(api)[-1]
    assert (last["operation"], last["reason"]) == ("sessions.void", "r")
    assert last["body"]["status"] == "void"


def test_a_feed_has_only_one_clinics_changes(api: Api, other_api: Api) -> None:
    api.patient()
    other = other_api.patient()
    assert other["id"] not in str(follow(api))
    assert [change["number"] for change in follow(other_api)] == [1, 2, 4]


@pytest.mark.parametrize(
    "query",
    [
        *("after=-1", "after=x", "after=", f"after={2**62 + 1}", f"after={10**19}"),
        *(
            "after=1.",
            "after=1.012345678abcdef",
            "after=1.0123456789ABCDEF",
            "after=0.0123456789abcdef",
        ),
        *("after=.0123456789abcdef", "after=1.0123456789abcdef0", "after=%D9%A1", "after=1%0A"),
        *("limit=0", "limit=201", "x=1"),
    ],
)
def test_an_invalid_query_of_the_feed_is_refused(api: Api, query: str) -> None:
    answer = api.get(f"/v1/changes?{query}")
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == f"/{query.partition('=')[0]}"


def test_a_refused_request_is_not_in_the_feed(api: Api, clinic: Clinic) -> None:
    api.patient()
    before = follow(api)
    api.post("/v1/patients", {"sex": "?"})
    api.post("/v1/episodes", {"patient_id": str(clinic.id), "complaint": "c"})
    assert follow(api) == before
