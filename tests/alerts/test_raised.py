"""What raises an alert, and that one source has one open alert."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.alerts.service import Alarm, raise_alerts
from app.core.operation import perform
from app.core.values.clock import uuid7
from app.state.compare import differences
from tests.ground import Api, Clinic
from tests.sweeps.world import World
from tests.transfer.exported import NDJSON

EVENT = "/v1/adverse-events"


def alerts(api: Api, query: str = "") -> list[dict[str, Any]]:
    answer = api.get(f"/v1/alerts?limit=200{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def event(api: Api, **changes: Any) -> dict[str, Any]:
    world = World(api)
    return api.create(EVENT, **world.example("AdverseEventBody") | changes)


def reported(api: Api, session: dict[str, Any], *flags: str) -> Any:
    body = {"reported_at": "2026-11-02T10:00:00-08:00", "soreness": 4, "red_flags": list(flags)}
    return api.post(f"/v1/sessions/{session['id']}/follow-ups", body)


@pytest.mark.parametrize("severity", ["mild", "significant", "serious"])
def test_a_serious_event_raises_an_alert_and_another_does_not(api: Api, severity: str) -> None:
    made = event(api, severity=severity)
    found = [(alert["source"]["id"], alert["reasons"]) for alert in alerts(api)]
    assert found == ([(made["id"], ["serious_adverse_event"])] if severity == "serious" else [])


def test_an_event_that_becomes_serious_raises_an_alert_once(api: Api) -> None:
    made = event(api, severity="mild")
    for change in ({"severity": "serious"}, {"outcome": "In hospital."}, {"severity": "mild"}):
        made = api.change(made, EVENT, **change)
    [alert] = alerts(api)
    assert (alert["source"]["id"], alert["status"]) == (made["id"], "open")
    api.change(made, EVENT, severity="serious")
    assert alerts(api) == [alert]


def test_an_event_that_becomes_serious_again_raises_another_after_the_first_is_acknowledged(
    api: Api,
) -> None:
    made = event(api, severity="serious")
    [first] = alerts(api)
    api.post(f"/v1/alerts/{first['id']}/acknowledge", {"action": "called"})
    made = api.change(made, EVENT, severity="significant")
    api.change(made, EVENT, severity="serious")
    assert [alert["status"] for alert in alerts(api)] == ["open", "acknowledged"]


def test_the_alert_follows_an_event_to_the_patient_whose_it_is(api: Api) -> None:
    made = event(api, severity="serious", session_id=None, episode_id=None)
    right = api.patient()["id"]
    api.change(made, EVENT, patient_id=right)
    [alert] = alerts(api)
    assert (alert["patient_id"], alert["version"]) == (right, 2)
    assert alerts(api, f"&patient_id={made['patient_id']}") == []


def test_a_session_is_corrected_whatever_alerts_name_it(api: Api) -> None:
    session = api.session(occurred_at="2026-11-20T10:00:00-08:00")
    made = event(
        api,
        severity="serious",
        session_id=session["id"],
        patient_id=session["patient_id"],
        episode_id=None,
    )
    [alert] = alerts(api)
    api.post(f"/v1/alerts/{alert['id']}/acknowledge", {"action": "seen"})
    right = api.patient()["id"]
    made = api.change(made, EVENT, session_id=None)
    moved = api.change(session, "/v1/sessions", patient_id=right)
    made = api.change(made, EVENT, patient_id=right, session_id=session["id"])
    assert (moved["patient_id"], made["session_id"]) == (right, session["id"])
    assert [(each["status"], each["patient_id"]) for each in alerts(api)] == [
        ("open", right),
        ("acknowledged", session["patient_id"]),
    ]


def test_two_reports_at_once_raise_two_alerts(api: Api) -> None:
    session = api.session()
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: reported(api, session, "chest_pain"), range(4)))
    assert [answer.status_code for answer in answers] == [201] * 4
    sources = {alert["source"]["id"] for alert in alerts(api)}
    assert sources == {answer.json()["id"] for answer in answers}


def test_a_source_that_is_raised_at_once_by_several_has_one_alert_with_every_reason(
    api: Api, clinic: Clinic
) -> None:
    source = uuid7()

    def once(reason: Any) -> None:
        op = clinic.operation("test.raise")
        perform(clinic.database, op, lambda: raise_alerts(op, [Alarm("x", source, [reason])]))

    reasons = ["chest_pain", "dry_cough", "fainting"]
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(once, reasons))
    [alert] = alerts(api)
    assert sorted(alert["reasons"]) == reasons
    assert alert["version"] == len(reasons)


def test_an_import_raises_no_alert_and_says_how_many_it_would_have(api: Api) -> None:
    world, session = World(api), api.session()
    whole = world.example("AdverseEventBody")
    told = {"reported_at": "2026-11-02T10:00:00-08:00", "soreness": 4, "session_id": session["id"]}
    rows = [
        {"type": "adverse_event", **whole, "severity": "serious"},
        {"type": "adverse_event", **whole, "severity": "mild"},
        {"type": "follow_up", **told, "red_flags": ["fainting"]},
        {"type": "follow_up", **told, "red_flags": []},
        {"type": "follow_up", **told, "soreness": 11, "red_flags": ["fainting"]},
    ]
    content = "\n".join(json.dumps(row) for row in rows)
    for query, raised in (("?dry_run=true", 2), ("", 2), ("", 0)):
        answer = api("POST", f"/v1/imports{query}", content=content, headers=NDJSON).json()
        assert answer["alerts_not_raised"] == raised
    assert alerts(api) == []


def test_alerts_are_what_the_ledger_states(api: Api, clinic: Clinic) -> None:
    event(api, severity="serious")
    [alert] = alerts(api)
    api.post(f"/v1/alerts/{alert['id']}/notes", {"note": "No answer."})
    api.post(f"/v1/alerts/{alert['id']}/acknowledge", {"action": "seen"})
    op = clinic.operation()
    with clinic.database.reading(clinic.id) as db:
        op.begin(db)
        assert list(differences(op)) == []
