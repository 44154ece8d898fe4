"""What a record says about another one stays true when the other one changes."""

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.records.service import patch
from app.sessions.service import SESSIONS
from tests.ground import Api, Clinic
from tests.sweeps.world import World


@pytest.fixture
def session(api: Api) -> dict[str, Any]:
    return api.session(occurred_at="2026-11-01T10:00:00Z")


def change(api: Api, session: dict[str, Any], **changes: Any) -> Any:
    held = {"If-Match": f'"{session["version"]}"'}
    return api("PATCH", f"/v1/sessions/{session['id']}", json=changes, headers=held)


def report(api: Api, session: dict[str, Any]) -> str:
    """Send a follow-up a day after the session, and return its address."""
    path = f"/v1/sessions/{session['id']}/follow-ups"
    made = api.create(path, reported_at="2026-11-02T10:00:00Z", soreness=3)
    return f"{path}/{made['id']}"


def test_the_hours_of_a_follow_up_change_with_its_session(
    api: Api, session: dict[str, Any]
) -> None:
    path = report(api, session)
    assert change(api, session, occurred_at="2026-10-31T10:00:00Z").status_code == 200
    followed = api.get(path).json()
    assert (followed["hours_after"], followed["window"], followed["version"]) == (48, "h48", 2)
    feed = api.get("/v1/changes?limit=200").json()["items"][-2:]
    assert [c["operation"] for c in feed] == ["sessions.update", "follow_ups.follow"]
    assert feed[1]["body"] == followed


def test_the_hours_of_a_follow_up_change_with_an_amendment(
    api: Api, session: dict[str, Any]
) -> None:
    path = report(api, session)
    api.post(f"/v1/sessions/{session['id']}/sign", headers={"If-Match": '"1"'})
    body = {"reason": "r", "kind": "correction", "changes": {"occurred_at": "2026-11-02T09:00:00Z"}}
    amend = api.post(f"/v1/sessions/{session['id']}/amend", body, headers={"If-Match": '"2"'})
    assert amend.status_code == 200
    assert api.get(path).json()["hours_after"] == 1


def test_an_unrelated_change_of_a_session_does_not_change_its_follow_up(
    api: Api, session: dict[str, Any]
) -> None:
    path = report(api, session)
    assert change(api, session, note="n", duration_min=20).status_code == 200
    assert api.get(path).json()["version"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"occurred_at": "2026-11-03T10:00:00Z"},
        {"attendance": "no_show", "needlings": [], "needle_count": None},
    ],
)
def test_a_change_that_invalidates_a_follow_up_is_refused(
    api: Api, session: dict[str, Any], changes: dict[str, Any]
) -> None:
    path = report(api, session)
    refused = change(api, session, **changes)
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["type"] == "/problems/still-relied-on"
    assert problem["resource"] == "follow_ups"
    assert problem["resource_id"] == path.rpartition("/")[2]
    assert api.get(f"/v1/sessions/{session['id']}").json() == session


def test_a_draft_that_nothing_refers_to_may_move_to_another_patient(
    api: Api, session: dict[str, Any]
) -> None:
    other = api.patient()["id"]
    assert change(api, session, patient_id=other).json()["patient_id"] == other


@pytest.mark.parametrize("collection", ["measurements", "adverse-events", "screenings", "reports"])
def test_a_session_with_follow_ups_can_not_move_to_another_patient(
    api: Api, session: dict[str, Any], collection: str
) -> None:
    if collection == "reports":
        path = report(api, session)
    else:
        own = {"session_id": session["id"], "patient_id": session["patient_id"]}
        body = World(api).example(MODELS[collection])
        body |= own if "patient_id" in body else {"session_id": session["id"]}
        times = body.keys() & {"taken_at", "decided_at"}
        body |= dict.fromkeys(times, session["occurred_at"])
        path = f"/v1/{collection}/{api.create(f'/v1/{collection}', **body)['id']}"
    refused = change(api, session, patient_id=api.patient()["id"])
    assert (refused.status_code, refused.json()["resource_id"]) == (409, path.rpartition("/")[2])
    assert api.get(path).json()["patient_id"] == session["patient_id"]


MODELS = {
    "measurements": "MeasurementBody",
    "adverse-events": "AdverseEventBody",
    "screenings": "ScreeningBody",
}


def test_an_episode_with_sessions_can_not_move_to_another_patient(api: Api) -> None:
    patient = api.patient()["id"]
    episode = api.create("/v1/episodes", patient_id=patient, complaint="c")
    api.session(patient_id=patient, episode_id=episode["id"])
    path, other = f"/v1/episodes/{episode['id']}", api.patient()["id"]
    refused = api("PATCH", path, json={"patient_id": other}, headers={"If-Match": '"1"'})
    assert (refused.status_code, refused.json()["resource"]) == (409, "sessions")
    assert api.get(path).json() == episode


def test_a_follow_up_waits_for_an_uncommitted_change_of_its_session(
    clinic: Clinic, api: Api, session: dict[str, Any]
) -> None:
    other = api.patient()["id"]
    op = replace(clinic.operation("sessions.update"), if_match='"1"')
    with ThreadPoolExecutor(1) as pool:
        with clinic.database.writing(clinic.id) as db:
            op.begin(db)
            patch(op, SESSIONS, UUID(session["id"]), {"patient_id": other})
            reporting = pool.submit(report, api, session)
            assert not wait([reporting], timeout=0.3).done
            op.finish()
        path = reporting.result()
    assert api.get(path).json()["patient_id"] == other
