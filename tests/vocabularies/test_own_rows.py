"""A clinic adds rows to a vocabulary, and records can have them from then on."""

import json
from typing import Any

import pytest

from app.core.values.clock import uuid7
from app.vocabularies.schemas import VOCABULARIES
from tests.ground import Api
from tests.records.bodies import create, faults
from tests.transfer.exported import NDJSON

SCAR = {"code": "own_scar", "name": "Scar of the operation", "synonyms": ["Old scar", "瘢痕"]}


@pytest.mark.parametrize("vocabulary", VOCABULARIES.values(), ids=lambda each: each.noun)
def test_each_vocabulary_takes_own_rows_at_its_address(api: Api, vocabulary: Any) -> None:
    path = f"/v1/{vocabulary.path}"
    before = api.get(f"{path}?limit=200")
    made = api.post(path, SCAR)
    assert made.status_code == 201, made.text
    term = made.json()
    assert (term["vocabulary"], term["code"], term["version"]) == (vocabulary.noun, "own_scar", 1)
    assert api.get(made.headers["location"]).json() == term
    assert api.get(f"/v1/terms?vocabulary={vocabulary.noun}").json()["items"] == [term]
    held = {"If-None-Match": before.headers["etag"]}
    after = api.get(f"{path}?limit=200", headers=held)
    assert before.headers["cache-control"] == "private, no-cache"
    *published, own = after.json()["items"]
    assert published == before.json()["items"]
    assert (own["code"], own["own"]) == ("own_scar", True)
    [found] = api.get(f"{path}?q=瘢痕").json()["items"]
    assert found == own
    [change] = [one for one in api.get("/v1/changes").json()["items"] if one["resource"] == "terms"]
    assert change["body"] == term


def test_records_take_the_words_of_an_own_row_and_no_other_clinic_does(
    api: Api, other_api: Api
) -> None:
    api.create("/v1/regions", **SCAR)
    for word in ("own_scar", "OLD  SCAR", "瘢痕", "Scar-of-the-operation"):
        assert create(api, "episode", ("/region", word)).json()["region"] == "own_scar"
        refused = create(other_api, "episode", ("/region", word))
        assert faults(refused) == {"/region": "unknown_region"}
        assert "own_scar" not in json.dumps(refused.json())
    refused = create(api, "episode", ("/region", "old skar"))
    assert refused.json()["errors"][0]["suggestions"] == ["own_scar"]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"code": "scar"}, {"/code": "string_pattern_mismatch"}),
        ({"name": "Shoulder"}, {"/name": "word_taken"}),
        ({"synonyms": ["Scar", "C-SPINE"]}, {"/synonyms/1": "word_taken"}),
        ({"name": "-"}, {"/name": "nothing_asked"}),
        ({"name": "\ufdfa" * 200}, {"/name": "string_too_long"}),
        ({"parent": "no such region"}, {"/parent": "unknown_region"}),
        ({"severity": "mild"}, {"/severity": "not_of_vocabulary"}),
        ({"concern": []}, {"/concern": "not_of_vocabulary"}),
        ({"vocabulary": "regions"}, {"/vocabulary": "extra_forbidden"}),
    ],
)
def test_a_row_that_would_confuse_is_refused(
    api: Api, changes: dict[str, Any], found: dict[str, str]
) -> None:
    assert faults(api.post("/v1/regions", SCAR | changes)) == found


def test_a_word_belongs_to_one_own_row(api: Api) -> None:
    api.create("/v1/regions", **SCAR)
    assert faults(api.post("/v1/regions", {"code": "own_b", "name": "old-scar"})) == {
        "/name": "word_taken"
    }
    assert api.post("/v1/aftercare", SCAR).status_code == 201


def test_a_parent_may_be_a_synonym_and_is_stored_as_the_code(api: Api) -> None:
    assert api.create("/v1/regions", **SCAR, parent="Lower leg")["parent"] == "lower_leg"


def test_the_code_of_a_row_never_changes_and_its_words_may(api: Api) -> None:
    term = api.create("/v1/regions", **SCAR)
    path, held = f"/v1/terms/{term['id']}", {"If-Match": '"1"'}
    for change in ({"code": "own_other"}, {"vocabulary": "aftercare"}):
        [name] = change
        assert faults(api("PATCH", path, json=change, headers=held)) == {f"/{name}": "code_fixed"}
    changed = api.change(term, "/v1/terms", name="Scar", synonyms=["Scar of the operation"])
    assert create(api, "episode", ("/region", "scar")).json()["region"] == "own_scar"
    assert faults(create(api, "episode", ("/region", "old scar"))) == {"/region": "unknown_region"}
    stored = create(api, "episode", ("/region", "own_scar")).json()
    api.change(changed, "/v1/terms", status="inactive")
    assert faults(create(api, "episode", ("/region", "scar"))) == {"/region": "unknown_region"}
    assert api.change(stored, "/v1/episodes", complaint="More")["region"] == "own_scar"
    assert faults(api.post("/v1/regions", {"code": "own_b", "name": "scar"})) == {
        "/name": "word_taken"
    }


def test_no_row_of_the_clinic_is_a_parent(api: Api) -> None:
    term = api.create("/v1/regions", **SCAR)
    refused = api.post("/v1/regions", {"code": "own_b", "name": "b", "parent": "own_scar"})
    assert faults(refused) == {"/parent": "own_parent"}
    held = {"If-Match": '"1"'}
    itself = api("PATCH", f"/v1/terms/{term['id']}", json={"parent": "own_scar"}, headers=held)
    assert faults(itself) == {"/parent": "own_parent"}


def test_an_import_takes_words_that_are_inactive_now_and_a_create_says_so(
    api: Api, other_api: Api
) -> None:
    term = api.create("/v1/regions", **SCAR)
    create(api, "episode", ("/region", "own_scar"))
    api.change(term, "/v1/terms", status="inactive")
    exported = api.get("/v1/exports/records.ndjson").content
    report = other_api("POST", "/v1/imports", content=exported, headers=NDJSON).json()
    assert (report["rejected"], report["errors"]) == (0, [])
    [fault] = create(other_api, "episode", ("/region", "own_scar")).json()["errors"]
    assert "inactive" in fault["detail"]


def test_an_import_uses_the_own_rows_above(api: Api) -> None:
    patient = str(uuid7())
    rows = [
        {"type": "term", "vocabulary": "regions", **SCAR},
        {"type": "patient", "id": patient},
        {"type": "episode", "patient_id": patient, "complaint": "c", "region": "Old scar"},
        {"type": "term", "vocabulary": "regions", "code": "own_b", "name": "old scar"},
    ]
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    report = api("POST", "/v1/imports", content=content, headers=NDJSON).json()
    assert (report["created"], report["rejected"]) == (3, 1)
    assert [error["code"] for error in report["errors"]] == ["word_taken"]
    again = api("POST", "/v1/imports", content=content, headers=NDJSON).json()
    assert (again["created"], again["unchanged"]) == (0, 3)


def test_own_rows_have_what_their_vocabulary_needs(api: Api) -> None:
    question = {"code": "own_q", "name": "Fit to needle"}
    api.create("/v1/contraindications", **question, concern=["no", "unknown"])
    api.create("/v1/contraindications", code="own_r", name="Rash of nickel")
    api.create("/v1/event-kinds", code="own_e", name="Startle", severity="mild")

    def own(path: str) -> list[dict[str, Any]]:
        return [row for row in api.get(f"{path}?limit=200").json()["items"] if row["own"]]

    concerns = [row["concern"] for row in own("/v1/contraindications")]
    assert concerns == [["no", "unknown"], ["yes", "unknown"]]
    [event] = own("/v1/event-kinds")
    assert (event["severity"], event["attribution_days"]) == ("mild", 14)
