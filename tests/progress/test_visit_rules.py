"""Promises of the counts of visits and of the dose."""

from datetime import datetime
from zoneinfo import ZoneInfo

from app.progress.rules.history import Clock, Visit, course_of
from app.progress.rules.visits import dose, needlings_of, sessions
from tests.progress.facts import course, needled, needlings, visit, week, weekly


def test_each_visit_is_counted_by_its_outcome() -> None:
    kinds = ["cancelled", "attended", "no_show", "attended", "declined", "attended", "cancelled"]
    visits = [visit(number, kind) for number, kind in enumerate(kinds)]
    visits.append(visit(7, status="draft"))
    visits.append(visit(8, "cancelled", status="draft"))
    assert sessions(visits, course_of(visits, Clock())) == {
        "attended": 4,
        "cancelled": 3,
        "no_show": 1,
        "declined": 1,
        "drafts": 1,
        "entered_later": 0,
        "first_at": week(1),
        "last_at": week(7),
        "median_gap_days": 14.0,
    }


def test_one_visit_has_no_gap() -> None:
    shown = sessions([visit(0)], weekly(1))
    assert shown["first_at"] == shown["last_at"] == week(0)
    assert shown["median_gap_days"] is None


def test_a_gap_over_a_clock_change_has_its_real_length() -> None:
    """From Saturday to Sunday, 10 o'clock, Vancouver lost an hour in March 2026."""
    zone = ZoneInfo("America/Vancouver")
    visits = [
        Visit(str(day), datetime(2026, 3, day, 10, tzinfo=zone), "attended", 45, "signed", "dana")
        for day in (8, 7)
    ]
    shown = sessions(visits, course_of(visits, Clock()))
    assert shown["median_gap_days"] == round(23 / 24, 6)
    assert shown["first_at"].day == 7


def test_the_dose_counts_needlings_and_distinct_muscles() -> None:
    visits = course(visit(0), visit(1)._replace(duration_min=None), visit(2, "cancelled"))
    right = needled(0, twitches=4)._replace(side="right", needles=2)
    rows = [needled(0), right, needled(1, muscle="deltoid"), needled(2)]
    assert dose(visits, needlings_of(visits, needlings(rows))) == {
        "needlings": 3,
        "muscles": 2,
        "parts": 2,
        "needles": 4,
        "insertions": 9,
        "twitches": 4,
        "minutes": 45,
    }


def test_visits_at_one_instant_stand_in_the_order_of_their_ids() -> None:
    visits = [visit(0)._replace(session_id=name) for name in ("b", "c", "a")]
    assert list(course(*visits)) == ["a", "b", "c"]


def test_parts_count_as_the_muscle_that_they_belong_to() -> None:
    roots = {"trapezius_upper": "trapezius", "trapezius_lower": "trapezius"}
    parts = ("trapezius_upper", "trapezius_lower", "trapezius", "deltoid")
    rows = [needled(0, muscle=part) for part in parts]
    visits = course(visit(0))
    shown = dose(visits, needlings_of(visits, needlings(rows)), lambda slug: roots.get(slug, slug))
    assert (shown["muscles"], shown["parts"]) == (2, 4)


def test_what_nobody_counted_is_unknown_and_not_zero() -> None:
    visits = course(visit(0)._replace(duration_min=None))
    shown = dose(visits, needlings_of(visits, needlings([needled(0)])))
    assert shown["twitches"] is shown["minutes"] is None
