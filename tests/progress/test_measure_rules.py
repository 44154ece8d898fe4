"""Promises of the measures: what makes a series, a baseline and a change."""

from datetime import timedelta, timezone

import pytest

from app.progress.rules.history import Json, Reading, Scale
from app.progress.rules.measures import measures
from tests.progress.facts import (
    collected,
    course,
    outside,
    reading,
    scale,
    series,
    visit,
    week,
    weekly,
)


def one(values: list[float], on: Scale) -> Json:
    """The only measure of a series of weekly values."""
    return measures([series(values, on)])[0]


def of(visits: int, readings: list[Reading]) -> Json:
    """The only measure of these readings, over weekly visits."""
    found = collected(weekly(visits), readings, {"nprs": scale(mcid=2)})
    return measures(found)[0]


def test_the_documented_example_is_reproduced() -> None:
    shown = one([7.0, 6.0, 4.0, 3.0, 2.0, 3.0], scale(2.0, 2.0, 30.0))
    first = {"value": 7.0, "at": week(0)}
    assert shown["baseline"] == {"value": 7.0, "n": 1, "at": week(0), "last": first}
    assert shown["latest"] == {"value": 3.0, "at": week(5)}
    assert shown["best"] == {"value": 2.0, "at": week(4)}
    assert shown["change"] == -4.0
    assert shown["change_percent"] == -57.1
    assert shown["thresholds"] == {
        "id": "made-up",
        "population": "made-up patients",
        "mdc": 2.0,
        "mcid": 2.0,
        "mcid_percent": 30.0,
        "source": "by hand",
    }
    assert shown["exceeds_mdc"] is True
    assert shown["reaches_mcid"] is True
    assert shown["verdict"] == "improved_important"
    assert shown["trend"]["method"] == "theil_sen"
    assert shown["trend"]["per_week"] == -1.0
    assert shown["points"][1] == {
        "session_id": "visit-1",
        "at": week(1),
        "value": 6.0,
        "n": 1,
        "part": "later",
        "draft": False,
    }


def test_one_value_is_its_own_baseline_and_insufficient() -> None:
    shown = one([7.0], scale(2.0, 2.0))
    assert shown["baseline"]["value"] == shown["latest"]["value"] == shown["best"]["value"] == 7
    for name in ("change", "change_percent", "exceeds_mdc", "reaches_mcid", "responder"):
        assert shown[name] is None
    assert shown["verdict"] == "insufficient"
    assert shown["provisional"] is False
    assert shown["trend"]["per_week"] is None


def test_a_baseline_of_zero_has_no_percentage() -> None:
    shown = one([0.0, 3.0], scale(mcid=2.0, percent=30.0))
    assert shown["change"] == 3
    assert shown["change_percent"] is None
    assert shown["verdict"] == "worse_uncertain"


def test_a_change_from_a_negative_baseline_keeps_its_direction() -> None:
    shown = one([-4.0, 1.0], Scale("higher", None))
    assert shown["change_percent"] == 125.0


def test_the_best_value_is_dated_by_the_first_time_it_was_reached() -> None:
    lower = one([7.0, 3.0, 5.0, 3.0], scale(mcid=2))
    higher = one([3.0, 7.0, 5.0, 7.0], Scale("higher", None))
    assert lower["best"] == {"value": 3.0, "at": week(1)}
    assert higher["best"] == {"value": 7.0, "at": week(1)}


def test_values_from_before_treatment_make_the_baseline_together() -> None:
    readings = [outside(-2, 8), outside(-1, 6), reading(0, 7), reading(1, 4), outside(1.5, 3)]
    shown = of(2, readings)
    last = {"value": 7, "at": week(0)}
    assert shown["baseline"] == {"value": 7.0, "n": 3, "at": week(-2), "last": last}
    assert shown["latest"] == {"value": 3, "at": week(1.5)}
    assert shown["points"][-1]["session_id"] is None
    assert shown["change"] == -4


def test_values_only_from_before_treatment_are_insufficient_for_a_verdict() -> None:
    shown = of(1, [outside(-1, 9), reading(0, 3)])
    assert shown["baseline"]["n"] == 2
    assert shown["verdict"] == "insufficient"


def test_a_measure_taken_up_later_has_no_baseline_and_no_verdict() -> None:
    shown = of(4, [reading(2, 6), reading(3, 4)])
    assert shown["baseline"] is shown["change"] is shown["responder"] is None
    assert (shown["latest"]["value"], shown["best"]["value"]) == (4, 4)
    assert shown["trend"]["n"] == 2
    assert shown["verdict"] == "insufficient"


def test_a_value_of_long_before_is_listed_and_not_compared() -> None:
    shown = of(2, [outside(-60, 1), reading(0, 9), reading(1, 7)])
    assert (shown["baseline"]["value"], shown["change"]) == (9, -2)
    assert (shown["best"]["value"], shown["trend"]["n"]) == (7, 2)
    assert [point["part"] for point in shown["points"]] == ["older", "baseline", "later"]


@pytest.mark.parametrize(("days", "n"), [(-14.5, 2), (-14.9, 1)])
def test_the_baseline_begins_with_a_whole_clinic_day(days: float, n: int) -> None:
    """The visit is at 18:00 in UTC, and 14.5 days before is on the fourteenth day before."""
    shown = of(1, [outside(days / 7, 5), reading(0, 9)])
    assert shown["baseline"]["n"] == n


def test_values_of_one_day_are_several_points_and_one_day_of_the_baseline() -> None:
    shown = of(1, [outside(-1, 8), outside(-1.01, 6), reading(0, 7)])
    assert (shown["baseline"]["value"], shown["baseline"]["n"]) == (7, 2)
    assert len(shown["points"]) == 3


def test_a_value_on_the_day_of_a_visit_and_after_it_is_in_no_series() -> None:
    hours = 1 / 7 / 24
    shown = of(2, [reading(0, 7), outside(3 * hours, 1), outside(-3 * hours, 9), reading(1, 6)])
    assert [point["value"] for point in shown["points"]] == [9, 7, 6]


def test_a_rating_of_change_is_compared_with_nothing_that_came_before() -> None:
    on = Scale("higher", None, rates_change=True)
    found = collected(weekly(2), [reading(0, 3), reading(1, 5)], {"nprs": on})
    [shown] = measures(found)
    assert shown["baseline"] == {"value": 0.0, "n": 0, "at": None, "last": None}
    assert (shown["change"], shown["trend"]["n"]) == (5, 1)


def test_only_values_from_before_the_needling_count() -> None:
    after = reading(0, 1)._replace(phase="after")
    shown = of(2, [after, reading(0, 7), outside(0.5, 2, phase="between"), reading(1, 6)])
    assert [point["value"] for point in shown["points"]] == [7, 6]


def test_repeated_values_of_one_visit_are_one_point_their_mean() -> None:
    shown = of(2, [reading(0, 7), reading(1, 4), reading(1, 5)])
    assert [point["value"] for point in shown["points"]] == [7, 4.5]
    assert shown["trend"]["n"] == 2


def test_repeated_values_of_one_instant_are_one_point_whatever_their_offset() -> None:
    elsewhere = outside(1, 4)
    here = elsewhere._replace(at=elsewhere.at.astimezone(timezone(timedelta(hours=-8))))
    for readings in ([here, elsewhere], [elsewhere, here]):
        point = of(1, [reading(0, 7), *readings])["points"][1]
        assert point["value"] == 4
        assert point["at"].isoformat() == here.at.isoformat()


def test_a_value_of_a_visit_that_was_not_attended_is_left_out() -> None:
    visits = course(visit(0), visit(1, "cancelled"))
    found = collected(visits, [reading(0, 7), reading(1, 1)], {"nprs": scale(mcid=2)})
    assert [point.value for point in found[0].points] == [7]


def test_a_draft_counts_and_is_marked() -> None:
    visits = course(visit(0), visit(1, status="draft"))
    found = collected(visits, [reading(0, 7), reading(1, 5)], {"nprs": scale(mcid=2)})
    assert [point["draft"] for point in measures(found)[0]["points"]] == [False, True]


@pytest.mark.parametrize("order", [1, -1])
def test_an_activity_is_one_series_in_every_spelling(order: int) -> None:
    spellings = ["reach  up", "Reach up", "REACH UP\u00a0", "re\u00adach up"]
    readings = [
        Reading(f"visit-{n}", "before", "psfs", spelling, None, None, value=5 + n, at=week(n))
        for n, spelling in enumerate(spellings)
    ][::order]
    [found] = measures(collected(weekly(4), readings, {"psfs": Scale("higher", None)}))
    assert found["activity"] in spellings
    assert [point["value"] for point in found["points"]] == [5, 6, 7, 8]


def test_activities_sides_and_muscles_are_series_of_their_own() -> None:
    keys = [
        ("ppt", None, "left", "infraspinatus"),
        ("ppt", None, "right", "infraspinatus"),
        ("ppt", None, "right", "trapezius"),
        ("psfs", "reach", None, None),
        ("psfs", "sleep", None, None),
    ]
    readings = [Reading("visit-0", "before", *key, value=5, at=week(0)) for key in reversed(keys)]
    scales = {"ppt": Scale("higher", None), "psfs": Scale("higher", None)}
    found = measures(collected(weekly(1), readings, scales))
    names = ("instrument", "activity", "side", "muscle")
    assert [tuple(shown[name] for name in names) for shown in found] == keys


def test_an_instrument_without_thresholds_says_so() -> None:
    shown = one([60.0, 50.0], Scale("lower", None))
    assert shown["thresholds"] is None
    assert shown["exceeds_mdc"] is None
    assert shown["reaches_mcid"] is None
    assert shown["verdict"] == "insufficient"
    assert shown["change"] == -10


@pytest.mark.parametrize(("values", "change"), [([7.1, 5.1], -2), ([0.1, 0.3], 0.2), ([3, 3], 0)])
def test_a_change_is_shown_without_the_noise_of_floating_point(
    values: list[float], change: float
) -> None:
    shown = one(values, scale(mcid=2))
    assert shown["change"] == change
    assert str(shown["change"])[0] == str(float(change))[0]
