"""Promises of the progress document as a whole."""

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.progress.rules.document import document
from app.progress.rules.history import History, Needlings
from tests.progress.records import (
    AS_OF,
    EVERY_FIELD,
    PLAIN_SCALES,
    START,
    Record,
    histories,
    history_of,
)
from tests.progress.second_opinion import differences

A_FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Generating whole histories is slow, especially on a busy machine."""


def progress(history: History) -> dict[str, Any]:
    return document("a patient", None, AS_OF, history, datetime.isoformat)


@A_FEW
@given(histories())
@example(EVERY_FIELD)
def test_the_document_agrees_with_a_second_opinion(records: list[Record]) -> None:
    assert differences(progress(history_of(records)), records, AS_OF, PLAIN_SCALES) == []


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
    shown = progress(history._replace(visits=missed, readings=[], events=[], reopenings=[]))
    assert shown["sessions"]["no_show"] == len(missed)
    assert not any(shown["dose"].values())
    assert shown["muscles"] == shown["measures"] == shown["flags"] == []
    assert shown["soreness"]["sessions"] == []


def test_a_patient_without_any_record_has_an_empty_document() -> None:
    shown = document("a patient", "an episode", AS_OF, history_of([]))
    nothing = {
        "method": "theil_sen",
        "per_week": None,
        "n": 0,
        "p": None,
        "evidence": "descriptive",
    }
    assert shown == {
        "patient_id": "a patient",
        "episode_id": "an episode",
        "as_of": AS_OF,
        "sessions": {
            "attended": 0,
            "cancelled": 0,
            "no_show": 0,
            "declined": 0,
            "drafts": 0,
            "entered_later": 0,
            "first_at": None,
            "last_at": None,
            "median_gap_days": None,
        },
        "plans": [],
        "dose": {
            "needlings": 0,
            "muscles": 0,
            "needles": 0,
            "insertions": 0,
            "twitches": 0,
            "minutes": 0,
        },
        "measures": [],
        "soreness": {"asked": 0, "answered": 0, "sessions": [], "trend": nothing},
        "muscles": [],
        "release": {
            "needlings": 0,
            "complete": 0,
            "partial": 0,
            "none": 0,
            "time_to_release": {
                "method": "kaplan_meier",
                "n": 0,
                "released": 0,
                "median_s": None,
            },
        },
        "adverse_events": {"mild": 0, "significant": 0, "serious": 0, "close_calls": 0},
        "flags": [],
    }


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
