"""A second opinion on progress: the contract's words over the records, naively and with `scipy`.

It shares nothing with the rules it is held against. It reads the records of one patient in the
form in which they are sent and imported, and answers with what it has an opinion on.
"""

import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache
from itertools import pairwise
from statistics import median
from typing import Any

import pytest
from scipy import stats

Record = dict[str, Any]
KNOWN_P_UP_TO = 9
"""Up to this many values all orders of them are counted here."""


def disagreements(ours: Any, theirs: Any, where: str = "") -> list[str]:
    """Where a document differs from the second opinion on what the latter has an opinion on."""
    if isinstance(theirs, dict):
        return [
            fault
            for name, value in theirs.items()
            for fault in disagreements(ours[name], value, f"{where}/{name}")
        ]
    if isinstance(theirs, list) and len(ours) == len(theirs):
        return [
            fault
            for index, (mine, value) in enumerate(zip(ours, theirs, strict=True))
            for fault in disagreements(mine, value, f"{where}/{index}")
        ]
    if isinstance(theirs, datetime) and isinstance(ours, str):
        ours = datetime.fromisoformat(ours)
    if isinstance(theirs, float) and isinstance(ours, float | int):
        ours = pytest.approx(ours, abs=1e-6)
    return [] if ours == theirs else [f"{where}: {ours} and not {theirs}"]


def second_opinion(
    records: Sequence[Record], as_of: datetime, scales: Mapping[str, Record]
) -> Record:
    """What the progress of one patient's unvoided ``records`` should say.

    ``scales`` gives each instrument its `better`, `mdc` and `mcid`.
    """
    visits = [row for row in records if row["type"] == "session"]
    attended = sorted(
        (row for row in visits if row["attendance"] == "attended"),
        key=lambda row: (_time(row["occurred_at"]), row["id"]),
    )
    needlings = [row for visit in attended for row in visit.get("needlings", [])]
    times = [_time(visit["occurred_at"]) for visit in attended]
    gaps = [(later - earlier) / timedelta(days=1) for earlier, later in pairwise(times)]
    kinds = Counter(row["attendance"] for row in visits)
    events = [row for row in records if row["type"] == "adverse_event"]
    return {
        "sessions": {kind: kinds[kind] for kind in ("attended", "cancelled", "no_show", "declined")}
        | {
            "first_at": times[0] if times else None,
            "last_at": times[-1] if times else None,
            "median_gap_days": median(gaps) if gaps else None,
        },
        "dose": {
            "needlings": len(needlings),
            "muscles": len({row["muscle"] for row in needlings}),
            "needles": sum(row["needles"] for row in needlings),
            "insertions": sum(row["insertions"] for row in needlings),
            "twitches": sum(row["twitches"] or 0 for row in needlings),
            "minutes": sum(visit["duration_min"] or 0 for visit in attended),
        },
        "measures": _measures(records, attended, scales),
        "soreness": _soreness(records, attended, as_of),
        "muscles": _muscles(attended),
        "adverse_events": {
            severity: sum(row["severity"] == severity and not row["close_call"] for row in events)
            for severity in ("mild", "significant", "serious")
        }
        | {"close_calls": sum(row["close_call"] for row in events)},
    }


def exact_p(values: Sequence[float]) -> float:
    """Two-sided Mann-Kendall p over all distinct orders of the values."""

    @cache
    def scores(left: tuple[int, ...]) -> Counter[int]:
        if not any(left):
            return Counter({0: 1})
        found: Counter[int] = Counter()
        for level in (level for level, count in enumerate(left) if count):
            rest = (*left[:level], left[level] - 1, *left[level + 1 :])
            step = sum(rest[level + 1 :]) - sum(rest[:level])
            for score, ways in scores(rest).items():
                found[score + step] += ways
        return found

    pairs = [(values[i], later) for j, later in enumerate(values) for i in range(j)]
    observed = abs(sum((later > earlier) - (later < earlier) for earlier, later in pairs))
    levels = Counter(values)
    ways = scores(tuple(levels[level] for level in sorted(levels)))
    return sum(n for score, n in ways.items() if abs(score) >= observed) / sum(ways.values())


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _mean(values: Iterable[float]) -> Fraction:
    exact = [Fraction(str(value)) for value in values]
    return sum(exact, Fraction(0)) / len(exact)


def _trend(times: Sequence[datetime], values: Sequence[float]) -> Record:
    moments = sorted(set(times))
    weeks = [(time - moments[0]) / timedelta(weeks=1) for time in times]
    each = [
        float(_mean(value for at, value in zip(times, values, strict=True) if at == moment))
        for moment in moments
    ]
    opinion: Record = {
        "n": len(values),
        "per_week": None,
        "evidence": "tested" if len(moments) >= 10 else "descriptive",
    }
    if len(moments) > 1:
        with warnings.catch_warnings(action="ignore"):  # of its interval, not of its slope
            opinion["per_week"] = float(stats.theilslopes(values, weeks).slope)
    if len(moments) <= KNOWN_P_UP_TO:
        opinion["p"] = exact_p(each) if len(moments) >= 5 else None
    return opinion


def _measures(
    records: Sequence[Record], attended: Sequence[Record], scales: Mapping[str, Record]
) -> list[Record]:
    found: dict[tuple[str, ...], dict[tuple[datetime, str], list[float]]]
    found = defaultdict(lambda: defaultdict(list))
    in_sessions = [
        (visit["occurred_at"], visit["id"], row)
        for visit in attended
        for row in visit.get("measurements", [])
    ]
    outside = [(row["taken_at"], "", row) for row in records if row["type"] == "measurement"]
    for at, session_id, row in in_sessions + outside:
        if row["phase"] == "before":
            key = (row["instrument"], *(row.get(name) or "" for name in ("activity", "side")))
            found[key][_time(at), session_id].append(row["value"])
    start = _time(attended[0]["occurred_at"]) if attended else None
    return [_measure(key, found[key], start, scales[key[0]]) for key in sorted(found)]


def _measure(
    key: tuple[str, ...],
    occasions: Mapping[tuple[datetime, str], list[float]],
    start: datetime | None,
    scale: Record,
) -> Record:
    points = [(at, _mean(occasions[at, place])) for at, place in sorted(occasions)]
    before = [value for at, value in points if start is None or at <= start] or [points[0][1]]
    baseline = sum(before, Fraction(0)) / len(before)
    values = [value for _, value in points]
    best = max(values) if scale["better"] == "higher" else min(values)
    change = points[-1][1] - baseline
    gain = change if scale["better"] == "higher" else -change
    mdc, mcid = (scale[name] and Fraction(str(scale[name])) for name in ("mdc", "mcid"))
    return {
        "instrument": key[0],
        "activity": key[1] or None,
        "side": key[2] or None,
        "better": scale["better"],
        "baseline": {"value": float(baseline), "n": len(before), "at": points[0][0]},
        "latest": {"value": float(points[-1][1]), "at": points[-1][0]},
        "best": {
            "value": float(best),
            "at": next(at for at, value in points if value == best),
        },
        "change": float(change),
        "exceeds_mdc": abs(gain) >= mdc if mdc else None,
        "reaches_mcid": gain >= mcid if mcid else None,
        "verdict": _verdict(gain, mdc, mcid) if len(points) > len(before) else "insufficient",
        "trend": _trend([at for at, _ in points], [float(value) for value in values]),
        "points": [{"at": at, "value": float(value)} for at, value in points],
    } | ({"change_percent": None} if baseline == 0 else {})


def _verdict(gain: Fraction, mdc: Fraction | None, mcid: Fraction | None) -> str:
    if not mdc and not mcid:
        return "insufficient"
    if -gain >= max(mdc or 0, mcid or 0):
        return "worse"
    if gain < (mcid or mdc or 0):
        return "stable"
    return "improved_important" if mcid and gain >= (mdc or 0) else "improved_uncertain"


def _soreness(records: Sequence[Record], attended: Sequence[Record], as_of: datetime) -> Record:
    reports = defaultdict(list)
    for row in records:
        if row["type"] == "follow_up":
            reports[row["session_id"]].append((_time(row["reported_at"]), row["soreness"]))
    sessions = []
    for visit in attended:
        at, told = _time(visit["occurred_at"]), reports[visit["id"]]
        hours = [((when - at) / timedelta(hours=1), value) for when, value in told]
        twitches = [row["twitches"] for row in visit.get("needlings", [])]
        known = [count for count in twitches if count is not None]
        sessions.append(
            {
                "session_id": visit["id"],
                "at": at,
                "peak": max((value for _, value in hours), default=None),
                "h24": max((value for h, value in hours if 18 <= h < 36), default=None),
                "h48": max((value for h, value in hours if 36 <= h < 60), default=None),
                "reports": len(told),
                "insertions": sum(row["insertions"] for row in visit.get("needlings", [])),
                "twitches": sum(known) if known else None,
            }
        )
    asked = [one for one in sessions if as_of - one["at"] >= timedelta(hours=18)]
    sore = [one for one in sessions if one["reports"]]
    return {
        "asked": len(asked),
        "answered": sum(one["reports"] > 0 for one in asked),
        "sessions": sessions,
        "trend": _trend([one["at"] for one in sore], [one["peak"] for one in sore])
        if sore
        else {"n": 0, "per_week": None, "p": None},
    }


def _muscles(attended: Sequence[Record]) -> list[Record]:
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
            "session_id": visit["id"],
            "at": _time(visit["occurred_at"]),
            "ache": _highest([row["ache"] for row in rows]),
            "release": _last(["none", "partial", "complete"], [row["release"] for row in rows]),
            "grasp": _last(["none", "mild", "moderate", "strong"], [row["grasp"] for row in rows]),
            "twitches": _total([row["twitches"] for row in rows]),
            "practitioner_id": visit["practitioner_id"],
        }
        for visit, rows in sessions
    ]
    complete = [index for index, point in enumerate(points) if point["release"] == "complete"]
    aches = [point["ache"] for point in points if point["ache"] is not None]
    return {
        "muscle": key[0],
        "side": key[1],
        "spinal_level": key[2] or None,
        "treated": len(points),
        "examiners": len({point["practitioner_id"] for point in points}),
        "released_complete": len(complete),
        "released_partial": sum(point["release"] == "partial" for point in points),
        "not_released": sum(point["release"] == "none" for point in points),
        "sessions_to_release": complete[0] + 1 if complete else None,
        "first_released_at": points[complete[0]]["at"] if complete else None,
        "last_treated_at": points[-1]["at"],
        "ache": {"first": aches[0] if aches else None, "latest": aches[-1] if aches else None},
        "points": points,
    }


def _highest(values: Sequence[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)


def _total(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _last(order: Sequence[str], values: Sequence[str | None]) -> str | None:
    return next((one for one in reversed(order) if one in values), None)
