"""A second opinion on how needling is tolerated: by docs/progress.md alone."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from tests.progress.second_opinion_on_courses import time
from tests.progress.second_opinion_on_trends import mean, trend

Record = dict[str, Any]
CHANGES = ("much_worse", "worse", "same", "better", "much_better")


def soreness(
    records: Sequence[Record], attended: Sequence[Record], as_of: datetime, zone: tzinfo
) -> Record:
    """The document's `soreness` of these visits."""
    told: dict[str, list[Record]] = defaultdict(list)
    for row in (row for row in records if row["type"] == "follow_up"):
        told[row["session_id"]].append(row)
    sessions, everything = [], []
    for visit in attended:
        at = time(visit["occurred_at"])
        hours = [
            ((time(row["reported_at"]) - at) / timedelta(hours=1), row["soreness"])
            for row in told[visit["id"]]
        ]
        everything += [(hour, row) for (hour, _), row in zip(hours, told[visit["id"]], strict=True)]
        sessions.append(
            {
                "session_id": visit["id"],
                "at": at,
                "peak": max((value for h, value in hours if 18 <= h < 60), default=None),
                "h24": max((value for h, value in hours if 18 <= h < 36), default=None),
                "h48": max((value for h, value in hours if 36 <= h < 60), default=None),
                "early": max((value for h, value in hours if h < 18), default=None),
                "late": max((value for h, value in hours if h >= 60), default=None),
                "worst": max(_known(told[visit["id"]], "worst_soreness"), default=None),
                "reports": len(hours),
                "insertions": sum(row["insertions"] for row in visit.get("needlings", [])),
                "twitches": total(row["twitches"] for row in visit.get("needlings", [])),
                "draft": visit.get("status", "draft") == "draft",
            }
        )
    asked = [
        one
        for one, visit in zip(sessions, attended, strict=True)
        if visit.get("needlings") and as_of - one["at"] >= timedelta(hours=18)
    ]
    sore: dict[datetime, list[float]] = defaultdict(list)
    for one in sessions:
        if one["peak"] is not None:
            sore[one["at"]].append(one["peak"])
    rows = [row for _, row in everything]
    felt = _known(rows, "change")
    return {
        "asked": len(asked),
        "answered": sum(one["peak"] is not None for one in asked),
        "early": sum(hour < 18 for hour, _ in everything),
        "late": sum(hour >= 60 for hour, _ in everything),
        **{
            name: {"n": len(_known(rows, name)), "yes": sum(_known(rows, name))}
            for name in ("bruising", "fatigue", "headache")
        },
        "interference": {
            "n": len(_known(rows, "interference")),
            "highest": max(_known(rows, "interference"), default=None),
        },
        "change": {"n": len(felt)} | {word: felt.count(word) for word in CHANGES},
        "sessions": sessions,
        "trend": trend(sorted(sore), [float(mean(sore[at])) for at in sorted(sore)], zone),
    }


def _known(rows: Sequence[Record], name: str) -> list[Any]:
    return [row[name] for row in rows if row.get(name) is not None]


def total(counts: Iterable[int | None]) -> int | None:
    """The sum of what was counted; None where nothing was."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
