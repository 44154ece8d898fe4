"""Each muscle's own series: how it felt and whether it released, session by session.

A series is keyed by muscle, side and spinal level. How often it released is given as counts
over its treated sessions, never as a mean of those that did. Who examined stands beside each
point and is counted, because two examiners agree poorly on the same taut band (kappa -0.05 to
0.46): a curve breaks where the examiner changes, and points of one curve share its number.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from app.progress.rules.history import Course, Json, Needled
from app.progress.rules.release import time_to_release
from app.progress.rules.visits import Rows

Key = tuple[str, str, str | None]
"""Muscle, side, spinal level."""

RELEASES = {None: 0, "none": 1, "partial": 2, "complete": 3}
GRASPS = {None: 0, "none": 1, "mild": 2, "moderate": 3, "strong": 4}


def muscles(course: Course, rows: Rows) -> list[Json]:
    """The document's `muscles`: the most treated first, then by muscle, side and level."""
    visits: defaultdict[Key, list[tuple[Any, ...]]] = defaultdict(list)
    treated: defaultdict[Key, list[Needled]] = defaultdict(list)
    for session_id, needled in rows.items():
        visit = tuple(course[session_id])  # a bare one is taken apart in a quarter of the time
        for row in needled:
            key = row[1:4]
            visits[key].append(visit)
            treated[key].append(row)
    series = [_series(key, _points(visits[key], rows), rows) for key, rows in treated.items()]
    return sorted(series, key=_most_treated_first)


def _points(visits: Sequence[tuple[Any, ...]], rows: Sequence[Needled]) -> list[Json]:
    """A point for each session, numbered by its curve: another examiner begins the next one.

    Several needlings of one key in one session are one point: the highest ache, the best
    release, the strongest grasp and the sum of the twitches, each over those that are known.
    """
    points: list[Json] = []
    curve, examiner, session = 0, None, None
    for visit, row in zip(visits, rows, strict=True):
        _, session_id, at, draft, practitioner_id, _ = visit
        _, _, _, _, _, _, twitches, ache, release, grasp, _, _ = row
        if practitioner_id != examiner:
            curve, examiner = curve + 1, practitioner_id
        point = {
            "session_id": session_id,
            "at": at,
            "ache": ache,
            "release": release,
            "twitches": twitches,
            "grasp": grasp,
            "practitioner_id": practitioner_id,
            "draft": draft,
            "curve": curve,
        }
        if session_id == session:
            _join(points[-1], point)
        else:
            points.append(point)
            session = session_id
    return points


def _join(point: Json, further: Json) -> None:
    """Add a further needling of the same session to its point."""
    if further["ache"] is not None:
        point["ache"] = max(further["ache"], point["ache"] or 0)
    if further["twitches"] is not None:
        point["twitches"] = further["twitches"] + (point["twitches"] or 0)
    point["release"] = max(point["release"], further["release"], key=RELEASES.__getitem__)
    point["grasp"] = max(point["grasp"], further["grasp"], key=GRASPS.__getitem__)


def _most_treated_first(series: Json) -> tuple[int, str, str, str]:
    return -series["treated"], series["muscle"], series["side"], series["spinal_level"] or ""


def _series(key: Key, points: list[Json], needled: list[Needled]) -> Json:
    """Sum up one muscle's points, which are in order of time.

    A point whose release is not known counts as treated, and in none of the three counts.
    """
    muscle, side, spinal_level = key
    releases = [point["release"] for point in points]
    released = releases.index("complete") if "complete" in releases else None
    return {
        "muscle": muscle,
        "side": side,
        "spinal_level": spinal_level,
        "treated": len(points),
        "examiners": len({point["practitioner_id"] for point in points}),
        "released_complete": releases.count("complete"),
        "released_partial": releases.count("partial"),
        "not_released": releases.count("none"),
        "sessions_to_release": None if released is None else released + 1,
        "first_released_at": None if released is None else points[released]["at"],
        "last_treated_at": points[-1]["at"],
        "time_to_release": time_to_release(needled),
        "ache": {"first": _first_ache(points), "latest": _first_ache(reversed(points))},
        "points": points,
    }


def _first_ache(points: Iterable[Json]) -> int | None:
    return next((point["ache"] for point in points if point["ache"] is not None), None)
