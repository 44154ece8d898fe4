"""Promises of a patient's progress as a client reads it."""

from datetime import datetime, timedelta

import pytest

from app.core.values.clock import uuid7
from tests.ground import Api
from tests.progress.charts import AS_OF, Chart, Record, moment

NO_TREND = {
    "method": "theil_sen",
    "per_week": None,
    "n": 0,
    "p": None,
    "evidence": "descriptive",
}


@pytest.fixture
def chart(api: Api) -> Chart:
    """A new patient's chart."""
    return Chart(api)


def drafts(shown: Record) -> list[bool]:
    """Which points are marked as drafts, for one series of each kind in turn."""
    return [
        point["draft"]
        for points in (
            *(one["points"] for one in shown["measures"]),
            shown["soreness"]["sessions"],
            *(one["points"] for one in shown["muscles"]),
        )
        for point in points
    ]


def test_a_patient_without_visits_has_a_complete_document(chart: Chart) -> None:
    shown = chart.progress()
    assert shown["courses"] == shown["measures"] == shown["muscles"] == shown["flags"] == []
    assert (shown["patient_id"], shown["episode_id"]) == (chart.patient_id, None)
    assert (shown["sessions"]["attended"], shown["dose"]["needlings"]) == (0, 0)
    assert (shown["soreness"]["asked"], shown["soreness"]["trend"]) == (0, NO_TREND)
    assert not any(shown["adverse_events"]["unattributed"].values())


def test_progress_is_read_as_of_now_unless_a_time_is_given(chart: Chart) -> None:
    shown = chart.api.get(f"/v1/patients/{chart.patient_id}/progress").json()
    age = datetime.now().astimezone() - datetime.fromisoformat(shown["as_of"])
    assert abs(age) < timedelta(minutes=5)


def test_what_happened_after_the_time_of_reading_does_not_count(chart: Chart) -> None:
    first = chart.visit(0, 7)
    chart.report(first, 20, 3)
    chart.report(first, 40, 8)
    chart.event(1)
    chart.visit(7, 5)
    chart.missed(7, "no_show")
    chart.measured(8, 4)
    chart.event(7)
    shown = chart.progress(as_of=moment(1.5))
    assert (shown["sessions"]["attended"], shown["sessions"]["no_show"]) == (1, 0)
    assert shown["soreness"]["sessions"][0]["peak"] == 3
    assert shown["adverse_events"]["mild"] == 1
    assert chart.pain(as_of=moment(1.5)) == [7]
    assert chart.pain(as_of=moment(7)) == [7, 5]
    assert chart.pain() == [7, 5, 4]


def test_from_and_to_are_inclusive_and_choose_points_and_soreness_alone(chart: Chart) -> None:
    for week, value in enumerate([9, 7, 5, 3]):
        chart.visit(7 * week, value)
        chart.event(7 * week)
    whole, shown = chart.progress(), chart.progress(**{"from": moment(7), "to": moment(14)})
    assert [point["value"] for point in shown["measures"][0]["points"]] == [7, 5]
    assert len(shown["soreness"]["sessions"]) == len(shown["muscles"][0]["points"]) == 2
    for name in ("sessions", "dose", "adverse_events", "flags"):
        assert shown[name] == whole[name]
    assert shown["measures"][0]["baseline"] == whole["measures"][0]["baseline"]
    assert shown["measures"][0]["change"] == -6
    assert chart.pain(**{"from": moment(7.1)}) == [5, 3]
    assert chart.pain(to=moment(13.9)) == [9, 7]


def test_the_pictures_of_a_period_without_points_can_be_drawn(chart: Chart) -> None:
    chart.visit(0, 7)
    path = f"/v1/patients/{chart.patient_id}"
    for picture in ("progress.svg", "body-map.svg"):
        answer = chart.api.get(f"{path}/{picture}", params={"from": moment(50)})
        assert answer.status_code == 200, answer.text


def test_progress_of_an_episode_has_only_its_sessions_values_and_events(chart: Chart) -> None:
    opened = {"opened_at": moment(0)}
    shoulder, knee = chart.episode(**opened)["id"], chart.episode(**opened)["id"]
    of_shoulder = chart.visit(0, 7, episode_id=shoulder)
    chart.visit(1, 2, episode_id=knee)
    chart.visit(2, 9)
    chart.measured(3.1, 5, episode_id=shoulder)
    chart.measured(0.1, 3, session_id=of_shoulder["id"])
    chart.measured(5, 8, episode_id=knee)
    chart.measured(6, 8)
    chart.event(3, session_id=of_shoulder["id"])
    chart.event(3, "serious", episode_id=shoulder)
    chart.event(3, "significant")
    shown = chart.progress(episode_id=shoulder)
    assert shown["episode_id"] == shoulder
    events = shown["adverse_events"]
    assert shown["sessions"]["attended"] == events["mild"] == events["serious"] == 1
    assert events["significant"] == 0
    # A single measurement that names a session belongs to that session's point.
    assert chart.pain(episode_id=shoulder) == [5, 5]
    whole = chart.progress()
    assert whole["sessions"]["attended"] == 3
    assert [one["course"]["episode_id"] for one in whole["courses"]] == [shoulder, knee, None]
    assert whole["courses"][0] == shown["courses"][0]
    assert whole["courses"][2]["adverse_events"]["by_date"]["significant"] == 1
    assert whole["measures"][-1]["course"] is None  # three courses were under way


def test_a_void_session_does_not_count_but_its_adverse_events_do(chart: Chart) -> None:
    void = chart.visit(0, 9, duration_min=45)
    chart.report(void, 20, 8)
    chart.measured(0.1, 8, session_id=void["id"])
    chart.event(0, "serious", session_id=void["id"])
    chart.visit(7, 7)
    chart.act(chart.act(void, "sign"), "void", {"reason": "Entered for the wrong patient."})
    shown = chart.progress()
    assert shown["sessions"]["attended"] == shown["dose"]["needlings"] == 1
    assert shown["sessions"]["first_at"] == moment(7)
    assert (shown["soreness"]["asked"], shown["soreness"]["answered"]) == (1, 0)
    assert [point["value"] for point in shown["measures"][0]["points"]] == [7]
    assert shown["muscles"][0]["treated"] == 1
    assert shown["adverse_events"]["serious"] == 1
    # Its visit does not count, and no other was before it.
    assert shown["adverse_events"]["unattributed"]["serious"] == 1


def test_drafts_count_and_are_marked_until_they_are_signed(chart: Chart) -> None:
    first = chart.visit(0, 7)
    chart.visit(7, 5)
    assert chart.progress()["sessions"]["drafts"] == 2
    chart.act(first, "sign")
    shown = chart.progress()
    assert (shown["sessions"]["attended"], shown["sessions"]["drafts"]) == (2, 1)
    assert drafts(shown) == [False, True] * 3


def test_an_amended_session_counts_in_its_latest_version(chart: Chart) -> None:
    visit = chart.act(chart.visit(0, 7), "sign")
    needling = {**visit["needlings"][0], "release": "complete", "ache": 2}
    chart.act(
        visit,
        "amend",
        {"reason": "Mixed up.", "kind": "correction", "changes": {"needlings": [needling]}},
    )
    (muscle,) = chart.progress()["muscles"]
    assert (muscle["released_complete"], muscle["ache"]["latest"]) == (1, 2)


def test_a_visit_is_counted_by_its_outcome(chart: Chart) -> None:
    chart.visit(0)
    for day, attendance in enumerate(["cancelled", "no_show", "declined", "cancelled"], 1):
        chart.missed(day, attendance)
    shown = chart.progress()["sessions"]
    kinds = ("attended", "cancelled", "no_show", "declined")
    assert [shown[kind] for kind in kinds] == [1, 2, 1, 1]
    assert shown["first_at"] == shown["last_at"] == moment(0)


def test_only_values_of_the_phase_before_make_a_series(chart: Chart) -> None:
    readings = [
        {"phase": phase, "instrument": "nprs", "value": value}
        for phase, value in [("before", 7), ("after", 2)]
    ]
    chart.visit(1, measurements=readings)
    chart.measured(0, 9)
    chart.measured(8, 3)
    chart.measured(9, 1, "between")
    chart.measured(9, 1, "after")
    (pain,) = chart.progress()["measures"]
    assert [point["value"] for point in pain["points"]] == [9, 7, 3]
    assert [point["session_id"] is None for point in pain["points"]] == [True, False, True]
    last = {"value": 7, "at": moment(1)}
    assert pain["baseline"] == {"value": 8, "n": 2, "at": moment(0), "last": last}
    assert (pain["change"], pain["change_percent"]) == (-5, -62.5)
    assert pain["verdict"] == "improved_important"
    assert pain["thresholds"]["id"]
    assert pain["thresholds"]["source"]


def test_a_time_is_returned_with_its_offset(chart: Chart) -> None:
    sent = "2026-03-01T09:00:00+05:45"
    chart.visit(0, occurred_at=sent)
    assert chart.progress()["sessions"]["last_at"] == sent


@pytest.mark.parametrize("value", [0.1234, 1234.5678, 1999.9999, 43])
def test_times_and_values_are_returned_exactly(chart: Chart, value: float) -> None:
    at, later = "2026-03-01T09:00:00.000001+05:45", "2026-03-02T09:00:00.120000-03:30"
    one = {"instrument": "ppt", "value": value, "side": "left"}
    chart.visit(0, occurred_at=at, measurements=[{"phase": "before", **one}])
    outside = {"patient_id": chart.patient_id, "phase": "before", "taken_at": later}
    chart.api.create("/v1/measurements", **outside, **one)
    (measure,) = chart.progress()["measures"]
    assert [(point["at"], point["value"]) for point in measure["points"]] == [
        (at, value),
        (later, value),
    ]


@pytest.mark.parametrize(("hours", "asked"), [(17.999, 0), (18, 1)])
def test_a_sessions_follow_up_is_due_from_eighteen_hours_on(
    chart: Chart, hours: float, asked: int
) -> None:
    chart.report(chart.visit(0), 2, 4)
    shown = chart.progress(as_of=moment(hours / 24))["soreness"]
    assert (shown["asked"], shown["answered"], shown["early"]) == (asked, 0, 1)
    assert (shown["sessions"][0]["early"], shown["sessions"][0]["peak"]) == (4, None)


def test_soreness_is_the_highest_reported_in_each_window_and_of_all(chart: Chart) -> None:
    sore, silent = chart.visit(0), chart.visit(7)
    told = [(17.9, 6), (18, 2), (35.9, 3), (36, 1), (59.9, 2), (60, 5), (100, 1)]
    for hours, soreness in told:
        chart.report(sore, hours, soreness, worst_soreness=9)
    shown = chart.progress()["soreness"]
    assert (shown["asked"], shown["answered"], shown["trend"]["n"]) == (2, 1, 1)
    first, second = shown["sessions"]
    assert (shown["early"], shown["late"]) == (1, 2)
    names = ("peak", "h24", "h48", "early", "late", "worst", "reports")
    assert [first[name] for name in names] == [3, 3, 2, 6, 5, 9, 7]
    assert [second[name] for name in names] == [*[None] * 6, 0]
    assert second["session_id"] == silent["id"]


def counted(**counts: int) -> Record:
    """The counts of adverse events, 0 where not given."""
    return {**dict.fromkeys(("mild", "significant", "serious", "close_calls"), 0), **counts}


def test_adverse_events_are_counted_by_severity_and_close_calls_apart(chart: Chart) -> None:
    for severity in ("mild", "mild", "significant", "serious"):
        chart.event(0, severity)
    chart.event(0, "serious", close_call=True)
    every = counted(mild=2, significant=1, serious=1, close_calls=1)
    assert chart.progress()["adverse_events"] == {
        **every,
        "by_date": counted(),
        "unattributed": every,
    }


@pytest.mark.parametrize(
    ("kind", "day", "by_date"),
    [("bruise", 14, 1), ("bruise", 15, 0), ("infection", 30, 1), ("infection", 31, 0)],
)
def test_an_event_without_a_link_is_counted_by_date_or_shown_as_unattributed(
    chart: Chart, kind: str, day: int, by_date: int
) -> None:
    chart.visit(0)
    body = {"kind": kind, "severity": "serious", "expected": False, "causality": "possible"}
    chart.api.create(
        "/v1/adverse-events",
        **body,
        patient_id=chart.patient_id,
        occurred_at=moment(day),
        description="Something.",
    )
    shown = chart.progress()
    events, of_course = shown["adverse_events"], shown["courses"][0]["adverse_events"]
    assert (events["serious"], events["by_date"]["serious"]) == (1, by_date)
    assert events["unattributed"]["serious"] == of_course["unattributed"]["serious"] == 1 - by_date
    assert of_course["serious"] == by_date


def test_an_event_of_a_void_session_keeps_its_episode_and_its_count(chart: Chart) -> None:
    episode = chart.episode(opened_at=moment(0))["id"]
    void = chart.visit(0, 9, episode_id=episode)
    chart.event(0, "serious", session_id=void["id"])
    chart.act(chart.act(void, "sign"), "void", {"reason": "Entered twice."})
    for asked in ({}, {"episode_id": episode}):
        events = chart.progress(**asked)["adverse_events"]
        assert (events["serious"], events["unattributed"]["serious"]) == (1, 0)


def test_an_event_names_an_episode_of_its_patient(chart: Chart, api: Api) -> None:
    episode, strange = chart.episode(opened_at=moment(0))["id"], Chart(api).episode()["id"]
    event = chart.event(40, "significant", episode_id=episode)
    assert event["episode_id"] == episode
    assert chart.progress(episode_id=episode)["adverse_events"]["significant"] == 1
    listed = api.get("/v1/adverse-events", params={"episode_id": episode}).json()["items"]
    assert [one["id"] for one in listed] == [event["id"]]
    body = {name: event[name] for name in ("kind", "severity", "expected", "causality")}
    body |= {"patient_id": chart.patient_id, "occurred_at": moment(1), "description": "A fall."}
    answer = api.post("/v1/adverse-events", body | {"episode_id": strange})
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/episode_id"]


def test_the_clinic_says_how_long_before_the_needles_a_baseline_begins(chart: Chart) -> None:
    chart.measured(0, 9)
    chart.visit(20, 7)
    chart.visit(27, 5)
    assert chart.progress()["measures"][0]["baseline"]["value"] == 7
    held = {"If-Match": chart.api.get("/v1/clinic").headers["etag"]}
    answer = chart.api("PATCH", "/v1/clinic", json={"baseline_days": 20}, headers=held)
    assert answer.json()["baseline_days"] == 20
    assert chart.progress()["measures"][0]["baseline"]["value"] == 8
    held = {"If-Match": answer.headers["etag"]}
    chart.api("PATCH", "/v1/clinic", json={"baseline_days": 14}, headers=held)


def test_two_values_that_lose_an_important_improvement_raise_a_flag(chart: Chart) -> None:
    for week, value in enumerate([8, 3, 3, 6, 6]):
        chart.visit(7 * week, value)
    (flag,) = chart.progress()["flags"]
    assert (flag["code"], flag["instrument"], flag["since"]) == ("recurrence", "nprs", moment(21))


def test_a_new_episode_of_a_region_within_ninety_days_raises_a_flag(chart: Chart) -> None:
    closed = {"status": "finished", "closed_at": moment(50)}
    first = chart.episode(region="shoulder", opened_at=moment(0), **closed)["id"]
    again = chart.episode(region="shoulder", opened_at=moment(140))["id"]
    other = chart.episode(region="knee", opened_at=moment(60))["id"]
    chart.episode(region="shoulder", opened_at=moment(141))
    (flag,) = chart.progress()["flags"]
    assert (flag["code"], flag["episode_id"]) == ("recurrence", again)
    assert (flag["instrument"], flag["since"]) == (None, moment(140))
    assert chart.progress(as_of=moment(139))["flags"] == []
    assert chart.progress(episode_id=other)["flags"] == []
    assert chart.progress(episode_id=first)["flags"] == []
    assert chart.progress(episode_id=again)["flags"] == [flag]


def test_a_patient_of_another_clinic_is_404_like_an_unknown_one(
    chart: Chart, other_api: Api
) -> None:
    chart.visit(0)
    for path in ("progress", "timeline"):
        theirs = other_api.get(f"/v1/patients/{chart.patient_id}/{path}")
        nobody = other_api.get(f"/v1/patients/{uuid7()}/{path}")
        assert theirs.status_code == nobody.status_code == 404
        assert {**theirs.json(), "request_id": ""} == {**nobody.json(), "request_id": ""}


def test_an_episode_must_belong_to_the_patient(chart: Chart, other_api: Api) -> None:
    chart.visit(0)
    path = f"/v1/patients/{chart.patient_id}/progress"
    strange = [uuid7(), Chart(chart.api).episode()["id"], Chart(other_api).episode()["id"]]
    for episode_id in strange:
        assert chart.api.get(path, params={"episode_id": episode_id}).status_code == 404
    own = chart.episode()["id"]
    assert chart.progress(episode_id=own)["sessions"]["attended"] == 0


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"as_of": "2026-11-20"}, "/as_of"),
        ({"from": "2026-11-20T10:00:00"}, "/from"),
        ({"to": "soon"}, "/to"),
        ({"from": "2026-11-20T10:00:00Z", "to": "2026-11-20T09:59:59Z"}, "/to"),
        ({"episode_id": "x"}, "/episode_id"),
        ({"begin": AS_OF}, "/begin"),
    ],
)
def test_an_invalid_filter_is_refused(chart: Chart, asked: Record, pointer: str) -> None:
    answer = chart.api.get(f"/v1/patients/{chart.patient_id}/progress", params=asked)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
