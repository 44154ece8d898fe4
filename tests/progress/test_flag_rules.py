"""Promises of the flags."""

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.progress.queries import scales
from app.progress.rules.flags import flags, recurrence, recurrent_episodes
from app.progress.rules.history import Clock, Reopening, Scale
from tests.progress.facts import collected, outside, reading, scale, series, week, weekly
from tests.progress.second_opinion_on_chance import Limits, series_flags

PAIN = scale(mdc=2, mcid=2)
ROOMY = Scale("lower", scale(mdc=10, mcid=10).thresholds)
ANYWHERE = dict.fromkeys(("activity", "side", "muscle", "movement", "region"))


def recurred(values: list[float], on: Scale) -> tuple[datetime, datetime | None] | None:
    found = series(values, on)
    return recurrence(found.criteria, found.days)


def flat_since(values: list[float], on: Scale = ROOMY) -> datetime | None:
    """The plateau as the document shows it."""
    shown = [flag for flag in flags([series(values, on)], [], Clock()) if flag["code"] == "plateau"]
    return shown[0]["since"] if shown else None


@pytest.mark.parametrize(
    ("values", "since", "over"),
    [
        ([8, 3, 3, 5, 5], 3, None),
        ([8, 3, 3, 4, 5, 6], 4, None),
        ([8, 3, 4, 5, 6, 6], 4, None),
        ([8, 3, 3, 5, 4.9, 5, 5], 5, None),
        ([8, 3, 3, 5, 5, 2, 2], 3, 5),
        ([8, 3, 3, 5, 5, 4, 5, 6], 6, None),
        ([8, 3, 3, 5, 5, 4, 5, 6, 3], 6, 8),
        ([2.3, 0.3, 0.3, 2.3, 2.3], 3, None),
        ([8, 3, 3, 5, 4, 5], None, None),
        ([8, 3, 3, 5], None, None),
        ([8, 3, 3, 4.9, 4.9], None, None),
        ([8, 3, 6, 8, 8], 3, None),
        ([8, 3, 7, 8, 8], None, None),
        ([8, 6.1, 6.1, 9, 9], None, None),
        ([7, 9, 9, 9], None, None),
        ([7], None, None),
    ],
)
def test_recurrence_is_two_values_in_a_row_that_lost_a_level_held_before(
    values: list[float], since: int | None, over: int | None
) -> None:
    ended = None if over is None else week(over)
    assert recurred(values, PAIN) == (None if since is None else (week(since), ended))


def test_a_recurrence_is_measured_by_the_larger_of_the_two_thresholds() -> None:
    on = scale(mdc=3, mcid=2)
    assert recurred([9, 4, 4, 6, 6], on) is None
    assert recurred([9, 4, 4, 7, 7], on) == (week(3), None)


def test_there_is_no_recurrence_without_both_thresholds() -> None:
    assert recurred([9, 4, 4, 9, 9], scale(mdc=3)) is None
    assert recurred([9, 4, 4, 9, 9], scale(mcid=3)) is None


def test_a_recurrence_is_seen_where_higher_is_better() -> None:
    on = Scale("higher", PAIN.thresholds)
    assert recurred([3, 7, 7, 5, 5], on) == (week(3), None)


@pytest.mark.parametrize(
    ("values", "since"),
    [
        ([60, 40, 40, 40, 40, 40, 40], 1),
        ([60, 50, 40, 40, 40, 40, 40, 40], 2),
        ([60, 41, 39, 41, 39, 41, 39], 1),
        ([60, 40, 40, 40, 38, 37, 36.5], None),
        ([60, 40, 41, 40, 38, 37, 37], None),
        ([60, 40, 41, 40, 38, 38, 37.5], 1),
        ([60, 40, 40, 40, 45, 45, 45], 1),
        ([60, 40, 40, 40, 46, 46, 46], None),
        ([60, 40, 40, 40, 40, 40], None),
        ([40, 49, 50, 50, 50, 50, 50], None),
    ],
)
def test_a_plateau_is_six_values_of_which_the_last_three_are_neither_better_nor_worse(
    values: list[float], since: int | None
) -> None:
    """With an MDC of 10, less than 2.89 better and less than 5.77 worse on average."""
    assert flat_since(values) == (None if since is None else week(since))


@pytest.mark.parametrize(
    ("values", "since"),
    [
        ([60, 9, 9, 9, 9, 9, 9], None),
        ([60, 10, 10, 10, 10, 10, 10], 1),
        ([60, 12, 12, 12, 9, 9, 12], 1),
        ([60, 12, 12, 12, 9, 9, 11], None),
    ],
)
def test_where_nothing_could_get_really_better_there_is_no_plateau(
    values: list[float], since: int | None
) -> None:
    on = ROOMY._replace(best=0, worst=100)
    assert flat_since(values, on) == (None if since is None else week(since))


def test_there_is_no_plateau_while_the_values_only_got_better() -> None:
    assert flat_since([60, 42, 42, 41.5, 41, 41, 40.5]) is None
    assert flat_since([60, 42, 42, 41.5, 41, 41.1, 40.5]) == week(1)


def test_there_is_no_plateau_while_a_recurrence_goes_on() -> None:
    values: list[float] = [60, 20, 20, 40, 40, 40, 40, 40, 40]
    found = flags([series(values, ROOMY)], [], Clock())
    assert [(flag["code"], flag["since"]) for flag in found] == [("recurrence", week(3))]


def test_values_of_one_clinic_day_are_one_for_the_flags() -> None:
    twice = [reading(0, 60), *(outside(1 + n / 100, 40) for n in range(8))]
    found = collected(weekly(1), twice, {"nprs": ROOMY})
    assert flags(found, [], Clock()) == []


@given(st.lists(st.integers(0, 10), min_size=2, max_size=14))
def test_flags_agree_with_a_second_opinion(values: list[int]) -> None:
    limits, on = Limits(Fraction(2), Fraction(3, 2)), scale(mdc=2, mcid=1.5)._replace(best=0)
    gains = [(week(n), Fraction(values[0] - value)) for n, value in enumerate(values)][1:]
    found = flags([series([float(value) for value in values], on)], [], Clock())
    said = [{name: flag[name] for name in ("code", "since", "over")} for flag in found]
    assert said == series_flags(gains, limits, Fraction(values[0]))


@pytest.mark.parametrize(
    ("code", "best"), [("nprs", 0), ("psfs", 10), ("ppt", None), ("rom_cervical", None)]
)
def test_a_force_and_an_angle_have_no_best(code: str, best: float | None) -> None:
    assert scales.scale([], code, None).best == best


def test_there_is_no_plateau_where_no_one_knows_what_is_real() -> None:
    assert flat_since([7, 7, 7, 7, 7, 7, 7], scale(mcid=2)) is None


def test_a_flag_names_its_series_and_when_the_course_turned() -> None:
    values: list[float] = [9, 4, 4, 7, 7, 4, 4, 4, 4, 4, 4, 4]
    found = flags([series(values, scale(mdc=2, mcid=3))], [], Clock())
    where = {"instrument": "nprs", **ANYWHERE, "episode_id": None, "days_after": None}
    assert found == [
        {"code": "recurrence", **where, "since": week(3), "over": week(5)},
        {"code": "plateau", **where, "since": week(6), "over": None},
    ]


def test_a_course_that_goes_well_has_no_flags() -> None:
    well = [series([9, 7, 5, 3, 1], scale(mdc=2, mcid=3)), series([4], PAIN)]
    assert flags(well, [], Clock()) == []


def test_an_episode_recurs_at_most_ninety_clinic_days_after_another() -> None:
    """Days are the clinic's, whatever the UTC offset of a time."""
    vancouver = Clock(zone=timezone(timedelta(hours=-8)))
    closed_at = datetime(2026, 2, 2, 7, 59, tzinfo=UTC)  # 1 February in Vancouver
    in_time, late = (closed_at + timedelta(days=90, minutes=later) for later in (0, 1))
    seen = [
        Reopening("late", late.astimezone(UTC), closed_at, "first"),
        Reopening("in time", in_time, closed_at.astimezone(UTC), "first"),
        Reopening("at once", closed_at, closed_at, "first"),
    ]
    found = recurrent_episodes(seen, vancouver)
    assert [again.episode_id for again in found] == ["at once", "in time"]
    shown = flags([], seen, vancouver)
    assert [flag["days_after"] for flag in shown] == [0, 90]


def test_an_episode_after_two_others_recurs_once_and_stands_behind_the_series() -> None:
    again = [Reopening("third", week(9), week(ended), f"week {ended}") for ended in (8, 2)]
    found = flags([series([7, 3, 3, 5, 5], PAIN)], again, Clock())
    assert found[1:] == [
        {
            "code": "recurrence",
            "instrument": None,
            **ANYWHERE,
            "episode_id": "third",
            "days_after": 7,
            "since": week(9),
            "over": None,
        }
    ]
