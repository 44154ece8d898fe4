"""Promises of the flags."""

from datetime import UTC, timedelta, timezone

import pytest

from app.progress.queries import scales
from app.progress.rules.flags import flags, plateau, recurrence, recurrent_episodes
from app.progress.rules.history import Clock, Reopening, Scale
from tests.progress.facts import scale, series, week

PAIN = scale(mcid=2)
ANYWHERE = {"activity": None, "side": None, "muscle": None, "region": None}


@pytest.mark.parametrize(
    ("values", "since"),
    [
        ([7, 3, 5, 5], 2),
        ([7, 3, 4, 5, 6], 3),
        ([7, 3, 5, 4.9, 5, 5], 4),
        ([7, 5, 7, 7], 2),
        ([2.3, 0.3, 2.3, 2.3], 2),
        ([7, 3, 5, 5, 2, 2], 2),
        ([7, 3, 5, 4, 5], None),
        ([7, 3, 5], None),
        ([7, 3, 4.9, 4.9], None),
        ([7, 5.1, 8, 8], None),
        ([7, 9, 9, 9], None),
        ([7], None),
    ],
)
def test_recurrence_is_two_values_in_a_row_that_lost_the_mcid_after_it_was_reached(
    values: list[float], since: int | None
) -> None:
    assert recurrence(series(values, PAIN)) == since


def test_a_recurrence_is_measured_by_the_larger_of_the_two_thresholds() -> None:
    assert recurrence(series([9, 4, 6, 6], scale(mdc=3, mcid=2))) is None
    assert recurrence(series([9, 4, 7, 7], scale(mdc=3, mcid=2))) == 2
    assert recurrence(series([9, 4, 9, 9], scale(mdc=3))) is None


def test_a_recurrence_is_seen_where_higher_is_better() -> None:
    on = Scale("higher", PAIN.thresholds)
    assert recurrence(series([3, 7, 5, 5], on)) == 2


@pytest.mark.parametrize(
    ("values", "since"),
    [
        ([40, 30, 25, 26, 25], 1),
        ([40, 30, 25, 25, 25], None),
        ([40, 30, 25, 25, 25, 25], 2),
        ([40, 39, 35, 36], 0),
        ([40, 39, 35, 31], None),
        ([40, 39, 35, 30, 20, 19, 17, 18], 4),
        ([40, 39, 35, 30, 20, 19, 18, 17], None),
        ([40, 20, 38, 30, 21], 1),
        ([40, 30, 38, 37, 20, 30, 29, 28], 4),
        ([40, 30, 20, 10], None),
        ([40, 40, 40], None),
        ([50.1, 45, 45, 40.1], None),
        ([40, 37, 34, 31, 28], None),
        ([40, 38, 38, 38, 20], None),
        ([40, 20, 19, 18, 40], 1),
    ],
)
def test_a_plateau_is_the_first_value_that_three_and_all_others_since_do_not_really_improve(
    values: list[float], since: int | None
) -> None:
    assert plateau(series(values, scale(mdc=10, mcid=10))) == since


@pytest.mark.parametrize(
    ("values", "since"),
    [
        ([90, 60, 30, 0, 0, 0, 0], None),
        ([40, 9, 9, 9, 9], None),
        ([40, 9, 20, 20, 20, 20], 2),
        ([40, 12, 12, 12, 12], 1),
    ],
)
def test_where_nothing_could_get_really_better_there_is_no_plateau(
    values: list[float], since: int | None
) -> None:
    assert plateau(series(values, scale(mdc=10)._replace(best=0))) == since


@pytest.mark.parametrize(
    ("code", "best"), [("nprs", 0), ("psfs", 10), ("ppt", None), ("rom_cervical", None)]
)
def test_a_force_and_an_angle_have_no_best(code: str, best: float | None) -> None:
    assert scales.scale([], code, None).best == best


def test_there_is_no_plateau_where_no_one_knows_what_is_real() -> None:
    assert plateau(series([7, 7, 7, 7, 7, 7], PAIN)) is None


def test_a_flag_names_its_series_and_when_the_course_turned() -> None:
    found = flags([series([9, 4, 7, 7, 7], scale(mdc=2, mcid=3))], [], Clock())
    where = {"instrument": "nprs", **ANYWHERE, "episode_id": None}
    assert found == [
        {"code": "recurrence", **where, "since": week(2)},
        {"code": "plateau", **where, "since": week(1)},
    ]


def test_a_course_that_goes_well_has_no_flags() -> None:
    well = [series([9, 7, 5, 3, 1], scale(mdc=2, mcid=3)), series([4], PAIN)]
    assert flags(well, [], Clock()) == []


def test_an_episode_recurs_within_ninety_days_of_real_time() -> None:
    closed_at, in_time = week(0), week(0) + timedelta(days=90)
    late = in_time + timedelta(microseconds=1)
    west = timezone(timedelta(hours=-8))
    seen = recurrent_episodes(
        [
            Reopening("late", late.astimezone(west), closed_at, "first"),
            Reopening("in time", in_time.astimezone(west), closed_at.astimezone(UTC), "first"),
            Reopening("at once", closed_at, closed_at, "first"),
        ]
    )
    assert [again.episode_id for again in seen] == ["at once", "in time"]


def test_an_episode_after_two_others_recurs_once_and_stands_behind_the_series() -> None:
    again = [Reopening("third", week(9), week(ended), f"week {ended}") for ended in (8, 2)]
    found = flags([series([7, 3, 5, 5], PAIN)], again, Clock())
    assert found[1:] == [
        {
            "code": "recurrence",
            "instrument": None,
            **ANYWHERE,
            "episode_id": "third",
            "since": week(9),
        }
    ]
