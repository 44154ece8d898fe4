"""Promises of the progress document as a whole."""

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.progress.rules.document import document
from app.progress.rules.history import History, Needlings, instant
from tests.progress.every_field import EVERY_FIELD
from tests.progress.records import (
    AS_OF,
    PLAIN_SCALES,
    ROOTS,
    START,
    ZONE,
    Record,
    histories,
    history_of,
)
from tests.progress.second_opinion import Asked, differences

A_FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Generating whole histories is slow, especially on a busy machine."""


ASKED = Asked(AS_OF, PLAIN_SCALES, ZONE, ROOTS)


def progress(history: History) -> dict[str, Any]:
    return document("a patient", None, AS_OF, history, datetime.isoformat)


@A_FEW
@given(histories())
@example(EVERY_FIELD)
def test_the_document_agrees_with_a_second_opinion(records: list[Record]) -> None:
    assert differences(progress(history_of(records)), records, ASKED) == []


@A_FEW
@given(histories(), st.randoms(use_true_random=False))
def test_progress_does_not_depend_on_the_order_of_arrival(
    records: list[Record], random: Random
) -> None:
    def shuffled(rows: Any) -> Any:
        if isinstance(rows, Needlings):
            order = random.sample(range(len(rows.place)), len(rows.place))
            return Needlings._make([column[number] for number in order] for column in rows)
        return random.sample(rows, len(rows)) if isinstance(rows, list) else rows

    history = history_of(records)
    in_another_order = History._make(map(shuffled, history))
    assert json.dumps(progress(in_another_order)) == json.dumps(progress(history))


@A_FEW
@given(histories(), st.lists(st.integers(0, 2), min_size=9, max_size=9))
def test_ids_do_not_decide_the_order_of_visits_at_one_instant(
    records: list[Record], days: list[int]
) -> None:
    """Ids are made in the order of arrival, so they must not decide."""
    renamed = {f"session-{number}": f"session-{9 - number}" for number in range(9)}

    def together(names: dict[str, str]) -> Any:
        moved = [
            row | {"occurred_at": (START + timedelta(days=days[int(row["id"][-1])])).isoformat()}
            if row["type"] == "session"
            else row
            for row in records
        ]
        told = [
            row
            | {
                name: names.get(row[name], row[name])
                for name in ("id", "session_id")
                if name in row
            }
            for row in moved
        ]
        return without_ids(json.loads(json.dumps(progress(history_of(told)))))

    assert together(renamed) == together({})


def without_ids(shown: Any) -> Any:
    """A document without its sessions' ids."""
    if isinstance(shown, dict):
        return {name: without_ids(value) for name, value in shown.items() if name != "session_id"}
    return [without_ids(each) for each in shown] if isinstance(shown, list) else shown


@A_FEW
@given(histories())
def test_a_missed_visit_only_counts_as_missed(records: list[Record]) -> None:
    """This holds even for facts of such a visit, which the API would refuse."""
    history = history_of(records)
    missed = [visit._replace(attendance="no_show") for visit in history.visits]
    # A reopened episode is a flag of its own: it needs no visit.
    shown = progress(history._replace(visits=missed, readings=[], events=[], episodes=[]))
    assert shown["sessions"]["no_show"] == len(missed)
    assert not any(shown["dose"].values())
    assert shown["muscles"] == shown["measures"] == shown["flags"] == []
    assert shown["soreness"]["sessions"] == []


def test_a_patient_without_any_record_has_an_empty_document() -> None:
    shown = document("a patient", "an episode", AS_OF, history_of([]))
    none = dict.fromkeys(("mild", "significant", "serious", "close_calls"), 0)
    yes = {"n": 0, "yes": 0}
    words = ("n", "much_worse", "worse", "same", "better", "much_better")
    assert shown["courses"] == shown["plans"] == shown["measures"] == shown["flags"] == []
    assert shown["adverse_events"] == {**none, "by_date": none, "unattributed": none}
    assert shown["dose"] == {
        **dict.fromkeys(("needlings", "muscles", "parts", "needles", "insertions"), 0),
        **dict.fromkeys(("twitches", "minutes")),
    }
    assert shown["soreness"] == {
        **dict.fromkeys(("asked", "answered", "early", "late"), 0),
        **dict.fromkeys(("bruising", "fatigue", "headache"), yes),
        "interference": {"n": 0, "highest": None},
        "change": dict.fromkeys(words, 0),
        "sessions": [],
        "trend": {
            "method": "theil_sen",
            "per_week": None,
            "n": 0,
            "p": None,
            "evidence": "descriptive",
        },
    }
    assert shown["sessions"]["attended"] == 0
    assert shown["sessions"]["first_at"] is shown["sessions"]["median_gap_days"] is None


@A_FEW
@given(histories())
def test_a_course_is_the_same_asked_alone_or_in_the_whole(records: list[Record]) -> None:
    history = history_of(records)
    whole = progress(history)
    for block in whole["courses"]:
        id = block["course"]["episode_id"]
        if id is None:
            continue
        alone = document("a patient", id, AS_OF, history, datetime.isoformat)
        assert alone["courses"] == [block]
        own = ("course", "unlinked_visits", "longest_gap_days")
        figures = {name: value for name, value in block.items() if name not in own}
        assert {name: alone[name] for name in figures} == figures


@A_FEW
@given(histories())
def test_lists_of_the_whole_are_those_of_the_courses_and_counts_their_sum(
    records: list[Record],
) -> None:
    shown = progress(history_of(records))
    blocks = shown["courses"]
    for name in ("plans", "muscles", "flags"):
        assert shown[name] == [one for block in blocks for one in block[name]]
    in_courses = [one for block in blocks for one in block["measures"]]
    assert shown["measures"][: len(in_courses)] == in_courses
    assert {one["course"] is None for one in shown["measures"][len(in_courses) :]} <= {True}
    for part, names in SUMMED.items():
        for name in names:
            assert shown[part][name] == sum(block[part][name] for block in blocks)
    unattributed = shown["adverse_events"]["unattributed"]
    for severity, count in unattributed.items():
        counted = sum(block["adverse_events"][severity] for block in blocks)
        assert shown["adverse_events"][severity] == counted + count


@A_FEW
@given(histories())
def test_the_period_chooses_points_and_changes_no_figure(records: list[Record]) -> None:
    history = history_of(records)
    first = instant(START + timedelta(days=30))

    def shown(at: int) -> bool:
        return at >= first

    whole = progress(history)
    within = document("a patient", None, AS_OF, history, datetime.isoformat, shown)
    listed = without_points(whole)
    assert without_points(within) == listed
    for one in within["measures"]:
        assert all(instant(datetime.fromisoformat(p["at"])) >= first for p in one["points"])


SUMMED = {
    "sessions": ("attended", "cancelled", "no_show", "declined", "drafts"),
    "dose": ("needlings", "needles", "insertions"),
    "soreness": ("asked", "answered", "early", "late"),
    "release": ("needlings", "complete", "partial", "none"),
}


def without_points(shown: Any) -> Any:
    """A document without its points."""
    if isinstance(shown, dict):
        return {
            name: without_points(value)
            for name, value in shown.items()
            if name != "points" and not (name == "sessions" and isinstance(value, list))
        }
    return [without_points(each) for each in shown] if isinstance(shown, list) else shown


def test_a_visits_time_is_formatted_once() -> None:
    asked: list[datetime] = []

    def written(at: datetime) -> str:
        asked.append(at)
        return at.isoformat()

    at = (AS_OF - timedelta(days=9)).isoformat()
    needling = {
        "side": "left",
        "spinal_level": None,
        "needles": 1,
        "insertions": 3,
        "twitches": 1,
        "ache": 5,
        "release": "none",
        "grasp": "mild",
    }
    visit = {
        "type": "session",
        "id": "one",
        "occurred_at": at,
        "attendance": "attended",
        "duration_min": 45,
        "practitioner_id": "dana",
        "needlings": [needling | {"muscle": muscle} for muscle in ("deltoid", "trapezius")],
        "measurements": [{"phase": "before", "instrument": "nprs", "value": 6}],
    }
    shown = document("a patient", None, AS_OF, history_of([visit]), written)
    assert sorted(asked) == [datetime.fromisoformat(at), AS_OF]
    assert [series["last_treated_at"] for series in shown["muscles"]] == [at, at]
    assert shown["measures"][0]["points"][0]["at"] == at
