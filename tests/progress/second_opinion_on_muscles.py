"""The part of the second opinion that is about muscles and releases: the standard library alone."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any

Record = dict[str, Any]


def muscles(attended: Sequence[Record]) -> list[Record]:
    """The document's `muscles`, of visits in order of time."""
    treated: dict[tuple[str, str, str], list[tuple[Record, list[Record]]]] = defaultdict(list)
    for visit in attended:
        rows = visit.get("needlings", [])
        for key in {(row["muscle"], row["side"], row["spinal_level"] or "") for row in rows}:
            mine = [
                row
                for row in rows
                if (row["muscle"], row["side"], row["spinal_level"] or "") == key
            ]
            treated[key].append((visit, mine))
    return [
        _muscle(key, treated[key]) for key in sorted(treated, key=lambda k: (-len(treated[k]), k))
    ]


def _muscle(key: tuple[str, str, str], sessions: list[tuple[Record, list[Record]]]) -> Record:
    points = [
        {
            **({} if visit["id"] is None else {"session_id": visit["id"]}),
            "at": datetime.fromisoformat(visit["occurred_at"]),
            "ache": _highest([row["ache"] for row in rows]),
            "release": _last(["none", "partial", "complete"], [row["release"] for row in rows]),
            "grasp": _last(["none", "mild", "moderate", "strong"], [row["grasp"] for row in rows]),
            "twitches": _total([row["twitches"] for row in rows]),
            "practitioner_id": visit["practitioner_id"],
            "draft": any(row["draft"] for row in rows),
            "curve": 1,
        }
        for visit, rows in sessions
    ]
    for earlier, later in pairwise(points):
        another = later["practitioner_id"] != earlier["practitioner_id"]
        later["curve"] = earlier["curve"] + another
    complete = [index for index, point in enumerate(points) if point["release"] == "complete"]
    aches = [point["ache"] for point in points if point["ache"] is not None]
    return {
        "muscle": key[0],
        "side": key[1],
        "spinal_level": key[2] or None,
        "treated": len(points),
        "examiners": len({row["practitioner_id"] for _, rows in sessions for row in rows}),
        "released_complete": len(complete),
        "released_partial": sum(point["release"] == "partial" for point in points),
        "not_released": sum(point["release"] == "none" for point in points),
        "sessions_to_release": complete[0] + 1 if complete else None,
        "first_released_at": points[complete[0]]["at"] if complete else None,
        "last_treated_at": points[-1]["at"],
        "time_to_release": time_to_release([row for _, rows in sessions for row in rows]),
        "ache": {"first": aches[0] if aches else None, "latest": aches[-1] if aches else None},
        "points": points,
    }


def time_to_release(needlings: Sequence[Record]) -> Record:
    """The median by Kaplan and Meier, in fractions."""
    times = [
        (row["release_after_s"], True)
        for row in needlings
        if row["release"] == "complete" and row.get("release_after_s") is not None
    ] + [
        (row["retention_s"], False)
        for row in needlings
        if row["release"] in {"partial", "none"} and row.get("retention_s") is not None
    ]
    left, median_s = Fraction(1), None
    for at in sorted({at for at, released in times if released}):
        still_in = sum(after >= at for after, _ in times)
        released = sum(is_released for after, is_released in times if after == at)
        left *= Fraction(still_in - released, still_in)
        if median_s is None and left <= Fraction(1, 2):
            median_s = at
    return {
        "method": "kaplan_meier",
        "n": len(times),
        "released": sum(is_released for _, is_released in times),
        "median_s": median_s,
    }


def _highest(values: Sequence[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)


def _total(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _last(order: Sequence[str], values: Sequence[str | None]) -> str | None:
    return next((one for one in reversed(order) if one in values), None)
