"""A bad body is refused completely, and all its faults are listed at once."""

from typing import Any

import pytest

from app.core.values.clock import uuid7
from tests.ground import Api
from tests.records.bodies import COLLECTIONS, create, faults
from tests.sweeps.world import World

FULL_OF_FAULTS: dict[str, Any] = {
    "patient_id": "x",
    "practitioner_id": None,
    "occurred_at": "2026-11-20T10:00:00",
    "duration_min": 0,
    "technique": "magic",
    "no_such_field": 1,
    "measurements": [
        {"phase": "between", "instrument": "nprs", "value": 11},
        {"phase": "before", "instrument": "no_such", "value": 1},
        {
            "phase": "before",
            "instrument": "nprs",
            "value": 1,
            "activity": "reach",
            "unit": "kg",
        },
    ],
    "findings": [{"sign": "taut_band", "segment": "C9", "side": "left", "grade": 4}],
    "needlings": [
        {"muscle": "infraspinatus", "side": "left", "ache": 6},
        {"muscle": "no_such_muscle", "side": "up", "needles": 3, "insertions": 2},
        {
            "muscle": "infraspinatus",
            "side": "left",
            "spinal_level": "C5",
            "needle": {"diameter_mm": 3},
            "stimulation": "electrical",
            "release": "none",
            "release_after_s": 1,
            "sensations": ["none", "cramp"],
            "ache": 11,
            "sharp": -1,
            "unknown": {},
        },
    ],
    "needle_count": {"opened": 1, "inserted": -1, "removed": "1"},
    "note": "x" * 4_001,
}
EVERY_FAULT = {
    "/patient_id": "uuid_parsing",
    "/practitioner_id": "missing",
    "/occurred_at": "timezone_aware",
    "/duration_min": "greater_than_equal",
    "/technique": "literal_error",
    "/no_such_field": "extra_forbidden",
    "/measurements/0/phase": "literal_error",
    "/measurements/0/value": "off_scale",
    "/measurements/1/instrument": "unknown_instrument",
    "/measurements/2/activity": "activity_forbidden",
    "/measurements/2/unit": "unit",
    "/findings/0/segment": "literal_error",
    "/findings/0/grade": "less_than_equal",
    "/needlings/1/muscle": "unknown_muscle",
    "/needlings/1/side": "literal_error",
    "/needlings/1/insertions": "fewer_insertions_than_needles",
    "/needlings/2/spinal_level": "spinal_level_forbidden",
    "/needlings/2/needle/diameter_mm": "less_than_equal",
    "/needlings/2/electrical": "electrical_missing",
    "/needlings/2/release_after_s": "no_release",
    "/needlings/2/sensations": "none_and_more",
    "/needlings/2/ache": "less_than_equal",
    "/needlings/2/sharp": "greater_than_equal",
    "/needlings/2/unknown": "extra_forbidden",
    "/needle_count/inserted": "greater_than_equal",
    "/needle_count/removed": "int_type",
    "/needle_count/disposed": "missing",
    "/note": "string_too_long",
}


def test_every_fault_of_a_body_is_listed_at_once(api: Api) -> None:
    assert faults(api.post("/v1/sessions", FULL_OF_FAULTS)) == EVERY_FAULT
    assert api.get("/v1/sessions").json()["items"] == []


@pytest.mark.alike
@pytest.mark.parametrize("kind", COLLECTIONS)
def test_an_unknown_field_is_refused_at_any_depth(api: Api, kind: str) -> None:
    assert faults(create(api, kind, ("/no_such_field", None))) == {
        "/no_such_field": "extra_forbidden"
    }
    for made_by_the_server in ("version", "created_at", "updated_at", "clinic_id"):
        place = f"/{made_by_the_server}"
        assert faults(create(api, kind, (place, None))) == {place: "extra_forbidden"}


@pytest.mark.alike
@pytest.mark.parametrize("kind", COLLECTIONS)
def test_every_missing_field_is_named(api: Api, kind: str) -> None:
    world = World(api)
    path, model = COLLECTIONS[kind]
    answer = api.post(path.format(session_id=world.known("sessions")), {})
    required = {
        "PatientBody": set(),
        "PractitionerBody": {"family_name"},
        "EpisodeBody": {"patient_id", "complaint"},
        "SessionBody": {"patient_id", "practitioner_id", "occurred_at"},
        "FollowUpBody": {"reported_at", "soreness"},
        "MeasurementBody": {"patient_id", "phase", "instrument", "value", "taken_at"},
        "ConsentBody": {
            *("patient_id", "kind", "decision", "form", "given_by", "obtained_by", "obtained_at"),
        },
        "ScreeningBody": {
            *("session_id", "rule_set", "answers", "decision", "decided_by", "decided_at"),
        },
        "AdverseEventBody": {
            *("patient_id", "kind", "severity", "expected", "causality", "occurred_at"),
            "description",
        },
    }[model]
    code = "name_missing" if model == "PractitionerBody" else "missing"
    if required:
        assert faults(answer) == dict.fromkeys((f"/{name}" for name in required), code)
    else:
        assert answer.status_code == 201


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("session", "/patient_id"),
        ("session", "/practitioner_id"),
        ("session", "/episode_id"),
        ("episode", "/patient_id"),
        ("measurement", "/patient_id"),
        ("measurement", "/episode_id"),
        ("measurement", "/session_id"),
        ("consent", "/patient_id"),
        ("consent", "/episode_id"),
        ("screening", "/session_id"),
        ("adverse event", "/patient_id"),
        ("adverse event", "/session_id"),
    ],
)
def test_a_reference_to_an_unknown_record_is_refused(api: Api, kind: str, place: str) -> None:
    assert faults(create(api, kind, (place, str(uuid7())))) == {place: "unknown_reference"}


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("session", "/episode_id"),
        ("measurement", "/episode_id"),
        ("measurement", "/session_id"),
        ("consent", "/episode_id"),
        ("adverse event", "/session_id"),
    ],
)
def test_a_reference_to_a_record_of_another_patient_is_refused(
    api: Api, kind: str, place: str
) -> None:
    world = World(api)
    collection = "sessions" if place == "/session_id" else "episodes"
    own = create(api, kind, ("/patient_id", world.known("patients")), (place, None))
    assert own.status_code == 201
    stranger = api.patient()["id"]
    moved = [("/patient_id", stranger), (place, world.known(collection))]
    if kind == "measurement":
        moved.append(("/taken_at", "2026-11-20T10:00:00-08:00"))  # when the session took place
    assert faults(create(api, kind, *moved)) == {place: "other_patient"}


def test_every_wrong_reference_is_named_at_once(api: Api) -> None:
    unknown = [(f"/{name}_id", str(uuid7())) for name in ("patient", "practitioner", "episode")]
    assert faults(create(api, "session", *unknown)) == dict.fromkeys(
        (place for place, _ in unknown), "unknown_reference"
    )


def test_null_and_absent_are_equal_in_a_create_and_differ_in_a_patch(api: Api) -> None:
    sparse = api.patient(given_name="A")
    spelt = api.patient(given_name="A", family_name=None, birth_date=None, sex=None)
    own = {"id", "created_at", "updated_at"}
    assert {k: v for k, v in sparse.items() if k not in own} == {
        k: v for k, v in spelt.items() if k not in own
    }
    path = f"/v1/patients/{api.patient(given_name='A', family_name='B')['id']}"
    held = {"If-Match": '"1"'}
    patched = api("PATCH", path, json={"given_name": None}, headers=held).json()
    assert (patched["given_name"], patched["family_name"]) == (None, "B")


def test_a_null_in_a_patch_restores_the_default(api: Api) -> None:
    path = f"/v1/patients/{api.patient(status='inactive', language='de')['id']}"
    patched = api("PATCH", path, json={"status": None}, headers={"If-Match": '"1"'}).json()
    assert (patched["status"], patched["language"]) == ("active", "de")


def test_null_and_absent_mean_the_same_in_a_create(api: Api) -> None:
    nulls: list[tuple[str, Any]] = [
        (place, None)
        for place in (
            "/note",
            "/plan",
            "/attendance",
            "/needle_count",
            "/id",
            "/co_interventions",
            "/needlings/0/needles",
            "/needlings/0/sensations",
        )
    ]
    made = create(api, "session", *nulls).json()
    assert (made["note"], made["plan"], made["attendance"]) == ("", "", "attended")
    assert (made["needle_count"], made["co_interventions"]) == (None, [])
    assert made["needlings"][0]["sensations"] == []
    patient = {"id": str(uuid7()), "status": None, "identifiers": None}
    assert api.post("/v1/patients", patient).status_code == 201
    assert api.post("/v1/patients", {"id": patient["id"]}).status_code == 200
    assert faults(api.post("/v1/patients", {"status": None, "zzz": None})) == {
        "/zzz": "extra_forbidden"
    }


def test_an_unknown_member_is_refused_in_a_patch_whatever_its_value(api: Api) -> None:
    patient = api.patient()
    path, held = f"/v1/patients/{patient['id']}", {"If-Match": '"1"'}
    values: tuple[Any, ...] = (None, 1, {})
    for value in values:
        refused = api("PATCH", path, json={"language": "de", "zzz": value}, headers=held)
        assert faults(refused) == {"/zzz": "extra_forbidden"}
    assert api.get(path).json() == patient


def test_a_null_in_a_patch_can_not_remove_a_required_field(api: Api) -> None:
    session = api.session()
    path, held = f"/v1/sessions/{session['id']}", {"If-Match": '"1"'}
    patch = {"patient_id": None, "occurred_at": None, "id": None}
    answer = api("PATCH", path, json=patch, headers=held)
    assert answer.status_code == 422
    for name in ("patient_id", "occurred_at"):
        answer = api("PATCH", path, json={name: None}, headers=held)
        assert faults(answer) == {f"/{name}": "missing"}
    assert api.get(path).json() == session


def test_a_patch_merges_objects_and_replaces_lists(api: Api) -> None:
    episode = World(api).make("/v1/episodes")
    path = f"/v1/episodes/{episode['id']}"
    patch = {"plan": {"per_week": None}, "goals": ["Sleep on the left side"]}
    patched = api("PATCH", path, json=patch, headers={"If-Match": '"1"'}).json()
    assert patched["plan"] == {"sessions": 6, "per_week": None}
    assert patched["goals"] == ["Sleep on the left side"]
    assert patched["diagnoses"] == episode["diagnoses"]


def test_a_patch_is_validated_as_the_whole_record_that_results(api: Api) -> None:
    session = api.session()
    path, held = f"/v1/sessions/{session['id']}", {"If-Match": '"1"'}
    patch = {"attendance": "no_show", "episode_id": str(uuid7())}
    assert faults(api("PATCH", path, json=patch, headers=held)) == {
        "/needlings": "not_attended",
        "/needle_count": "not_attended",
    }
    assert faults(api("PATCH", path, json={"version": 3, "alert": True}, headers=held)) == {
        "/version": "extra_forbidden",
        "/alert": "extra_forbidden",
    }
    needling = {"muscle": "infraspinatus", "side": "left", "ache": 12}
    assert faults(api("PATCH", path, json={"needlings": [needling]}, headers=held)) == {
        "/needlings/0/ache": "less_than_equal"
    }
    assert api.get(path).json() == session


def test_a_record_keeps_its_id(api: Api) -> None:
    patient = api.patient()
    path, held = f"/v1/patients/{patient['id']}", {"If-Match": '"1"'}
    assert api("PATCH", path, json={"id": patient["id"].upper()}, headers=held).status_code == 200
    assert faults(api("PATCH", path, json={"id": str(uuid7())}, headers=held)) == {
        "/id": "id_fixed"
    }


def test_a_fault_never_repeats_what_was_sent(api: Api) -> None:
    planted = "Zaphod Beeblebrox"
    for place in ("/birth_date", "/sex", "/email", "/language", "/status", "/id"):
        answer = create(api, "patient", (place, planted))
        assert answer.status_code == 422
        assert planted not in answer.text
