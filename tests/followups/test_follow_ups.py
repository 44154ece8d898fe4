"""Follow-ups are added, never changed, and a red flag raises an alert at once."""

from typing import Any

import pytest

from app.core.values.clock import uuid7
from tests.ground import Api
from tests.records.bodies import faults
from tests.sweeps.world import stored

OCCURRED = "2025-11-01T10:00:00-08:00"


@pytest.fixture
def session(api: Api) -> dict[str, Any]:
    return api.session(occurred_at=OCCURRED)


def report(api: Api, session: dict[str, Any], **body: Any) -> Any:
    """Send a follow-up, by default a day after the session, and return the answer."""
    whole = {"reported_at": "2025-11-02T10:00:00-08:00", "soreness": 4, **body}
    return api.post(f"/v1/sessions/{session['id']}/follow-ups", whole)


def alerts(api: Api, session: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/v1/alerts?session_id={session['id']}").json()["items"]
    return found


def reread(api: Api, session: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/v1/sessions/{session['id']}").json()
    return found


@pytest.mark.parametrize(
    ("reported_at", "hours", "window"),
    [
        ("2025-11-01T10:00:00-08:00", 0, "early"),
        ("2025-11-02T03:59:59-08:00", 17.9997, "early"),
        ("2025-11-02T11:59:59.9Z", 18, "early"),
        ("2025-11-02T12:00:00Z", 18, "h24"),
        ("2025-11-02T22:00:00-08:00", 36, "h48"),
        ("2025-11-04T06:00:00+08:00", 52, "h48"),
        ("2025-11-04T22:00:00+04:00", 72, "h72"),
        ("2025-11-05T10:00:00-08:00", 96, "late"),
        ("2026-11-01T10:00:00-08:00", 8_760, "late"),
    ],
)
def test_the_hours_are_elapsed_hours(
    api: Api, session: dict[str, Any], reported_at: str, hours: float, window: str
) -> None:
    answer = report(api, session, reported_at=reported_at).json()
    assert (answer["hours_after"], answer["window"]) == (hours, window)
    assert answer["patient_id"] == session["patient_id"]


def test_a_follow_up_is_not_before_its_session(api: Api, session: dict[str, Any]) -> None:
    for early in ("2025-11-01T09:59:59-08:00", "2025-11-01T18:00:00+00:01"):
        refused = report(api, session, reported_at=early)
        assert faults(refused) == {"/reported_at": "before_session"}
    at_once = report(api, session, reported_at="2025-11-01T18:00:00Z")
    assert at_once.status_code == 201


@pytest.mark.parametrize("attendance", ["cancelled", "no_show", "declined"])
def test_a_visit_that_was_not_attended_takes_no_follow_up(api: Api, attendance: str) -> None:
    bare: dict[str, Any] = {"needlings": [], "needle_count": None}
    missed = api.session(occurred_at=OCCURRED, attendance=attendance, **bare)
    assert faults(report(api, missed)) == {"/session_id": "not_attended"}


def test_a_follow_up_never_overwrites_another(api: Api, session: dict[str, Any]) -> None:
    body = {"reported_at": "2025-11-02T10:00:00-08:00", "soreness": 4}
    path = f"/v1/sessions/{session['id']}/follow-ups"
    made = [api.post(path, body).json() for _ in range(2)]
    assert made[0]["id"] != made[1]["id"]
    one = f"{path}/{made[0]['id']}"
    for answer in (
        api("PUT", one, json={**body, "soreness": 9}),
        api("PUT", one, json={**body, "soreness": 9}, headers={"If-Match": '"1"'}),
        api.post(path, {**body, "id": made[0]["id"], "soreness": 9}),
    ):
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/id-taken")
    assert api("PATCH", one, json={}).status_code == 405
    assert api("DELETE", one).status_code == 405
    assert [item["soreness"] for item in api.get(path).json()["items"]] == [4, 4]


def test_follow_ups_are_listed_in_the_order_of_their_times(
    api: Api, session: dict[str, Any]
) -> None:
    for hour in ("12", "08", "23", "15"):
        report(api, session, reported_at=f"2025-11-02T{hour}:00:00Z")
    path = f"/v1/sessions/{session['id']}/follow-ups?limit=3"
    first = api.get(path).json()
    rest = api.get(first["next"]).json()
    listed = [item["reported_at"][11:13] for item in first["items"] + rest["items"]]
    assert listed == ["08", "12", "15", "23"]
    assert rest["next"] is None


def test_a_follow_up_is_found_only_under_its_own_session(api: Api, session: dict[str, Any]) -> None:
    made = report(api, session).json()
    other = api.session(occurred_at=OCCURRED)
    assert api.get(f"/v1/sessions/{other['id']}/follow-ups/{made['id']}").status_code == 404
    assert api.get(f"/v1/sessions/{other['id']}/follow-ups").json()["items"] == []
    moved = report(api, other, id=made["id"])
    assert moved.status_code == 409
    assert faults(report(api, session, session_id=other["id"])) == {"/session_id": "id_fixed"}
    assert report(api, session, session_id=session["id"]).status_code == 201


def test_an_unknown_session_has_no_follow_ups(api: Api) -> None:
    nothing = {"id": str(uuid7())}
    path = f"/v1/sessions/{nothing['id']}/follow-ups"
    assert report(api, nothing).status_code == 404
    assert api("PUT", f"{path}/{uuid7()}", json={}).status_code == 422
    assert api.get(path).status_code == 404
    assert api.get(f"{path}/{uuid7()}").status_code == 404


@pytest.mark.parametrize(
    ("body", "place", "code"),
    [
        ({"soreness": 5, "worst_soreness": 4}, "/worst_soreness", "worst_below_soreness"),
        ({"sore_muscles": ["infraspinatus"] * 2}, "/sore_muscles", "repeated"),
        ({"sore_muscles": ["no_such_muscle"]}, "/sore_muscles/0", "unknown_muscle"),
        ({"red_flags": ["fainting"] * 2}, "/red_flags", "repeated"),
        ({"bruising": 1}, "/bruising", "bool_type"),
        ({"language": "english please"}, "/language", "string_pattern_mismatch"),
        ({"language": "en-" + "x" * 33}, "/language", "string_too_long"),
    ],
)
def test_a_follow_up_that_contradicts_itself_is_refused(
    api: Api, session: dict[str, Any], body: dict[str, Any], place: str, code: str
) -> None:
    assert faults(report(api, session, **body)) == {place: code}


FLAGS = ["breathlessness", "chest_pain", "dry_cough", "fever_or_spreading_redness"]
FLAGS += ["new_numbness_or_weakness", "fainting"]


@pytest.mark.parametrize("flag", FLAGS)
def test_any_red_flag_raises_an_alert_and_leaves_the_session_as_it_is(
    api: Api, session: dict[str, Any], flag: str
) -> None:
    assert report(api, session, red_flags=[]).status_code == 201
    assert alerts(api, session) == []
    made = report(api, session, red_flags=[flag]).json()
    [alert] = alerts(api, session)
    assert alert["source"] == {"resource": "follow_ups", "id": made["id"]}
    assert (alert["reasons"], alert["status"]) == ([flag], "open")
    assert alert["patient_id"] == session["patient_id"]
    assert reread(api, session) == session
    feed = api.get("/v1/changes?limit=200").json()["items"][-2:]
    assert [(c["operation"], c["resource_id"]) for c in feed] == [
        ("follow_ups.create", made["id"]),
        ("alerts.create", alert["id"]),
    ]
    assert feed[1]["body"] == {k: v for k, v in alert.items() if k != "deliveries"}
    assert {c["patient_id"] for c in feed} == {session["patient_id"]}


def test_each_report_with_a_red_flag_has_an_alert_of_its_own(
    api: Api, session: dict[str, Any]
) -> None:
    made = [report(api, session, red_flags=FLAGS).json()["id"] for _ in range(2)]
    found = alerts(api, session)
    assert sorted(alert["source"]["id"] for alert in found) == sorted(made)
    assert [alert["reasons"] for alert in found] == [FLAGS, FLAGS]


def test_a_report_that_is_sent_again_raises_no_second_alert(
    api: Api, session: dict[str, Any]
) -> None:
    made = report(api, session, red_flags=["fainting"]).json()
    assert report(api, session, id=made["id"], red_flags=["fainting"]).status_code == 200
    assert len(alerts(api, session)) == 1


def test_after_a_red_flag_the_session_is_signed_and_amended_with_the_version_at_hand(
    api: Api, session: dict[str, Any]
) -> None:
    path = f"/v1/sessions/{session['id']}"
    signed = api.post(f"{path}/sign", headers={"If-Match": '"1"'})
    assert report(api, session, red_flags=["chest_pain"]).status_code == 201
    amendment = {"reason": "forgotten", "kind": "addendum", "changes": {"note": "No pain."}}
    held = {"If-Match": signed.headers["etag"]}
    amended = api.post(f"{path}/amend", amendment, headers=held)
    assert amended.status_code == 200, amended.text
    assert amended.json()["version"] == signed.json()["version"] + 1


def test_a_void_session_takes_no_follow_up_and_keeps_its_own(
    api: Api, session: dict[str, Any]
) -> None:
    kept = report(api, session, red_flags=["chest_pain"]).json()
    path = f"/v1/sessions/{session['id']}"
    void = api.post(f"{path}/void", {"reason": "r"}, headers={"If-Match": '"1"'}).json()
    assert void["status"] == "void"
    for flags in ([], ["fainting"]):
        refused = report(api, session, red_flags=flags)
        assert faults(refused) == {"/session_id": "session_void"}
    assert reread(api, session) == void
    assert api.get(f"{path}/follow-ups").json()["items"] == [stored(kept)]
    again = report(api, session, id=kept["id"], red_flags=["chest_pain"])
    assert (again.status_code, again.json()) == (200, kept)
