"""The series of each muscle: its ache and its release, session by session.

A series is keyed by muscle, side and spinal level. Releases are given as counts over the treated
sessions, never as a mean over the sessions with a release. Each point names the examiner, because
two examiners agree poorly on the same taut band (kappa -0.05 to 0.46). So a curve breaks where
the examiner changes. Points of one curve share its number.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import groupby
from operator import itemgetter

from app.progress.rules.history import Course, Json, Needlings, Place
from app.progress.rules.release import Timed, time_to_release, times_of

RELEASES = {None: 0, "none": 1, "partial": 2, "complete": 3}
GRASPS = {None: 0, "none": 1, "mild": 2, "moderate": 3, "strong": 4}

_session_of = itemgetter("session_id")


def muscles(
    course: Course,
    needlings: Needlings,
    label: Json | None = None,
    shown: Callable[[int], bool] | None = None,
) -> list[Json]:
    """The document's `muscles`: the most treated first, then by muscle, side and level.

    `label` names the course of care. `shown` says of which instants the points are listed.
    """
    times: defaultdict[Place, list[Timed]] = defaultdict(list)
    for place, timed in times_of(needlings):
        times[place].append(timed)
    points = _points(course, needlings)
    instants = {id: visit.instant for id, visit in course.items()}
    several = len(set(instants.values())) < len(instants)
    group = (lambda point: instants[point["session_id"]]) if several else _session_of
    series = [
        {
            "course": label,
            **_series(place, _of_occasions(some, group), times[place], _examiners(some)),
        }
        for place, some in points.items()
    ]
    if shown is not None:
        for one in series:
            one["points"] = [each for each in one["points"] if shown(instants[each["session_id"]])]
    return sorted(series, key=_most_treated_first)


def _points(course: Course, needlings: Needlings) -> dict[Place, list[Json]]:
    """A point for each needling, in order of time.

    Each is a copy of its session's empty point; building a new dict takes twice as long.
    """
    empty: dict[str, Json] = {
        session_id: {
            "session_id": session_id,
            "at": visit.at,
            "ache": None,
            "release": None,
            "twitches": None,
            "grasp": None,
            "practitioner_id": visit.practitioner_id,
            "draft": visit.draft,
            "curve": 1,
        }
        for session_id, visit in course.items()
    }
    points: defaultdict[Place, list[Json]] = defaultdict(list)
    for session_id, place, ache, release, twitches, grasp in zip(
        needlings.session_id,
        needlings.place,
        needlings.ache,
        needlings.release,
        needlings.twitches,
        needlings.grasp,
        strict=True,
    ):
        point = empty[session_id].copy()
        point["ache"] = ache
        point["release"] = release
        point["twitches"] = twitches
        point["grasp"] = grasp
        points[place].append(point)
    return points


def _of_occasions(points: list[Json], occasion_of: Callable[[Json], object]) -> list[Json]:
    """One point for all sessions of one instant, however often the muscle was needled then."""
    if len(set(map(occasion_of, points))) == len(points):
        return points
    return [_joined(list(same)) for _, same in groupby(points, occasion_of)]


def _joined(points: Sequence[Json]) -> Json:
    """The highest ache, the best release, the strongest grasp and the sum of the twitches.

    Unknown values are ignored.
    """
    counted = [point["twitches"] for point in points if point["twitches"] is not None]
    return points[0] | {
        "ache": max(_aches(points), default=None),
        "release": max((point["release"] for point in points), key=RELEASES.__getitem__),
        "twitches": sum(counted) if counted else None,
        "grasp": max((point["grasp"] for point in points), key=GRASPS.__getitem__),
        "draft": any(point["draft"] for point in points),
    }


def _examiners(points: Iterable[Json]) -> set[str]:
    """The practitioners who needled, of points that are not joined yet."""
    return {point["practitioner_id"] for point in points}


def _series(
    place: Place, points: list[Json], times: Iterable[Timed], examiners: Collection[str]
) -> Json:
    """Summarise one muscle's points, which are in order of time.

    A point without a recorded release counts as treated, but in none of the three release counts.
    """
    muscle, side, spinal_level = place
    if len(examiners) > 1:
        _break(points)
    releases = [point["release"] for point in points]
    released = releases.index("complete") if "complete" in releases else None
    aches = _aches(points)
    return {
        "muscle": muscle,
        "side": side,
        "spinal_level": spinal_level,
        "treated": len(points),
        "examiners": len(examiners),
        "released_complete": releases.count("complete"),
        "released_partial": releases.count("partial"),
        "not_released": releases.count("none"),
        "sessions_to_release": None if released is None else released + 1,
        "first_released_at": None if released is None else points[released]["at"],
        "last_treated_at": points[-1]["at"],
        "time_to_release": time_to_release(times),
        "ache": {"first": aches[0] if aches else None, "latest": aches[-1] if aches else None},
        "points": points,
    }


def _break(points: Iterable[Json]) -> None:
    """Number the curves: a new one begins where the examiner changes."""
    same = groupby(points, itemgetter("practitioner_id"))
    for curve, (_, some) in enumerate(same, 1):
        for point in some:
            point["curve"] = curve


def _aches(points: Iterable[Json]) -> list[int]:
    return [point["ache"] for point in points if point["ache"] is not None]


def _most_treated_first(series: Json) -> tuple[int, str, str, str]:
    return -series["treated"], series["muscle"], series["side"], series["spinal_level"] or ""
