"""Promises of the soreness after needling."""

from collections.abc import Collection
from datetime import datetime, timedelta

import pytest

from app.followups.rules import window
from app.progress.rules.history import Course, Json, Report, instant
from app.progress.rules.soreness import soreness
from app.progress.rules.visits import doses_of, needlings_of
from tests.progress.facts import Needled, course, needled, needlings, visit, week, weekly


def report(number: int, hours: float, value: int) -> Report:
    return Report(f"visit-{number}", window(hours), value)


def of(
    visits: Course,
    *reports: Report,
    as_of: datetime,
    rows: tuple[Needled, ...] = (),
    needled: Collection[str] | None = None,
) -> Json:
    """The soreness; all visits had needles, unless `needled` says which."""
    doses = doses_of(visits, needlings_of(visits, needlings(rows)))
    return soreness(visits, instant(as_of), reports, doses, visits if needled is None else needled)


def test_each_window_and_the_peak_have_the_highest_report() -> None:
    told = [(2, 6), (20, 3), (35.9, 4), (36, 2), (59, 1), (70, 5), (200, 0)]
    shown = of(weekly(1), *(report(0, *one) for one in told), as_of=week(2))
    (session,) = shown["sessions"]
    assert (session["peak"], session["h24"], session["h48"]) == (4, 4, 2)
    assert (session["early"], session["late"], session["reports"]) == (6, 5, 7)
    assert (shown["early"], shown["late"]) == (1, 2)


def test_what_the_patient_remembers_as_worst_is_a_figure_of_its_own() -> None:
    told = [report(0, 24, 2)._replace(worst_soreness=8), report(0, 90, 1)]
    (session,) = of(weekly(1), *told, as_of=week(2))["sessions"]
    assert (session["peak"], session["worst"]) == (2, 8)


def test_other_answers_are_counted_with_the_number_of_reports_that_have_one() -> None:
    told = [
        report(0, 24, 2)._replace(bruising=True, headache=False, interference=3, change="better"),
        report(0, 48, 1)._replace(bruising=False, interference=1, change="same"),
        report(0, 90, 1),
    ]
    shown = of(weekly(1), *told, as_of=week(2))
    assert shown["bruising"] == {"n": 2, "yes": 1}
    assert shown["headache"] == {"n": 1, "yes": 0}
    assert shown["fatigue"] == {"n": 0, "yes": 0}
    assert shown["interference"] == {"n": 2, "highest": 3}
    assert (shown["change"]["n"], shown["change"]["better"], shown["change"]["worse"]) == (2, 1, 0)


@pytest.mark.parametrize(("hours", "answered"), [(17.9, 0), (18, 1), (59.9, 1), (60, 0)])
def test_only_a_report_of_eighteen_to_sixty_hours_is_an_answer(hours: float, answered: int) -> None:
    shown = of(weekly(1), report(0, hours, 0), as_of=week(2))
    assert (shown["asked"], shown["answered"]) == (1, answered)
    assert shown["early"] + shown["late"] == 1 - answered


def test_nobody_is_asked_about_a_visit_without_needles() -> None:
    shown = of(weekly(1), report(0, 24, 3), as_of=week(2), needled=())
    assert (shown["asked"], shown["answered"]) == (0, 0)
    assert shown["sessions"][0]["peak"] == 3


def test_visits_at_one_instant_are_one_value_of_the_trend_their_mean() -> None:
    twin = visit(1)._replace(session_id="twin")
    visits = course(visit(0), visit(1), twin)
    told = [report(0, 24, 6), report(1, 24, 5), Report("twin", "h24", 3)]
    shown = of(visits, *told, as_of=week(9))
    assert (shown["trend"]["n"], shown["trend"]["per_week"]) == (2, -2)


def test_a_session_without_reports_is_listed_with_nothing_but_its_dose() -> None:
    rows = (needled(0, twitches=2), needled(0, muscle="deltoid"), needled(0, twitches=1))
    shown = of(weekly(2), as_of=week(3), rows=rows)
    assert shown["sessions"][0] == {
        "session_id": "visit-0",
        "at": week(0),
        "peak": None,
        "h24": None,
        "h48": None,
        "early": None,
        "late": None,
        "worst": None,
        "reports": 0,
        "insertions": 9,
        "twitches": 3,
        "draft": False,
    }
    assert shown["sessions"][1]["insertions"] == 0
    assert shown["sessions"][1]["twitches"] is None
    assert (shown["asked"], shown["answered"]) == (2, 0)


@pytest.mark.parametrize(("hours", "asked"), [(17.99, 1), (18, 2)])
def test_a_follow_up_is_due_from_eighteen_hours_on(hours: float, asked: int) -> None:
    """An earlier follow-up is shown, but is no answer."""
    as_of = week(1) + timedelta(hours=hours)
    shown = of(weekly(2), report(1, 2, 5), as_of=as_of)
    assert (shown["asked"], shown["answered"]) == (asked, 0)
    assert (shown["sessions"][1]["early"], shown["sessions"][1]["peak"]) == (5, None)


def test_a_session_with_two_reports_is_answered_once() -> None:
    shown = of(weekly(2), report(0, 24, 4), report(0, 48, 2), as_of=week(3))
    assert (shown["asked"], shown["answered"]) == (2, 1)


def test_a_soreness_of_zero_is_an_answer() -> None:
    shown = of(weekly(1), report(0, 24, 0), as_of=week(3))
    assert shown["answered"] == 1
    assert shown["sessions"][0]["h24"] == 0


def test_the_trend_is_that_of_the_peaks_without_filling_gaps() -> None:
    reports = [report(0, 24, 8), report(0, 48, 3), report(2, 24, 4), report(3, 40, 2)]
    shown = of(weekly(5), *reports, as_of=week(9))
    assert shown["trend"]["n"] == 3
    assert shown["trend"]["per_week"] == -2
    assert shown["trend"]["p"] is None


def test_a_follow_up_of_a_visit_that_was_not_attended_is_left_out() -> None:
    visits = course(visit(0), visit(1, "no_show"))
    shown = of(visits, report(1, 24, 4), as_of=week(9))
    assert (shown["asked"], shown["answered"], len(shown["sessions"])) == (1, 0, 1)


def test_a_draft_counts_and_is_marked() -> None:
    shown = of(course(visit(0, status="draft")), as_of=week(9))
    assert shown["sessions"][0]["draft"] is True
