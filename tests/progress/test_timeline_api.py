"""Promises of a patient's timeline."""

import pytest

from tests.ground import Api
from tests.progress.charts import Chart, Record, moment

PATHS = {
    "session": "/v1/sessions",
    "follow_up": "/v1/follow-ups",
    "measurement": "/v1/measurements",
    "consent": "/v1/consents",
    "screening": "/v1/screenings",
    "adverse_event": "/v1/adverse-events",
}


@pytest.fixture
def chart(api: Api) -> Chart:
    """A new patient's chart."""
    return Chart(api)


def items(chart: Chart, **asked: int) -> list[Record]:
    """The whole timeline, page by page."""
    found: list[Record] = []
    answer = chart.api.get(f"/v1/patients/{chart.patient_id}/timeline", params=asked).json()
    found += answer["items"]
    while answer["next"] is not None:
        answer = chart.api.get(answer["next"]).json()
        found += answer["items"]
    return found


def fill(chart: Chart) -> list[tuple[str, str]]:
    """Create one record of each kind on six days; return types and ids, newest first."""
    consent = chart.api.create(
        "/v1/consents",
        patient_id=chart.patient_id,
        kind="needling",
        decision="given",
        form="verbal",
        given_by="The patient",
        obtained_by="Dana Demo",
        obtained_at=moment(0),
    )
    visit = chart.visit(2, 7)
    screening = chart.api.create(
        "/v1/screenings",
        session_id=visit["id"],
        rule_set="example",
        answers=[],
        decision="proceed",
        decided_by="Dana Demo",
        decided_at=moment(1),
    )
    event = chart.event(3)
    report = chart.report(visit, 48, 3)
    measured = chart.measured(5, 4)
    return [
        ("measurement", measured["id"]),
        ("follow_up", report["id"]),
        ("adverse_event", event["id"]),
        ("session", visit["id"]),
        ("screening", screening["id"]),
        ("consent", consent["id"]),
    ]


def test_the_timeline_has_every_kind_of_record_newest_first(chart: Chart) -> None:
    expected = fill(chart)
    fill(Chart(chart.api))
    found = items(chart)
    assert [(item["type"], item["id"]) for item in found] == expected
    assert [item["at"] for item in found] == [moment(day) for day in (5, 4, 3, 2, 1, 0)]


def test_a_record_on_the_timeline_is_what_reading_it_gives(chart: Chart) -> None:
    fill(chart)
    for item in items(chart):
        path = PATHS[item["type"]]
        if item["type"] == "follow_up":
            path = f"/v1/sessions/{item['record']['session_id']}/follow-ups"
        assert item["record"] == chart.api.get(f"{path}/{item['id']}").json()


def test_pages_of_any_size_hold_the_same_and_are_stable_while_others_write(chart: Chart) -> None:
    visits = [chart.visit(day)["id"] for day in (0, 1, 1, 1, 2)]
    newest_first = [visits[4], *sorted(visits[1:4], reverse=True), visits[0]]
    for limit in (1, 2, 3, 200):
        assert [item["id"] for item in items(chart, limit=limit)] == newest_first
    path = f"/v1/patients/{chart.patient_id}/timeline"
    page = chart.api.get(path, params={"limit": 2}).json()
    chart.visit(9)
    following = chart.api.get(page["next"]).json()
    assert [item["id"] for item in following["items"]] == newest_first[2:4]


def test_missed_and_voided_visits_stay_on_the_timeline(chart: Chart) -> None:
    void = chart.act(chart.visit(1), "sign")
    chart.act(void, "void", {"reason": "Wrong patient."})
    chart.missed(0, "declined")
    states = [(item["record"]["attendance"], item["record"]["status"]) for item in items(chart)]
    assert states == [("attended", "void"), ("declined", "draft")]


def test_a_patient_without_a_history_has_an_empty_timeline(chart: Chart) -> None:
    assert items(chart) == []
