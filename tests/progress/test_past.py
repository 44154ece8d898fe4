"""Promises of `as_of`: the report of one day can be repeated on any later day."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings

from tests.ground import Api
from tests.progress.charts import Chart, Record, moment, read, take_in
from tests.progress.every_field import EVERY_FIELD
from tests.progress.records import PLAIN_SCALES, histories
from tests.progress.second_opinion import Asked, differences
from tests.progress.sending import known_by, people, roots, sendable


@pytest.fixture
def chart(api: Api) -> Chart:
    """An empty chart."""
    return Chart(api)


def this_instant() -> str:
    """The current instant, distinct from those of earlier and later writes."""
    time.sleep(0.002)
    found = datetime.now(UTC).isoformat()
    time.sleep(0.002)
    return found


def amended(chart: Chart, visit: Record, **changes: Any) -> Record:
    """A signed session with other content."""
    return chart.act(
        visit,
        "amend",
        {"reason": "It was written wrong.", "kind": "correction", "changes": changes},
    )


def values(*given: float) -> list[Record]:
    return [{"phase": "before", "instrument": "nprs", "value": value} for value in given]


def test_a_report_is_the_same_after_everything_in_it_was_changed(chart: Chart) -> None:
    episode = chart.episode(region="neck", opened_at=moment(0), plan={"sessions": 6})
    visit = chart.visit(0, 7, episode_id=episode["id"])
    signed = chart.act(visit, "sign")
    void = chart.act(chart.visit(7, 5, episode_id=episode["id"]), "sign")
    rating = chart.measured(10, 4, episode_id=episode["id"])
    event = chart.event(1)
    chart.report(visit, 24, 6)
    then = this_instant()
    asked = ({"as_of": then}, {"as_of": then, "known_then": "true"})
    before = [chart.progress(**how) for how in asked]

    amended(chart, signed, measurements=values(9), needlings=[], needle_count=None)
    chart.act(void, "void", {"reason": "It was another patient's."})
    for path, record, change in (
        ("measurements", rating, {"value": 1}),
        ("adverse-events", event, {"severity": "serious"}),
        ("episodes", episode, {"region": "shoulder", "plan": {"sessions": 9}}),
    ):
        chart.api.change(record, f"/v1/{path}", **change)
    assert [chart.progress(**how) for how in asked] == before
    assert [one["region"] for one in before[0]["measures"]] == ["neck"]
    now = chart.progress(as_of=this_instant())
    assert [point["value"] for point in now["measures"][0]["points"]] == [9, 1]
    assert now["adverse_events"]["serious"] == 1
    assert now["sessions"]["attended"] == 1


def test_one_episode_can_be_shown_as_of_an_earlier_day(chart: Chart) -> None:
    neck, elbow = (chart.episode(region=name, opened_at=moment(0)) for name in ("neck", "elbow"))
    visit = chart.act(chart.visit(0, 7, episode_id=neck["id"]), "sign")
    chart.visit(1, 5, episode_id=elbow["id"])
    then = this_instant()
    before = chart.progress(as_of=then, episode_id=neck["id"])
    assert before["sessions"]["attended"] == 1
    amended(chart, visit, measurements=values(2))
    assert chart.progress(as_of=then, episode_id=neck["id"]) == before


def test_records_entered_later_count_unless_known_then_is_true(
    chart: Chart,
) -> None:
    chart.visit(0, 7)
    then = this_instant()
    late = chart.visit(7, 3)
    chart.report(late, 24, 2)
    shown = chart.progress(as_of=then)
    assert (shown["sessions"]["attended"], shown["sessions"]["entered_later"]) == (2, 1)
    assert shown["soreness"]["answered"] == 1
    known = chart.progress(as_of=then, known_then="true")
    assert (known["sessions"]["attended"], known["sessions"]["entered_later"]) == (1, 0)
    assert known["soreness"]["answered"] == 0


def test_a_draft_that_moved_to_another_patient_counts_for_the_earlier_patient(
    chart: Chart, api: Api
) -> None:
    visit = chart.visit(0, 7)
    then = this_instant()
    other = Chart(api)
    api.change(visit, "/v1/sessions", patient_id=other.patient_id)
    assert chart.pain(as_of=then) == [7]
    assert other.pain(as_of=then) == []
    assert (chart.pain(), other.pain(as_of=this_instant())) == ([], [7])


def test_an_earlier_verdict_uses_the_thresholds_of_that_time(chart: Chart) -> None:
    chart.visit(0, 7)
    chart.visit(7, 5)
    own = chart.api.create("/v1/thresholds", instrument="nprs", mcid=4, source="The clinic.")
    then = this_instant()
    assert chart.progress(as_of=then)["measures"][0]["verdict"] == "stable"
    chart.api.change(own, "/v1/thresholds", mcid=1)
    newer = chart.api.create("/v1/thresholds", instrument="nprs", mcid=3, source="The clinic.")
    used = chart.progress(as_of=then)["measures"][0]["thresholds"]
    assert (used["id"], used["mcid"]) == (f"clinic:{own['id']}:1", 4)
    used = chart.progress(as_of=this_instant())["measures"][0]["thresholds"]
    assert (used["id"], used["mcid"]) == (f"clinic:{newer['id']}:1", 3)


OTHERWISE: Record = {
    "sessions": {
        "needlings": [],
        "measurements": [],
        "needle_count": None,
        "duration_min": 1,
        "episode_id": None,
    },
    "measurements": {"phase": "after", "session_id": None, "episode_id": None},
    "adverse-events": {"severity": "serious", "close_call": True},
    "episodes": {"region": "hip", "plan": {}, "opened_at": moment(0)},
}
"""What every record of a path is changed to."""
PATHS = {
    "session": "sessions",
    "measurement": "measurements",
    "adverse_event": "adverse-events",
    "episode": "episodes",
}


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(records=histories())
@example(records=EVERY_FIELD)
def test_any_history_is_as_it_was_after_every_record_of_it_was_changed(
    chart: Chart, records: list[Record]
) -> None:
    rows, names = people(records)
    sent = sendable(records, names)
    take_in(chart.api, [*rows, *sent])
    then = this_instant()
    for row in sent:
        if path := PATHS.get(row["type"]):
            known = chart.api.get(f"/v1/{path}/{row['id']}").json()
            if row.get("status") == "signed":
                amended(chart, known, **OTHERWISE[path])
            else:
                chart.api.change(known, f"/v1/{path}", **OTHERWISE[path])
    patient_id, as_of = names["owner"]["patient_id"], datetime.fromisoformat(then)
    ours = read(chart.api, patient_id, as_of=then)
    asked = Asked(as_of, PLAIN_SCALES, roots=roots())
    assert differences(ours, known_by(patient_id, sent, as_of), asked) == []
