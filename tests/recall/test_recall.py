"""A recalled lot leads to every patient who was needled with it, and to no other."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.ground import Api


def needled(api: Api, lot: str | None, **more: Any) -> dict[str, Any]:
    needle = {"diameter_mm": 0.3, "length_mm": 40, "lot": lot}
    needlings = [
        {"muscle": muscle, "side": "left", "needle": needle, "needles": 2, "insertions": 3}
        for muscle in ("infraspinatus", "supraspinatus")
    ]
    return api.session(needlings=needlings, **more)


def recalled(api: Api, lot: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    path: str | None = f"/v1/needle-lots/{quote(lot, safe='')}/patients?limit=2"
    while path:
        page = api.get(path).json()
        items += page["items"]
        path = page["next"]
    return items


def test_every_patient_of_a_lot_is_found_with_name_and_sessions(api: Api, other_api: Api) -> None:
    shared = {"patient_id": api.patient(given_name="Ana", phone="+1 604 555 0100")["id"]}
    late = needled(api, "L1", occurred_at="2026-03-09T10:00:00-07:00", **shared)
    early = needled(api, "L1", occurred_at="2026-03-02T10:00:00-08:00", **shared)
    others = [needled(api, "L1") for _ in range(4)]
    needled(api, "L2")
    needled(api, None)
    needled(other_api, "L1")
    found = recalled(api, "L1")
    ids = [item["patient"]["id"] for item in found]
    assert len(ids) == len(set(ids)) == 5
    assert set(ids) == {shared["patient_id"], *(visit["patient_id"] for visit in others)}
    [ana] = [item for item in found if item["patient"]["id"] == shared["patient_id"]]
    assert ana["patient"]["phone"] == "+1 604 555 0100"
    assert ana["sessions"] == [
        {
            "session_id": visit["id"],
            "occurred_at": visit["occurred_at"],
            "practitioner_id": visit["practitioner_id"],
            "status": "draft",
            "lots": ["L1"],
            "muscles": ["infraspinatus", "supraspinatus"],
            "needles": 4,
        }
        for visit in (early, late)
    ]


def test_a_void_session_is_found_and_marked_as_void(api: Api) -> None:
    visit = needled(
        api, "L1", needle_count={"opened": 4, "inserted": 4, "removed": 4, "disposed": 4}
    )
    path = f"/v1/sessions/{visit['id']}"
    assert api.post(f"{path}/sign", headers={"If-Match": '"1"'}).status_code == 200
    void = api.post(f"{path}/void", {"reason": "Wrong patient."}, headers={"If-Match": '"2"'})
    assert void.status_code == 200
    [item] = recalled(api, "L1")
    assert [use["status"] for use in item["sessions"]] == ["void"]


@pytest.mark.parametrize("lot", ["A/1 ?#%", "l1", "Ł 1", "a" * 199])
def test_a_lot_is_found_in_every_spelling_and_shown_as_written(api: Api, lot: str) -> None:
    """Case, white space and hyphens make no difference, whoever wrote them."""
    spellings = {lot, lot.upper(), f" {lot}", lot[:1] + "-" + lot[1:]}
    for spelling in spellings:
        needled(api, spelling)
    needled(api, lot + "x" if len(lot) < 200 else "x")
    for spelling in spellings:
        found = recalled(api, spelling)
        assert len(found) == len(spellings)
        written = {use["lots"][0] for item in found for use in item["sessions"]}
        assert written == {each.strip() for each in spellings}


@pytest.mark.parametrize("lot", ["none", "L\0", "a" * 5000])
def test_an_unknown_lot_has_no_patients(api: Api, lot: str) -> None:
    assert recalled(api, lot) == []


@pytest.mark.parametrize("lot", ["LOT 2604", "A/1 ?#%", "\u0141 1"])
def test_the_next_page_of_any_lot_is_a_url_that_leads_there(api: Api, lot: str) -> None:
    for _ in range(2):
        needled(api, lot)
    first = api.get(f"/v1/needle-lots/{quote(lot, safe='')}/patients?limit=1").json()
    assert quote(first["next"], safe=":/?&=%._~-") == first["next"]
    second = api.get(first["next"]).json()
    ids = {item["patient"]["id"] for page in (first, second) for item in page["items"]}
    assert len(ids) == 2


@pytest.mark.parametrize("lot", [" ", "\0", "\u00a0\u2003", "\u00ad", "\u200b "])
def test_a_blank_lot_is_refused_so_that_nobody_takes_it_for_an_all_clear(
    api: Api, lot: str
) -> None:
    refused = api.get(f"/v1/needle-lots/{quote(lot, safe='')}/patients")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "blank"


@pytest.mark.parametrize(
    "asked", ["LOT L-77/B", "l77b", "Lot no. L77B", "Batch: L 77.B", "L\N{EN DASH}77 / b"]
)
def test_signs_and_the_word_lot_hide_nobody_and_the_spellings_are_said(
    api: Api, asked: str
) -> None:
    for lot in ("L-77/B", "lot L77B"):
        needled(api, lot)
    needled(api, "L78B")
    page = api.get(f"/v1/needle-lots/{quote(asked, safe='')}/patients").json()
    assert (len(page["items"]), page["spellings"], page["others"]) == (
        2,
        ["L-77/B", "lot L77B"],
        [],
    )


def test_an_empty_recall_says_which_lot_was_perhaps_meant(api: Api, other_api: Api) -> None:
    for lot in ("L2604", "L2604", "K-90", "Q1"):
        needled(api, lot)
    needled(other_api, "L2605")

    def others(lot: str) -> list[str]:
        page = api.get(f"/v1/needle-lots/{quote(lot, safe='')}/patients").json()
        assert (page["items"], page["spellings"]) == ([], [])
        found: list[str] = page["others"]
        return found

    for mistyped in ("L26O4", "2604", "L6204", "L260", "L26044"):
        assert others(mistyped) == ["L2604"], mistyped
    assert others("something else") == ["K-90", "L2604", "Q1"]
