"""Promises of the series of each muscle."""

import pytest

from app.progress.rules.history import Course, Json
from app.progress.rules.muscles import muscles
from app.progress.rules.visits import needlings_of
from tests.progress.facts import Needled, course, needled, needlings, visit, week, weekly


def of(visits: Course, *rows: Needled) -> list[Json]:
    return muscles(visits, needlings_of(visits, needlings(rows)))


def test_a_muscle_is_counted_over_its_own_sessions() -> None:
    releases = ["none", "partial", None, "complete", "none", "complete"]
    shown, other = of(
        weekly(8),
        *(needled(number + 1, release) for number, release in enumerate(releases)),
        needled(0, muscle="trapezius"),
    )
    assert shown["treated"] == 6
    assert (shown["released_complete"], shown["released_partial"]) == (2, 1)
    assert shown["not_released"] == 2
    assert shown["sessions_to_release"] == 4
    assert shown["first_released_at"] == week(4)
    assert shown["last_treated_at"] == week(6)
    assert other["sessions_to_release"] is None
    assert other["first_released_at"] is None


def test_several_needlings_of_one_session_are_one_point() -> None:
    (shown,) = of(
        weekly(1),
        needled(0, "partial", ache=3, twitches=2, grasp="mild"),
        needled(0, "complete", ache=None, twitches=None, grasp="strong"),
        needled(0, "none", ache=6, twitches=1, grasp=None),
    )
    assert shown["treated"] == 1
    assert shown["points"] == [
        {
            "session_id": "visit-0",
            "at": week(0),
            "ache": 6,
            "release": "complete",
            "twitches": 3,
            "grasp": "strong",
            "practitioner_id": "dana",
            "draft": False,
            "curve": 1,
        }
    ]


def test_an_item_that_no_needling_of_a_session_assessed_stays_null() -> None:
    (shown,) = of(weekly(1), needled(0), needled(0))
    (point,) = shown["points"]
    assert point["ache"] is point["release"] is point["twitches"] is point["grasp"] is None
    assert shown["ache"] == {"first": None, "latest": None}


@pytest.mark.parametrize("known", [0, 4])
def test_an_item_that_one_needling_of_a_session_assessed_has_its_value(known: int) -> None:
    for rows in ([known, None], [None, known]):
        (shown,) = of(weekly(1), *(needled(0, ache=row, twitches=row) for row in rows))
        assert shown["points"][0]["ache"] == shown["points"][0]["twitches"] == known


def test_first_and_latest_ache_skip_the_sessions_that_have_none() -> None:
    aches = [None, 7, None, 3, None]
    (shown,) = of(weekly(5), *(needled(number, ache=ache) for number, ache in enumerate(aches)))
    assert shown["ache"] == {"first": 7, "latest": 3}


def test_side_and_level_make_a_series_of_their_own() -> None:
    row = needled(0, muscle="multifidus")
    rows = [
        row._replace(side=side, spinal_level=level)
        for side, level in [("right", None), ("left", "C6"), ("left", None), ("left", "C5")]
    ]
    keys = [(one["side"], one["spinal_level"]) for one in of(weekly(1), *rows)]
    assert keys == [("left", None), ("left", "C5"), ("left", "C6"), ("right", None)]


def test_muscles_are_ordered_by_treatments_and_then_by_name() -> None:
    rows = [needled(0, muscle=name) for name in ("trapezius", "deltoid", "soleus")]
    shown = of(weekly(2), *rows, needled(1, muscle="soleus"))
    assert [one["muscle"] for one in shown] == ["soleus", "deltoid", "trapezius"]


def test_examiners_are_counted_and_named_at_each_point() -> None:
    visits = course(visit(0), visit(1)._replace(practitioner_id="sam"), visit(2))
    (shown,) = of(visits, *map(needled, range(3)))
    assert shown["examiners"] == 2
    assert [point["practitioner_id"] for point in shown["points"]] == ["dana", "sam", "dana"]


def test_a_draft_counts_and_is_marked() -> None:
    visits = course(visit(0), visit(1, status="draft"))
    (shown,) = of(visits, needled(0), needled(1))
    assert [point["draft"] for point in shown["points"]] == [False, True]


def test_a_curve_breaks_where_the_examiner_changes() -> None:
    visits = course(visit(0), visit(1), visit(2)._replace(practitioner_id="sam"), visit(3))
    alone = [needled(number, muscle="deltoid") for number in range(2)]
    shown, other = of(visits, *map(needled, range(4)), *alone)
    assert [point["curve"] for point in shown["points"]] == [1, 1, 2, 3]
    assert [point["curve"] for point in other["points"]] == [1, 1]


def test_needlings_may_come_in_any_order_and_from_missed_visits() -> None:
    visits = course(visit(0), visit(1, "cancelled"), visit(2))
    rows = [needled(0, "none", ache=5), needled(2, "complete", ache=2)]
    assert of(visits, *reversed(rows), needled(1, ache=9)) == of(visits, *rows)
