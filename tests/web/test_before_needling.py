"""A chart says what to know before the needles, and what the last visit found."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.ground import Api
from tests.progress.charts import Chart, moment
from tests.web.console import Desk, rows, words


def page_of(desk: Desk, chart: Chart) -> str:
    return desk.get(f"/console/patients/{chart.patient_id}").text


def part(page: str, begin: str, end: str) -> str:
    """What a page says from one heading to another."""
    said = words(page)
    return said[said.index(begin) : said.index(end)]


def ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


def screened(chart: Chart, visit: Any, day: float, **answers: str) -> Any:
    return chart.api.create(
        "/v1/screenings",
        session_id=visit["id"],
        rule_set="clinic-1",
        decision="proceed",
        decided_by="Dana",
        decided_at=moment(day),
        answers=[{"code": code, "answer": answer} for code, answer in answers.items()],
    )


def test_a_yes_or_unknown_of_a_screening_stands_on_top_until_it_is_taken_back(
    api: Api, desk: Desk
) -> None:
    chart = Chart(api)
    first, second = chart.visit(0, 7), chart.visit(7, 6)
    screened(chart, first, 0, pregnancy="yes", pacemaker="unknown", anticoagulant="yes")
    screened(chart, second, 7, anticoagulant="no", implant="no")
    top = part(page_of(desk, chart), "Before you needle", "Last visit")
    assert "Screening of 2026-01-05: Pregnancy: yes ; decided: proceed" in top
    assert "electronic implant: unknown" in top
    assert top.index("Pregnancy") < top.index("electronic implant")
    assert "Anticoagulant" not in top
    screened(chart, second, 8, pregnancy="no", pacemaker="no")
    assert "Before you needle" not in words(page_of(desk, chart))


def test_a_serious_event_stands_on_top_for_a_year_although_its_alert_is_acknowledged(
    api: Api, desk: Desk
) -> None:
    chart = Chart(api)
    visit = chart.visit(0, 7, occurred_at=ago(3))
    told = {"kind": "pneumothorax", "severity": "serious", "expected": False}
    about = {"patient_id": chart.patient_id, "causality": "probable"}
    of_visit = {"session_id": visit["id"]}
    for days, description, more in (
        (366, "The older one.", {}),
        (2, "Seen at the hospital.", of_visit),
    ):
        api.create(
            "/v1/adverse-events",
            **told,
            **about,
            **more,
            occurred_at=ago(days),
            description=description,
        )
    assert "Pneumothorax (adverse event)" in words(page_of(desk, chart)), "its alert names it"
    for alert in api.get("/v1/alerts?limit=200").json()["items"]:
        if alert["patient_id"] == chart.patient_id:
            api.post(f"/v1/alerts/{alert['id']}/acknowledge", {"action": "called"})
    page = page_of(desk, chart)
    top = part(page, "Before you needle", "Last visit")
    assert "Serious adverse event on" in top
    assert "Pneumothorax" in top
    assert "Seen at the hospital." in top
    assert "The older one." not in top
    last = part(page, "Last visit", "Complaint and goals")
    assert "serious, Pneumothorax . Seen at the hospital." in last


def test_fainting_and_significant_events_are_told_for_a_year_and_a_no_against_them_is_told_too(
    api: Api, desk: Desk
) -> None:
    chart = Chart(api)
    visit = chart.visit(0, 7, occurred_at=ago(20))
    about = {"patient_id": chart.patient_id, "causality": "certain", "expected": False}
    for kind, severity, days in (
        ("vasovagal", "mild", 14),
        ("bruise", "mild", 14),
        ("nerve_injury", "significant", 370),
        ("excessive_bleeding", "significant", 300),
    ):
        event = {"kind": kind, "severity": severity, "description": kind, "occurred_at": ago(days)}
        api.create("/v1/adverse-events", **about, **event)
    screen = {"session_id": visit["id"], "rule_set": "A", "decision": "proceed"}
    screen |= {"decided_by": "Dana", "answers": [{"code": "fainting", "answer": "no"}]}
    api.create("/v1/screenings", **screen, decided_at=ago(19.9))
    top = part(page_of(desk, chart), "Before you needle", "Last visit")
    assert "Mild adverse event on" in top
    assert "Fainting or near-fainting" in top
    assert "Excessive bleeding" in top
    assert "bruise" not in top.lower()
    assert "Nerve injury" not in top
    assert "Tendency to faint: no" not in top, "nobody had fainted when it was asked"
    later = chart.visit(0, 7, occurred_at=ago(1))
    api.create("/v1/screenings", **screen | {"session_id": later["id"]}, decided_at=ago(1))
    top = part(page_of(desk, chart), "Before you needle", "Last visit")
    assert "Tendency to faint: no , although it is recorded: Fainting or near-fainting" in top
    form = words(desk.get(f"/console/sessions/{later['id']}/edit").text)
    assert "Tendency to faint: no, although it is recorded: Fainting" in form


def test_the_last_visit_says_what_was_measured_before_and_after_it(api: Api, desk: Desk) -> None:
    chart = Chart(api)
    measured = [
        {"phase": "before", "instrument": "nprs", "value": 7},
        {"phase": "after", "instrument": "nprs", "value": 4},
    ]
    chart.visit(0, measurements=measured)
    chart.measured(2, 3)
    last = part(page_of(desk, chart), "Last visit", "Complaint and goals")
    assert last.index("Before the needles") < last.index("7/10") < last.index("After the needles")
    assert last.index("After the needles") < last.index("4/10") < last.index("2026-01-07 18:00")
    assert "3/10" in last


def test_the_onset_is_no_day_of_opening_and_sessions_without_an_episode_are_named(
    api: Api, desk: Desk
) -> None:
    chart = Chart(api)
    chart.episode(onset_on="2025-11-20", opened_at=moment(1), plan={"sessions": 6})
    visit = chart.visit(2, 6)
    said = part(page_of(desk, chart), "Complaint and goals", "What changed")
    assert "onset 2025-11-20; episode opened 2026-01-06" in said
    assert "0 of 6 sessions attended" in said
    assert "1 session without an episode : no plan counts it" in said
    assert f'href="/console/sessions/{visit["id"]}"' in page_of(desk, chart)


def test_a_muscle_whose_release_nobody_recorded_did_not_stay_unreleased(
    api: Api, desk: Desk
) -> None:
    chart = Chart(api)
    for day, release in ((0, None), (7, None)):
        chart.visit(
            day, 5, needlings=[{"muscle": "infraspinatus", "side": "left", "release": release}]
        )
    page = page_of(desk, chart)
    assert "released in 0" not in words(page)
    [[_, side, *counts]] = rows(page, "data-muscle")
    assert [side, *counts[:5]] == ["left", "2", "0", "0", "0", "2"]
    [place] = rows(page, "data-place")
    assert place[3:] == ["not recorded", "Infraspinatus: release not recorded"]


def test_a_first_value_says_which_value_is_missing_and_a_rating_of_change_is_never_nought(
    api: Api, desk: Desk
) -> None:
    chart = Chart(api)
    rated = [{"phase": "before", "instrument": "groc", "value": 3}]
    chart.visit(0, measurements=rated)
    said = part(page_of(desk, chart), "What changed", "Progress over time")
    assert "3 Rated before the first needles, so it says nothing of what followed" in said
    chart.visit(7, measurements=[*rated, {"phase": "before", "instrument": "nprs", "value": 6}])
    said = part(page_of(desk, chart), "What changed", "Progress over time")
    assert "+3 since the start" in said
    assert "6 No value from before the first needles to compare with" in said


def test_without_a_body_region_it_says_whose_thresholds_judge(api: Api, desk: Desk) -> None:
    chart = Chart(api)
    chart.visit(0, 7)
    chart.visit(7, 3)
    said = part(page_of(desk, chart), "What changed", "Progress over time")
    assert "Judged by thresholds from low back pain: no episode names a body region" in said
