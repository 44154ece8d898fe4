"""Lists: pages show each record once and in order, even while others write."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.db.database import Database
from app.settings import settings as configured
from tests.ground import Api, Clinic, create_clinic
from tests.sweeps.document import document


def pages(api: Api, path: str) -> list[list[dict[str, Any]]]:
    """Return all pages of a list, by following `next`."""
    walked = []
    address: str | None = path
    while address:
        page = api.get(address).json()
        walked.append(page["items"])
        address = page["next"]
    return walked


def test_a_page_has_fifty_items_unless_another_number_is_asked_for(api: Api) -> None:
    for _ in range(51):
        api.patient()
    assert [len(page) for page in pages(api, "/v1/patients")] == [50, 1]
    assert [len(page) for page in pages(api, "/v1/patients?limit=17")] == [17, 17, 17]
    assert [len(page) for page in pages(api, "/v1/patients?limit=200")] == [51]


@pytest.mark.parametrize(("limit", "status"), [(0, 422), (1, 200), (200, 200), (201, 422)])
@pytest.mark.parametrize(
    "path", ["/v1/patients", "/v1/sessions", "/v1/muscles", "/v1/instruments", "/v1/changes"]
)
def test_a_page_has_from_1_to_200_items(api: Api, path: str, limit: int, status: int) -> None:
    answer = api.get(f"{path}?limit={limit}")
    assert answer.status_code == status
    if status == 422:
        [error] = answer.json()["errors"]
        assert (error["pointer"], error["in"]) == ("/limit", "query")


def test_the_address_of_the_next_page_is_whole_and_keeps_the_filters(api: Api) -> None:
    for _ in range(2):
        api.patient(status="inactive")
    following = api.get("/v1/patients?limit=1&status=inactive").json()["next"]
    parts = urlsplit(following)
    assert (parts.scheme, parts.netloc, parts.path) == ("http", "testserver", "/v1/patients")
    assert "status=inactive" in parts.query
    assert "limit=1" in parts.query
    assert len(api.get(following).json()["items"]) == 1


@pytest.mark.parametrize("public", ["https://needlework.example", "https://example.org/records/"])
def test_the_next_page_is_at_the_public_address(
    api: Api, monkeypatch: pytest.MonkeyPatch, public: str
) -> None:
    for _ in range(2):
        api.patient()
    monkeypatch.setattr(configured(), "public_url", public)
    following = api.get("/v1/patients?limit=1&status=active").json()["next"]
    path = f"{public.rstrip('/')}/v1/patients?"
    assert following.startswith(path)
    assert "status=active" in following
    monkeypatch.undo()
    assert len(api.get(following.replace(path, "/v1/patients?")).json()["items"]) == 1


def test_every_list_answers_the_next_page_as_an_address_and_as_a_cursor() -> None:
    schemas = document()["components"]["schemas"]
    lists = {name for name, schema in schemas.items() if "next" in schema.get("properties", {})}
    assert len(lists) > 15
    for name in lists:
        described = schemas[name]["properties"]
        assert [part["type"] for part in described["next_cursor"]["anyOf"]] == ["string", "null"]
        assert {"items", "next", "next_cursor"} <= set(schemas[name]["required"])


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/v1/patients", "cursor"),
        ("/v1/sessions", "cursor"),
        ("/v1/muscles", "cursor"),
        ("/v1/instruments", "cursor"),
        ("/v1/clients", "cursor"),
        ("/v1/audit/entries", "cursor"),
        ("/v1/changes", "after"),
        ("/v1/sessions/{session}/versions", "cursor"),
    ],
)
def test_the_next_cursor_leads_to_the_page_at_the_next_address(
    api: Api, clinic: Clinic, path: str, parameter: str
) -> None:
    for _ in range(3):
        clinic.key(())
        api.session()
    session = api.session()
    note, held = {"note": "Changed."}, {"If-Match": '"1"'}
    assert api("PATCH", f"/v1/sessions/{session['id']}", json=note, headers=held).is_success
    path = path.format(session=session["id"])
    first = api.get(f"{path}?limit=1").json()
    assert isinstance(first["next_cursor"], str)
    by_cursor = api.get(path, params={"limit": 1, parameter: first["next_cursor"]}).json()
    assert by_cursor["items"] == api.get(first["next"]).json()["items"]
    assert by_cursor["items"] != first["items"]


@pytest.mark.parametrize("cursor", ["01", "-1", "x", "%D9%A1", str(2**31), "9" * 400, "1.0"])
@pytest.mark.parametrize("path", ["/v1/muscles", "/v1/sessions/{session}/versions"])
def test_a_cursor_of_a_numbered_list_is_a_plain_number(api: Api, path: str, cursor: str) -> None:
    path = path.format(session=api.session()["id"])
    answer = api.get(f"{path}?cursor={cursor}")
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("/cursor", "cursor")]


def test_an_empty_list_has_no_next_page(api: Api) -> None:
    assert api.get("/v1/sessions").json() == {"items": [], "next": None, "next_cursor": None}


def test_an_exact_page_has_no_next_page(api: Api) -> None:
    for _ in range(2):
        api.patient()
    assert [len(page) for page in pages(api, "/v1/patients?limit=2")] == [2]


def test_reference_data_is_paged_like_everything_else(api: Api) -> None:
    for path in ("/v1/muscles", "/v1/instruments"):
        whole = api.get(f"{path}?limit=200").json()["items"]
        assert [item for page in pages(api, f"{path}?limit=7") for item in page] == whole


# Writes between two pages: a new session at this hour, or (None) an edit of the newest one.
writes = st.lists(st.integers(0, 40) | st.none(), max_size=4)


@settings(max_examples=12)
@given(hours=st.lists(st.integers(0, 40), max_size=12), limit=st.integers(1, 5), between=writes)
def test_a_list_shows_each_record_once_whatever_is_written_between_its_pages(
    api: Api, database: Database, hours: list[int], limit: int, between: list[int | None]
) -> None:
    owner = Api(api.wire, create_clinic(database).key())
    shared = {"patient_id": owner.patient()["id"], "practitioner_id": owner.practitioner()["id"]}

    def log(hour: int) -> str:
        at = f"2026-11-{1 + hour // 24:02}T{hour % 24:02}:00:00Z"
        return str(owner.session(**shared, occurred_at=at, needlings=[], needle_count=None)["id"])

    before = {log(hour) for hour in hours}
    seen: list[dict[str, Any]] = []
    address: str | None = f"/v1/sessions?limit={limit}"
    pending = iter(between)
    while address:
        page = owner.get(address).json()
        seen += page["items"]
        address = page["next"]
        write = next(pending, "nothing more")
        if isinstance(write, int):
            log(write)
        elif write is None and seen:
            path, version = f"/v1/sessions/{seen[0]['id']}", seen[0]["version"]
            owner("PATCH", path, json={"note": "!"}, headers={"If-Match": f'"{version}"'})
    shown = [item["id"] for item in seen]
    assert len(set(shown)) == len(shown)
    assert before <= set(shown)
    order = [(item["occurred_at"], item["id"]) for item in seen]
    assert order == sorted(order, reverse=True)


@pytest.mark.parametrize(
    "occurred_at", ["1900-01-01T00:00:00+14:00", "2199-12-31T23:59:59.999999-12:00"]
)
def test_a_list_continues_after_the_first_and_last_hours_of_the_allowed_years(
    api: Api, occurred_at: str
) -> None:
    shared: dict[str, Any] = {
        "patient_id": api.patient()["id"],
        "practitioner_id": api.practitioner()["id"],
    }
    shared |= {"attendance": "cancelled", "needlings": [], "needle_count": None}
    made = {api.session(**shared, occurred_at=occurred_at)["id"] for _ in range(3)}
    assert {item["id"] for page in pages(api, "/v1/sessions?limit=1") for item in page} == made


@pytest.mark.parametrize("spelling", ["{}=", "{}==", "!{}", "{}.", "{}%20"])
def test_another_spelling_of_a_cursor_is_no_cursor(api: Api, spelling: str) -> None:
    for _ in range(2):
        api.patient()
    cursor = api.get("/v1/patients?limit=1").json()["next"].partition("cursor=")[2]
    assert api.get(f"/v1/patients?cursor={cursor}").status_code == 200
    assert api.get(f"/v1/patients?cursor={spelling.format(cursor)}").status_code == 422
