"""What belongs to a session lies near it, and only attended visits take what was done there."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from httpx2 import Response
from hypothesis import given
from hypothesis import strategies as st

from app.sessions.rules.belonging import (
    EVENT,
    MEASUREMENT,
    REPORT,
    SCREENING,
    Belonging,
    Visit,
    belonging_faults,
)
from tests.ground import Api
from tests.records.bodies import COLLECTIONS, faults
from tests.sweeps.world import World

Body = dict[str, Any]
AT = datetime(2026, 3, 31, 17, 30, tzinfo=timezone(timedelta(hours=-7)))
SECOND = timedelta(seconds=1)
TIMES = {
    "follow-up": "reported_at",
    "measurement": "taken_at",
    "screening": "decided_at",
    "adverse event": "occurred_at",
}
BARE: Body = {"needlings": [], "needle_count": None}


@pytest.fixture
def session(api: Api) -> Body:
    return api.session(occurred_at=AT.isoformat())


def send(api: Api, session: Body, kind: str, at: datetime) -> Response:
    """Send the document's example of a record of this session, at that time."""
    path, model = COLLECTIONS[kind]
    body = World(api).example(model) | {TIMES[kind]: at.isoformat()}
    own = {"session_id": session["id"], "patient_id": session["patient_id"]}
    body |= {
        "follow-up": {},
        "measurement": own | {"episode_id": None},
        "screening": {"session_id": session["id"]},
        "adverse event": own | {"detected_at": None},
    }[kind]
    return api.post(path.format(session_id=session["id"]), body)


@pytest.mark.parametrize("kind", ["measurement", "screening"])
def test_a_measurement_or_screening_lies_from_7_days_before_to_24_hours_after(
    api: Api, session: Body, kind: str
) -> None:
    member = f"/{TIMES[kind]}"
    for after, found in (
        (timedelta(days=-7) - SECOND, "before_session"),
        (timedelta(days=-7), None),
        (timedelta(hours=24), None),
        (timedelta(hours=24) + SECOND, "after_session"),
    ):
        answer = send(api, session, kind, AT + after)
        if found is None:
            assert answer.status_code == 201, answer.text
        else:
            assert faults(answer) == {member: found}


@pytest.mark.parametrize("kind", ["follow-up", "adverse event"])
def test_a_report_or_event_lies_at_or_after_the_session_without_limit(
    api: Api, session: Body, kind: str
) -> None:
    assert faults(send(api, session, kind, AT - SECOND)) == {f"/{TIMES[kind]}": "before_session"}
    for after in (timedelta(0), timedelta(hours=48), timedelta(days=200)):
        assert send(api, session, kind, AT + after).status_code == 201


@pytest.mark.parametrize("kind", ["follow-up", "adverse event"])
def test_midnight_of_the_same_day_is_taken_where_only_the_day_is_known(
    api: Api, session: Body, kind: str
) -> None:
    midnight = datetime.combine(AT.date(), time(), AT.tzinfo)
    answer = send(api, session, kind, midnight)
    assert answer.status_code == 201, answer.text
    assert answer.json().get("hours_after", 0) == 0
    for other in (midnight - timedelta(days=1), midnight + SECOND):
        assert faults(send(api, session, kind, other)) == {f"/{TIMES[kind]}": "before_session"}


def test_the_records_that_matter_most_go_in(api: Api) -> None:
    """Two days later, on the second day, before a declined visit, and before the needle."""
    session = api.session(occurred_at=AT.isoformat())
    report = send(api, session, "follow-up", AT + timedelta(hours=48))
    assert (report.json()["hours_after"], report.json()["window"]) == (48, "h48")
    collapse = World(api).example("AdverseEventBody") | {
        "patient_id": session["patient_id"],
        "session_id": session["id"],
        "kind": "pneumothorax",
        "severity": "serious",
        "occurred_at": (AT + timedelta(days=2)).isoformat(),
        "detected_at": (AT + timedelta(days=2, hours=1)).isoformat(),
    }
    assert api.post("/v1/adverse-events", collapse).status_code == 201
    declined = api.session(occurred_at=AT.isoformat(), attendance="declined", **BARE)
    deferred = World(api).example("ScreeningBody") | {
        "session_id": declined["id"],
        "decision": "deferred",
        "decided_at": (AT - timedelta(minutes=10)).isoformat(),
    }
    assert api.post("/v1/screenings", deferred).status_code == 201
    # A faint in the waiting room belongs to the patient, or at the visit's time to the visit.
    faint = collapse | {"kind": "vasovagal", "occurred_at": (AT - timedelta(minutes=5)).isoformat()}
    assert api.post("/v1/adverse-events", faint | {"session_id": None}).status_code == 201
    at_once = faint | {"occurred_at": AT.isoformat()}
    assert api.post("/v1/adverse-events", at_once).status_code == 201


@pytest.mark.parametrize(
    ("attendance", "takes"),
    [
        ("attended", {"follow-up", "measurement", "screening", "adverse event"}),
        ("cancelled", {"screening", "adverse event"}),
        ("declined", {"screening", "adverse event"}),
        ("no_show", set()),
    ],
)
def test_each_attendance_takes_what_can_have_happened(
    api: Api, attendance: str, takes: set[str]
) -> None:
    visit = api.session(occurred_at=AT.isoformat(), attendance=attendance, **BARE)
    for kind in TIMES:
        answer = send(api, visit, kind, AT)
        if kind in takes:
            assert answer.status_code == 201, answer.text
        else:
            assert faults(answer) == {"/session_id": "not_attended"}


def test_a_void_session_takes_adverse_events_only(api: Api, session: Body) -> None:
    path = f"/v1/sessions/{session['id']}/void"
    api.post(path, {"reason": "wrong"}, headers={"If-Match": '"1"'})
    for kind in TIMES:
        answer = send(api, session, kind, AT)
        if kind == "adverse event":
            assert answer.status_code == 201
        else:
            assert faults(answer) == {"/session_id": "session_void"}


def test_a_record_of_a_session_that_was_voided_later_can_still_be_corrected(
    api: Api, session: Body
) -> None:
    measured = send(api, session, "measurement", AT).json()
    path = f"/v1/sessions/{session['id']}/void"
    api.post(path, {"reason": "wrong"}, headers={"If-Match": '"1"'})
    assert api.change(measured, "/v1/measurements", value=2)["value"] == 2
    apart = api.change({**measured, "version": 2}, "/v1/measurements", session_id=None)
    assert apart["session_id"] is None


@pytest.mark.parametrize("kind", ["measurement", "screening"])
def test_a_session_can_not_move_away_from_what_belongs_to_it(
    api: Api, session: Body, kind: str
) -> None:
    made = send(api, session, kind, AT + timedelta(hours=24)).json()
    path = f"/v1/sessions/{session['id']}"
    held = {"If-Match": '"1"'}
    earlier = {"occurred_at": (AT - SECOND).isoformat()}
    refused = api("PATCH", path, json=earlier, headers=held)
    assert (refused.status_code, refused.json()["resource_id"]) == (409, made["id"])
    later = {"occurred_at": (AT + timedelta(days=7)).isoformat()}
    assert api("PATCH", path, json=later, headers=held).status_code == 200


ALL = st.sampled_from([REPORT, EVENT, MEASUREMENT, SCREENING])
UTC_ZONE = ZoneInfo("UTC")
seconds = st.integers(-20 * 86_400, 20 * 86_400)


@given(ALL, seconds, st.integers(-14, 14))
def test_the_offset_in_which_a_time_is_written_decides_nothing_but_a_midnight(
    belonging: Belonging, away_s: int, hours: int
) -> None:
    visit = Visit(AT.astimezone(UTC), "attended", UTC_ZONE)
    at = AT + timedelta(seconds=away_s)
    elsewhere = at.astimezone(timezone(timedelta(hours=hours)))
    if time() not in {at.time(), elsewhere.time()}:
        found, other = (
            [fault.code for fault in belonging_faults(belonging, visit, "at", each)]
            for each in (at, elsewhere)
        )
        assert found == other
        early = away_s < -belonging.before.total_seconds()
        late = belonging.after is not None and away_s > belonging.after.total_seconds()
        assert found == (["before_session"] if early else ["after_session"] if late else [])


@given(ALL, st.dates(date(2026, 3, 20), date(2026, 4, 10)), st.integers(-12, 12))
def test_only_a_midnight_of_the_visits_own_day_may_lie_before_it(
    belonging: Belonging, day: date, hours: int
) -> None:
    zone = timezone(timedelta(hours=hours))
    midnight = datetime.combine(day, time(), zone)
    codes = {
        fault.code
        for fault in belonging_faults(belonging, Visit(AT, "attended", UTC_ZONE), "at", midnight)
    }
    early = midnight < AT - belonging.before
    own_day = day in {AT.astimezone(UTC).date(), AT.astimezone(zone).date()}
    assert ("before_session" in codes) == (early and not own_day)
