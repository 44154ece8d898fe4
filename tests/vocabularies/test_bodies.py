"""Bodies take each word of a vocabulary and store its code; what no vocabulary has is refused."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.core.values.clock import uuid7
from app.kinds import KINDS
from app.records.wording import places
from app.vocabularies.schemas import VOCABULARIES
from tests.ground import Api
from tests.records.bodies import create, faults, take
from tests.sweeps.world import World
from tests.transfer.exported import NDJSON

# Kind, place, a word as people write it, the code, a word that no vocabulary has, and its fault.
WORDS = [
    ("episode", "/region", "Cervical  Spine", "neck", ("right_sholder", "unknown_region")),
    ("episode", "/region", "Shoulder", "shoulder", ("toenail", "unknown_region")),
    ("adverse event", "/kind", "collapsed lung", "pneumothorax", ("x1", "unknown_event_kind")),
    (
        "screening",
        "/answers/0/code",
        "Blood-thinners",
        "anticoagulant",
        ("anticoagulent pills", "unknown_contraindication"),
    ),
    (
        "session",
        "/co_interventions/0",
        "Joint mobilization",
        "joint_mobilisation",
        ("joint_moblisation!", "unknown_co_intervention"),
    ),
    ("session", "/aftercare/0", "HOT PACK", "heat", ("hott packs", "unknown_aftercare")),
]
IDS = [f"{kind}{place}-{code}" for kind, place, _, code, _ in WORDS]


@pytest.mark.parametrize(("kind", "place", "word", "code", "refusal"), WORDS, ids=IDS)
def test_a_body_takes_a_synonym_and_stores_its_code(
    api: Api, kind: str, place: str, word: str, code: str, refusal: tuple[str, str]
) -> None:
    made = create(api, kind, (place, word))
    assert made.status_code == 201, made.text
    assert take(made.json(), place) == code
    assert take(api.get(made.headers["location"]).json(), place) == code
    strange, fault = refusal
    refused = create(api, kind, (place, strange))
    assert faults(refused) == {place: fault}
    [error] = refused.json()["errors"]
    assert strange not in json.dumps(error)
    assert create(api, kind, (place, "Other")).status_code == 201


def test_thresholds_of_a_clinic_name_regions_in_the_same_way(api: Api) -> None:
    figures: dict[str, Any] = {"instrument": "nprs", "mcid": 3, "source": "s"}
    assert api.create("/v1/thresholds", region="Lumbar Spine", **figures)["region"] == "low_back"
    refused = api.post("/v1/thresholds", {**figures, "region": "lombar"})
    assert faults(refused) == {"/region": "unknown_region"}
    assert refused.json()["errors"][0]["suggestions"] == ["low_back"]


def test_every_unknown_word_of_a_body_is_named_at_once(api: Api) -> None:
    strange = [(f"/{name}/0", "no such word") for name in ("co_interventions", "aftercare")]
    unknown = ("/episode_id", str(uuid7()))
    assert faults(create(api, "session", *strange, unknown)) == {
        "/co_interventions/0": "unknown_co_intervention",
        "/aftercare/0": "unknown_aftercare",
        "/episode_id": "unknown_reference",
    }


def test_a_create_that_is_repeated_with_a_synonym_is_the_same(api: Api) -> None:
    body = World(api).example("EpisodeBody") | {"id": str(uuid7()), "region": "shoulder"}
    first = api.post("/v1/episodes", body)
    for word in ("Shoulder", "shoulder joint", "SHOULDER"):
        again = api.post("/v1/episodes", body | {"region": word})
        assert (again.status_code, again.json()) == (200, first.json())
        put = api("PUT", f"/v1/episodes/{body['id']}", json=body | {"region": word})
        assert (put.status_code, put.json()) == (200, first.json())
    assert api.post("/v1/episodes", body | {"region": "neck"}).status_code == 409


def test_a_synonym_of_the_stored_code_is_no_change(api: Api) -> None:
    episode = World(api).make("/v1/episodes")
    path, held = f"/v1/episodes/{episode['id']}", {"If-Match": '"1"'}
    assert api("PATCH", path, json={"region": "Shoulder"}, headers=held).json() == episode
    body = {name: episode[name] for name in ("patient_id", "complaint", "opened_at")}
    changed = api("PUT", path, json=body | {"region": "C-spine"}, headers=held).json()
    assert (changed["region"], changed["version"]) == ("neck", 2)


def test_an_amendment_takes_synonyms_and_names_unknown_words(api: Api) -> None:
    session = api.session(needlings=[])
    path = f"/v1/sessions/{session['id']}"
    assert api.post(f"{path}/sign", headers={"If-Match": '"1"'}).status_code == 200

    def amend(**changes: Any) -> Any:
        body = {"reason": "r", "kind": "correction", "changes": changes}
        return api.post(f"{path}/amend", body, headers={"If-Match": '"2"'})

    assert faults(amend(aftercare=["hott"])) == {"/changes/aftercare/0": "unknown_aftercare"}
    amended = amend(co_interventions=["Stretches", "taping"])
    assert amended.json()["co_interventions"] == ["stretching", "taping"]


def test_two_words_for_one_question_repeat_it_and_other_questions_may_be_several(api: Api) -> None:
    twice = [{"code": code, "answer": "no"} for code in ("anticoagulant", "Blood thinner")]
    assert faults(create(api, "screening", ("/answers", twice))) == {"/answers": "repeated"}
    others = [{"code": "other", "answer": "yes", "detail": text} for text in ("a", "b")]
    assert create(api, "screening", ("/answers", others)).status_code == 201


def rows(patient: str) -> Iterator[dict[str, Any]]:
    for word in ("Low Back", "lumbar", "right_sholder"):
        yield {"type": "episode", "patient_id": patient, "complaint": word[0], "region": word}


def test_an_import_takes_synonyms_and_suggests_codes(api: Api) -> None:
    patient = api.patient()["id"]
    content = "".join(json.dumps(row) + "\n" for row in rows(patient)).encode()
    report = api("POST", "/v1/imports", content=content, headers=NDJSON).json()
    assert (report["created"], report["rejected"]) == (2, 1)
    [error] = report["errors"]
    assert (error["line"], error["pointer"], error["code"]) == (3, "/region", "unknown_region")
    assert error["suggestions"][0] == "shoulder"
    again = api("POST", "/v1/imports", content=content, headers=NDJSON).json()
    assert (again["created"], again["unchanged"]) == (0, 2)
    respelt = content.replace(b"Low Back", b"LOWER-BACK").replace(b"lumbar", b"Lumbar Spine")
    again = api("POST", "/v1/imports", content=respelt, headers=NDJSON).json()
    assert (again["created"], again["unchanged"]) == (0, 2)
    listed = api.get(f"/v1/episodes?patient_id={patient}").json()["items"]
    assert [each["region"] for each in listed] == ["low_back"] * 2
    table = "type,patient_id,attendance,practitioner_id,occurred_at,aftercare\n"
    lee = api.create("/v1/practitioners", given_name="Lee")["id"]
    line = f'session,{patient},attended,{lee},2026-11-01T10:00:00Z,"[""Hot pack""]"\n'
    csv = {"Content-Type": "text/csv"}
    report = api("POST", "/v1/imports", content=(table + line).encode(), headers=csv).json()
    assert report["created"] == 1, report
    [session] = api.get(f"/v1/sessions?patient_id={patient}").json()["items"]
    assert session["aftercare"] == ["heat"]


def test_every_vocabulary_has_a_member_of_a_body() -> None:
    bodies: list[Any] = [kind.body for kind in KINDS]
    used = {place.vocabulary.noun for body in bodies for place in places(body)}
    assert used == set(VOCABULARIES)
