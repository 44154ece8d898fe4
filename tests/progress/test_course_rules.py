"""Promises of the courses of care: which visits, values and events belong together."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from app.progress.rules.courses import (
    Care,
    Cares,
    cares_of,
    longest_gap_days,
    unlinked_visits,
)
from app.progress.rules.events import adverse_events, placed
from app.progress.rules.history import (
    Clock,
    Episode,
    Event,
    History,
    Reading,
    Visit,
    course_of,
    instant,
)
from tests.progress.facts import outside, scale, visit, week

AS_OF = instant(week(200))


def of_episode(number: int, episode: str) -> Visit:
    return visit(number)._replace(episode_id=episode)


def episode(name: str, opened: int, closed: int | None = None) -> Episode:
    closed_at = None if closed is None else week(closed)
    return Episode(name, name, week(opened), closed_at, None, None)


def history(*visits: Visit, episodes: Sequence[Episode] = ()) -> History:
    return History(lambda *_: scale(), visits, episodes=episodes)


def divided(known: History) -> Cares:
    course = course_of(known.visits, Clock())
    return cares_of(known, course, AS_OF, Clock(), ())


def visits_of(cares: Cares) -> list[tuple[str | None, list[str]]]:
    return [(care.episode_id, [one.session_id for one in care.visits]) for care in cares.courses]


def course_of_value(known: History, value: Reading) -> str | None:
    """The episode of the course that has the value, or which of the others it is."""
    cares = divided(known._replace(readings=[value]))
    if cares.alone.readings:
        return "alone"
    found: list[Care] = [care for care in cares.courses if care.readings]
    return found[0].episode_id if found else "in no series"


@pytest.mark.parametrize(("days", "courses"), [(90, 1), (91, 2)])
def test_visits_without_an_episode_divide_where_more_than_ninety_days_lie_between(
    days: int, courses: int
) -> None:
    later = visit(1)._replace(at=week(0) + timedelta(days=days))
    assert len(divided(history(visit(0), later)).courses) == courses


def test_a_visit_that_did_not_take_place_divides_nothing_and_goes_with_the_course_before() -> None:
    missed = [visit(number, "no_show") for number in (-1, 8, 30)]
    found = visits_of(divided(history(visit(0), visit(20), *missed)))
    assert found == [(None, ["visit-0", "visit--1", "visit-8"]), (None, ["visit-20", "visit-30"])]


def test_courses_are_in_order_of_their_first_visit_and_those_without_one_come_last() -> None:
    known = history(
        of_episode(3, "a"),
        visit(1),
        episodes=[episode("a", 0), episode("none", -5), episode("later", 300)],
    )
    assert [id for id, _ in visits_of(divided(known))] == [None, "a", "none"]


TWO = history(
    of_episode(0, "a"),
    of_episode(1, "a"),
    of_episode(20, "b"),
    episodes=[episode("a", 0, 2), episode("b", 19)],
)


@pytest.mark.parametrize(
    ("value", "belongs"),
    [
        (outside(0.5, 5), "a"),
        (outside(13.8, 5), "a"),
        (outside(19, 5), "b"),
        (outside(25, 5), "b"),
        (outside(60, 5), "alone"),
        (outside(-50, 5), "a"),
        (outside(60, 5)._replace(episode_id="b"), "b"),
        (outside(1.01, 5), "in no series"),
    ],
)
def test_a_value_belongs_to_the_only_course_that_was_under_way(
    value: Reading, belongs: str
) -> None:
    assert course_of_value(TWO, value) == belongs


def test_a_value_while_two_courses_are_under_way_stands_alone() -> None:
    both = history(
        of_episode(0, "a"), of_episode(1, "b"), episodes=[episode("a", 0), episode("b", 0)]
    )
    assert course_of_value(both, outside(2.5, 5)) == "alone"


def test_a_course_shows_visits_without_its_episode_and_its_longest_gap() -> None:
    known = history(
        *(of_episode(number, "a") for number in (0, 1, 20)),
        *(visit(number) for number in (-1, 5, 30)),
        episodes=[episode("a", 0, 22)],
    )
    course = course_of(known.visits, Clock())
    cares = divided(known).courses
    [care] = [care for care in cares if care.episode_id == "a"]
    assert unlinked_visits(care, course, cares, AS_OF) == 1
    assert longest_gap_days(care) == 19 * 7


def counted(known: History, *events: Event) -> list[tuple[str | None, bool]]:
    known = known._replace(events=events)
    course, cares = course_of(known.visits, Clock()), divided(known).courses
    found = placed(known, cares, course, Clock())
    return [
        (None if one.course is None else cares[one.course].episode_id, one.by_date) for one in found
    ]


def happened(number: float, **of: str) -> Event:
    return Event(week(number), "bruise", "mild", close_call=False, **of)


def test_an_event_belongs_to_its_session_or_its_episode_or_to_the_last_visit_before_it() -> None:
    known = TWO._replace(voided={"void": "b", "loose": None})
    events = [
        happened(0, session_id="visit-0", episode_id="b"),
        happened(50, episode_id="b"),
        happened(1, session_id="void"),
        happened(1, session_id="loose"),
        happened(3),
        happened(3.2),
        happened(-1),
    ]
    assert counted(known, *events) == [
        ("a", False),
        ("b", False),
        ("b", False),
        ("a", True),
        ("a", True),
        (None, False),
        (None, False),
    ]


def test_an_event_after_visits_of_two_courses_at_one_instant_is_unattributed() -> None:
    twin = of_episode(0, "b")._replace(session_id="twin")
    both = history(of_episode(0, "a"), twin, episodes=[episode("a", 0), episode("b", 0)])
    assert counted(both, happened(1)) == [(None, False)]


def test_close_calls_are_counted_only_as_close_calls() -> None:
    known = TWO._replace(events=[happened(0)._replace(close_call=True), happened(0)])
    course, cares = course_of(known.visits, Clock()), divided(known).courses
    shown = adverse_events(placed(known, cares, course, Clock()))
    assert (shown["mild"], shown["close_calls"], shown["serious"]) == (1, 1, 0)
