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
    assert shown["baseline"] == {"value": 7.0, "n": 1, "at": week(0)}
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
    assert shown["baseline"] == {"value": 7.0, "n": 3, "at": week(-2)}
    assert shown["latest"] == {"value": 3, "at": week(1.5)}
    assert shown["points"][-1]["session_id"] is None
    assert shown["change"] == -4


def test_values_only_from_before_treatment_are_insufficient_for_a_verdict() -> None:
    shown = of(1, [outside(-1, 9), reading(0, 3)])
    assert shown["baseline"]["n"] == 2
    assert shown["verdict"] == "insufficient"


def test_a_measure_taken_up_later_starts_from_its_first_value() -> None:
    shown = of(4, [reading(2, 6), reading(3, 4)])
    assert shown["baseline"] == {"value": 6.0, "n": 1, "at": week(2)}
    assert shown["verdict"] == "improved_uncertain"


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
    assert found[0].values == [7]


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


def regions_of(*readings_in: tuple[int, str | None], outside_of: int = 0) -> list[Json]:
    """The measures of weekly values of 5, each visit in an episode of that region."""
    weeks = [number for number, _ in readings_in]
    readings = [reading(number, 5) for number in weeks] + [outside(9, 4)] * outside_of
    regions = {number: region for number, region in readings_in if region}
    return measures(collected(weekly(6), readings, {"nprs": scale(mcid=2)}, regions))


def test_the_pain_of_two_regions_is_two_series() -> None:
    shown = regions_of((0, "neck"), (1, "elbow"), (2, "neck"))
    assert [(one["region"], one["trend"]["n"]) for one in shown] == [("elbow", 1), ("neck", 2)]


def test_a_value_without_a_region_belongs_to_the_only_one_there_is() -> None:
    shown = regions_of((0, "neck"), (1, None), outside_of=1)
    assert [(one["region"], one["trend"]["n"]) for one in shown] == [("neck", 3)]


def test_a_value_without_a_region_stands_alone_where_it_might_belong_to_either() -> None:
    shown = regions_of((0, "neck"), (1, "elbow"), outside_of=1)
    assert [one["region"] for one in shown] == [None, "elbow", "neck"]
