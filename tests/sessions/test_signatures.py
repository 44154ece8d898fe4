"""A signed session agrees with itself and with the patient's consents, or says why it doesn't."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.ground import Api
from tests.records.bodies import faults
from tests.sessions.signatures import AT, COUNT, DEEP, NEEDLING, Body, amend, sign, visit

# The rules of signing know no database.
pytestmark = pytest.mark.alike

LEVEL: Body = {**NEEDLING, "muscle": "multifidus_cervicis"}
RELEASED = {"retention_s": 60, "release": "complete"}
# What is noted, where the fault is and its code; and a neighbour without a fault.
CONTRADICTIONS: list[tuple[Body, str, str, Body]] = [
    ({"needle_count": None}, "/needle_count", "needle_count_missing", {"needle_count": COUNT}),
    (
        {"needle_count": COUNT | {"inserted": 1, "removed": 1, "opened": 1, "disposed": 1}},
        "/needle_count/inserted",
        "needles_not_inserted",
        {"needle_count": dict.fromkeys(COUNT, 3)},
    ),
    (
        {"needle_count": COUNT | {"opened": 1}},
        "/needle_count/opened",
        "needles_not_opened",
        {"needle_count": COUNT | {"opened": 3}},
    ),
    (
        {"needle_count": COUNT | {"removed": 1}},
        "/needle_count/removed",
        "needles_unaccounted",
        {"needle_count": COUNT | {"removed": 1, "mismatch_reason": "One broke."}},
    ),
    (
        {"needle_count": COUNT | {"disposed": 1}},
        "/needle_count/disposed",
        "needles_not_disposed",
        {"needle_count": COUNT | {"disposed": 3}},
    ),
    (DEEP, "/needlings/0/depth_mm", "deeper_than_needle", {"needlings": [NEEDLING]}),
    (
        {"needlings": [NEEDLING | RELEASED | {"release_after_s": 61}]},
        "/needlings/0/release_after_s",
        "released_after_retention",
        {"needlings": [NEEDLING | RELEASED | {"release_after_s": 60}]},
    ),
    (
        {"needlings": [LEVEL | {"spinal_level": "L4"}]},
        "/needlings/0/spinal_level",
        "level_not_of_muscle",
        {"needlings": [LEVEL | {"spinal_level": "C2"}]},
    ),
    (
        {"needlings": [NEEDLING | {"side": "midline"}]},
        "/needlings/0/side",
        "side_not_of_muscle",
        {"needlings": [{**LEVEL, "spinal_level": "C5", "side": "midline"}]},
    ),
]


@pytest.mark.parametrize(("contradiction", "place", "code", "neighbour"), CONTRADICTIONS)
def test_a_contradiction_keeps_a_session_from_being_signed_unless_it_is_overridden(
    api: Api, contradiction: Body, place: str, code: str, neighbour: Body
) -> None:
    assert sign(api, visit(api, **neighbour)).status_code == 200
    draft = visit(api, **contradiction)
    refused = sign(api, draft)
    assert faults(refused) == {place: code}
    assert refused.json()["type"] == "/problems/not-ready-to-sign"
    idle = {"/overrides/0/code": "nothing_to_override"}
    assert faults(sign(api, draft, "consent_refused")) == {place: code, **idle}
    signed = sign(api, draft, code)
    assert signed.status_code == 200, signed.text
    assert signed.json()["overrides"] == [
        {"pointer": place, "code": code, "reason": f"Why {code}."}
    ]
    assert signed.json()["warnings"] == []
    assert api.get(f"/v1/sessions/{draft['id']}").json() == signed.json()


@pytest.mark.parametrize("body", [{}, {"overrides": []}, None])
def test_a_signature_without_overrides_may_have_any_empty_body(api: Api, body: Any) -> None:
    session = visit(api)
    held = {"If-Match": '"1"'}
    more = {} if body is None else {"json": body}
    answer = api("POST", f"/v1/sessions/{session['id']}/sign", headers=held, **more)
    assert (answer.status_code, answer.json()["overrides"]) == (200, [])


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ([{"code": "no_such", "reason": "r"}], "/overrides/0/code"),
        ([{"code": "technique_missing", "reason": "r"}], "/overrides/0/code"),
        ([{"code": "in_the_future", "reason": "r"}], "/overrides/0/code"),
        ([{"code": "deeper_than_needle", "reason": ""}], "/overrides/0/reason"),
        ([{"code": "deeper_than_needle"}], "/overrides/0/reason"),
        ([{"code": "deeper_than_needle", "reason": "r"}] * 2, "/overrides"),
        ([{"code": "deeper_than_needle", "reason": "r"}], "/overrides/0/code"),
        ([{"code": "consent_refused", "reason": "r"}], "/overrides/0/code"),
    ],
)
def test_a_wrong_override_is_refused_in_a_signature_and_in_an_amendment(
    api: Api, given: list[Body], place: str
) -> None:
    session = visit(api)
    assert set(faults(sign(api, session, body={"overrides": given}))) == {place}
    signed = sign(api, session).json()
    body = {"reason": "r", "kind": "correction", "changes": {"note": "n"}, "overrides": given}
    held = {"If-Match": '"2"'}
    refused = api.post(f"/v1/sessions/{signed['id']}/amend", body, headers=held)
    assert set(faults(refused)) == {place}


def test_a_technique_can_not_be_overridden(api: Api) -> None:
    session = visit(api, **DEEP, technique=None)
    refused = sign(api, session, "deeper_than_needle")
    assert faults(refused) == {"/technique": "technique_missing"}


def test_every_contradiction_is_listed_at_once(api: Api) -> None:
    session = visit(
        api,
        technique=None,
        needlings=[NEEDLING, NEEDLING | {"side": "midline", "depth_mm": 99}],
        needle_count={"opened": 1, "inserted": 3, "removed": 2, "disposed": 1},
    )
    assert faults(sign(api, session)) == {
        "/technique": "technique_missing",
        "/needle_count/inserted": "needles_not_inserted",
        "/needle_count/opened": "needles_not_opened",
        "/needle_count/removed": "needles_unaccounted",
        "/needle_count/disposed": "needles_not_disposed",
        "/needlings/1/depth_mm": "deeper_than_needle",
        "/needlings/1/side": "side_not_of_muscle",
    }


@pytest.mark.parametrize(("contradiction", "place", "code", "_neighbour"), CONTRADICTIONS)
def test_an_imported_signed_session_gets_a_warning_and_may_be_amended(
    api: Api, contradiction: Body, place: str, code: str, _neighbour: Body
) -> None:
    draft = {**CONTENT, **contradiction}
    row = draft | {
        "type": "session",
        "patient_id": api.patient()["id"],
        "practitioner_id": api.practitioner()["id"],
        "status": "signed",
        "signed_at": "2026-04-01T09:00:00Z",
        "signed_by": "Dana Demo",
    }
    stored = imported(api, row)
    assert stored["warnings"] == [{"pointer": place, "code": code}]
    amended = amend(api, stored, {"note": "A word more."})
    assert amended.status_code == 200, amended.text
    assert amended.json()["warnings"] == stored["warnings"]
    known = amend(api, amended.json(), {"plan": "Go on."}, code).json()
    assert (known["warnings"], [each["code"] for each in known["overrides"]]) == ([], [code])
    assert imported(api, row | {"overrides": known["overrides"]})["warnings"] == []


CONTENT: Body = {
    "occurred_at": AT,
    "technique": "gunn_ims",
    "needlings": [NEEDLING],
    "needle_count": COUNT,
}


def imported(api: Api, row: Body) -> Body:
    """Import one session, and return it."""
    headers = {"Content-Type": "application/x-ndjson"}
    report = api("POST", "/v1/imports", content=json.dumps(row), headers=headers).json()
    assert (report["created"], report["errors"]) == (1, [])
    found: Body = api.get("/v1/sessions?limit=200").json()["items"][0]
    return found


def test_an_amendment_that_makes_a_contradiction_is_refused_unless_it_is_overridden(
    api: Api,
) -> None:
    signed = sign(api, visit(api)).json()
    refused = amend(api, signed, DEEP)
    assert faults(refused) == {"/changes/needlings/0/depth_mm": "deeper_than_needle"}
    amended = amend(api, signed, DEEP, "deeper_than_needle").json()
    assert [each["code"] for each in amended["overrides"]] == ["deeper_than_needle"]
    again = amend(api, amended, {"note": "n"}).json()
    assert (again["overrides"], again["warnings"]) == (amended["overrides"], [])


def test_a_draft_is_never_refused_for_a_contradiction(api: Api) -> None:
    for contradiction, _, _, _ in CONTRADICTIONS:
        draft = visit(api, **contradiction)
        assert (draft["status"], draft["warnings"], draft["overrides"]) == ("draft", [], [])
        path, held = f"/v1/sessions/{draft['id']}", {"If-Match": '"1"'}
        assert api("PATCH", path, json={"note": "n"}, headers=held).status_code == 200


def test_credentials_are_taken_anew_when_a_session_is_signed(api: Api) -> None:
    practitioner = api.practitioner()
    session = visit(api, practitioner_id=practitioner["id"])
    assert session["credentials"] == []
    held = {"kind": "gunn_ims", "body": "c", "number": "9", "valid_from": "2020-01-01"}
    practitioner.pop("ended", None)
    api.change(practitioner, "/v1/practitioners", credentials=[held])
    signed = sign(api, session).json()
    assert [each["number"] for each in signed["credentials"]] == ["9"]


def consent(api: Api, patient_id: str, kind: str, decision: str, **more: Any) -> Body:
    body = {
        "patient_id": patient_id,
        "kind": kind,
        "decision": decision,
        "form": "verbal",
        "given_by": "The patient",
        "obtained_by": "Dana Demo",
        "obtained_at": "2026-03-01T00:00:00Z",
        **more,
    }
    return api.create("/v1/consents", **body)


EARLIER, BEFORE, AFTER = "2026-02-01T00:00:00Z", "2026-03-20T00:00:00Z", "2026-04-02T00:00:00Z"
# At the visit, the clinic, which counts in UTC, has the first of April.
LATER: Body = {"obtained_at": "2026-03-10T00:00:00Z"}
SHORT: Body = {"valid_until": "2026-03-31"}
LONG: Body = {"valid_until": "2026-04-01"}
GIVEN: tuple[str, str, Body] = ("needling", "given", {})


@pytest.mark.parametrize(
    ("decisions", "code"),
    [
        ([], None),
        ([GIVEN], None),
        ([("needling", "refused", {})], "consent_refused"),
        ([("needling", "refused", {"obtained_at": AFTER})], None),
        ([("needling", "refused", {"obtained_at": AT})], "consent_refused"),
        ([("needling", "withdrawn", {"withdrawn_at": BEFORE})], "consent_withdrawn"),
        ([("needling", "withdrawn", {"withdrawn_at": AFTER})], None),
        ([("needling", "refused", {"obtained_at": EARLIER}), GIVEN], None),
        ([GIVEN, ("needling", "refused", {"obtained_at": BEFORE})], "consent_refused"),
        (
            [
                ("needling", "withdrawn", {"obtained_at": EARLIER, "withdrawn_at": BEFORE}),
                GIVEN,
            ],
            "consent_withdrawn",
        ),
        (
            [
                ("needling", "withdrawn", {"obtained_at": EARLIER, "withdrawn_at": EARLIER}),
                GIVEN,
            ],
            None,
        ),
        ([("needling", "refused", {}), ("needling", "given", LATER | SHORT)], "consent_refused"),
        ([("needling", "refused", {}), ("needling", "given", LATER | LONG)], None),
        ([("needling", "given", SHORT)], None),
        ([("data_use", "refused", {})], None),
        ([("electrical", "refused", {})], None),
        ([("thoracic_needling", "refused", {})], "consent_refused"),
    ],
)
def test_the_newest_decision_before_the_visit_decides(
    api: Api, decisions: list[tuple[str, str, Mapping[str, Any]]], code: str | None
) -> None:
    session = visit(api)  # the infraspinatus lies over the ribs
    for kind, decision, more in decisions:
        consent(api, session["patient_id"], kind, decision, **more)
    if code is None:
        assert sign(api, session).status_code == 200
    else:
        is_of_chest = all(kind == "thoracic_needling" for kind, _, _ in decisions)
        place = "/needlings/0/muscle" if is_of_chest else "/needlings"
        assert faults(sign(api, session)) == {place: code}
        [override] = sign(api, session, code).json()["overrides"]
        assert (override["pointer"], override["code"]) == (place, code)


def test_consents_concern_only_visits_with_needles(api: Api) -> None:
    bare: Body = {"needlings": [], "needle_count": None}
    patient_id = api.patient()["id"]
    consent(api, patient_id, "needling", "refused")
    talk = visit(api, patient_id=patient_id, **bare)
    missed = visit(api, patient_id=patient_id, attendance="declined", **bare)
    assert {sign(api, each).status_code for each in (talk, missed)} == {200}


def test_the_consent_to_a_current_and_to_the_chest_count_where_they_are_used(api: Api) -> None:
    limb = {"muscle": "tibialis_anterior", "needles": 2, "insertions": 2}
    charged = {"stimulation": "electrical", "electrical": {"hz": 2, "ma": 1}}
    for kind, more in (("thoracic_needling", {}), ("electrical", charged)):
        session = visit(api, needlings=[{"side": "left", **limb, **more}])
        consent(api, session["patient_id"], kind, "refused")
        found = sign(api, session)
        if more:
            assert faults(found) == {"/needlings/0/electrical": "consent_refused"}
        else:
            assert found.status_code == 200


def test_a_refusal_in_another_episode_is_no_refusal_here(api: Api) -> None:
    patient_id = api.patient()["id"]
    knee, neck = (
        api.create("/v1/episodes", patient_id=patient_id, complaint=name)["id"]
        for name in ("knee", "neck")
    )
    consent(api, patient_id, "needling", "refused", episode_id=knee)
    assert sign(api, visit(api, patient_id=patient_id, episode_id=neck)).status_code == 200
    for episode_id in (knee, None):
        session = visit(api, patient_id=patient_id, episode_id=episode_id)
        assert faults(sign(api, session)) == {"/needlings": "consent_refused"}


def test_a_consent_to_one_episode_allows_no_other_visit(api: Api) -> None:
    patient_id = api.patient()["id"]
    knee = api.create("/v1/episodes", patient_id=patient_id, complaint="knee")["id"]
    consent(api, patient_id, "needling", "refused")
    consent(api, patient_id, "needling", "given", episode_id=knee, obtained_at=BEFORE)
    for episode_id, refused in ((knee, False), (None, True)):
        signed = sign(api, visit(api, patient_id=patient_id, episode_id=episode_id))
        assert ("consent_refused" in signed.text) == refused


def test_an_amendment_can_not_add_needles_that_the_patient_refused(api: Api) -> None:
    patient_id = api.patient()["id"]
    consent(api, patient_id, "needling", "refused")
    talk = visit(api, patient_id=patient_id, needlings=[], needle_count=None)
    signed = sign(api, talk).json()
    needled = {"needlings": [NEEDLING], "needle_count": COUNT}
    assert faults(amend(api, signed, needled)) == {"/changes/needlings": "consent_refused"}
    assert amend(api, signed, needled, "consent_refused").status_code == 200


def test_an_amendment_can_not_take_the_identifier_of_another_visit(api: Api) -> None:
    identifiers = [{"system": "urn:example:appointments", "value": "7"}]
    holder = visit(api, identifiers=identifiers)
    refused = amend(api, sign(api, visit(api)).json(), {"identifiers": identifiers})
    problem = refused.json()
    assert (refused.status_code, problem["holder_id"]) == (409, holder["id"])
    assert problem["pointer"] == "/changes/identifiers/0"
