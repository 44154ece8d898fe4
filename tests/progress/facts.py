"""Facts for the rules of progress in short notation: one visit a week, counted from 0."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from app.progress.rules.courses import cares_of
from app.progress.rules.history import (
    Clock,
    Course,
    History,
    Needlings,
    Reading,
    Scale,
    Thresholds,
    Visit,
    course_of,
    instant,
)
from app.progress.rules.measures import Series, series_of

START = datetime(2026, 2, 2, 18, tzinfo=UTC)


class Needled(NamedTuple):
    """One needling, as a row."""

    session_id: str
    muscle: str
    side: str
    spinal_level: str | None
    needles: int
    insertions: int
    twitches: int | None
    ache: int | None
    release: str | None
    grasp: str | None
    retention_s: int | None = None
    release_after_s: int | None = None


def needlings(rows: Iterable[Needled]) -> Needlings:
    """The needlings, in the form that the rules take."""
    known = [row._asdict() | {"place": (row.muscle, row.side, row.spinal_level)} for row in rows]
    return Needlings(**{name: [row[name] for row in known] for name in Needlings._fields})


def week(number: float) -> datetime:
    """The time of a visit; a fraction is a time between two visits."""
    return START + timedelta(weeks=number)


def visit(number: int, attendance: str = "attended", status: str = "signed") -> Visit:
    """The visit of a week, to Dana, of 45 minutes."""
    return Visit(
        session_id=f"visit-{number}",
        at=week(number),
        attendance=attendance,
        duration_min=45,
        status=status,
        practitioner_id="dana",
    )


def course(*visits: Visit) -> Course:
    """The course of these visits."""
    return course_of(visits, Clock())


def weekly(count: int) -> Course:
    """A course of ``count`` weekly visits."""
    return course(*map(visit, range(count)))


def reading(number: int, value: float, instrument: str = "nprs") -> Reading:
    """A value taken before the needling of a week's visit."""
    return outside(number, value, instrument=instrument)._replace(session_id=f"visit-{number}")


def outside(
    number: float, value: float, phase: str = "before", instrument: str = "nprs"
) -> Reading:
    """A value taken outside of any visit."""
    return Reading(
        session_id=None,
        phase=phase,
        instrument=instrument,
        activity=None,
        side=None,
        muscle=None,
        value=value,
        at=week(number),
    )


def needled(
    number: int,
    release: str | None = None,
    *,
    ache: int | None = None,
    twitches: int | None = None,
    grasp: str | None = None,
    muscle: str = "infraspinatus",
) -> Needled:
    """A needling of the left side at a week's visit, with one needle and three insertions."""
    return Needled(
        session_id=f"visit-{number}",
        muscle=muscle,
        side="left",
        spinal_level=None,
        needles=1,
        insertions=3,
        twitches=twitches,
        ache=ache,
        release=release,
        grasp=grasp,
    )


def scale(
    mdc: float | None = None, mcid: float | None = None, percent: float | None = None
) -> Scale:
    """A scale on which lower is better."""
    return Scale("lower", Thresholds("made-up", "made-up patients", mdc, mcid, percent, "by hand"))


def series(values: Sequence[float], on: Scale) -> Series:
    """A series of weekly values on a scale."""
    readings = [reading(number, value) for number, value in enumerate(values)]
    return collected(weekly(len(values)), readings, {"nprs": on})[0]


def collected(
    visited: Course, readings: Sequence[Reading], scales: Mapping[str, Scale]
) -> list[Series]:
    """The series of these readings, those of no course last."""
    visits = [
        Visit(one.session_id, one.at, "attended", 45, "signed", "dana") for one in visited.values()
    ]
    history = History(lambda code, *_: scales[code], visits, readings=readings)
    cares = cares_of(history, visited, instant(week(999)), Clock(), ())
    return [
        found
        for care in (*cares.courses, cares.alone)
        for found in series_of(care, history.scale, Clock())
    ]
