"""A second opinion on progress: the contract's words over the records, naively and with `scipy`.

It shares nothing with the rules it is held against. It reads the records of one patient in the
form in which they are sent and imported, and answers with what it has an opinion on.
"""

import warnings
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from itertools import pairwise
from statistics import median
from typing import Any

import pytest
from scipy import stats

from tests.progress import second_opinion_on_chance as chance
from tests.progress.second_opinion_on_muscles import muscles, time_to_release

Record = dict[str, Any]
KEY = ("activity", "side", "muscle")
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


def differences(
    ours: Record, records: Sequence[Record], as_of: datetime, scales: Mapping[str, Record]
) -> list[str]:
    """Where a document differs from what one patient's unvoided ``records`` should make it say."""
    came_back = [flag for flag in ours["flags"] if flag["episode_id"] is not None]
    whose = ("instrument", *KEY, "region")
    turned = [
        {
            **measure,
            "flags": [
                flag
                for flag in ours["flags"]
                if flag["episode_id"] is None and all(flag[name] == measure[name] for name in whose)
            ],
        }
        for measure in ours["measures"]
    ]
    return [
        *disagreements({**ours, "measures": turned}, second_opinion(records, as_of, scales)),
        *disagreements(came_back, _came_back(records), "/flags"),
    ]


def second_opinion(
    records: Sequence[Record], as_of: datetime, scales: Mapping[str, Record]
) -> Record:
    """What the progress of one patient's unvoided ``records`` should say.

    ``scales`` gives each instrument its `better`, `best`, `mdc` and `mcid`.
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
            "drafts": sum(row.get("status", "draft") == "draft" for row in attended),
        },
        "plans": _plans(records, attended),
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
        "muscles": muscles(attended),
        "release": {
            "needlings": sum(row["release"] is not None for row in needlings),
            **{
                felt: sum(row["release"] == felt for row in needlings)
                for felt in ("complete", "partial", "none")
            },
            "time_to_release": time_to_release(needlings),
        },
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
    days = [moment.astimezone(UTC).date() for moment in moments]
    if days and days[-1] - days[0] >= timedelta(days=7):
        with warnings.catch_warnings(action="ignore"):  # of its interval, not of its slope
            opinion["per_week"] = float(stats.theilslopes(values, weeks).slope)
    if len(moments) <= KNOWN_P_UP_TO:
        opinion["p"] = exact_p(each) if len(moments) >= 5 else None
    return opinion


def _plans(records: Sequence[Record], attended: Sequence[Record]) -> list[Record]:
    plans = []
    for row in sorted(_of_type(records, "episode"), key=lambda row: _time(row["opened_at"])):
        mine = [visit for visit in attended if visit.get("episode_id") == row["id"]]
        times = [_time(visit["occurred_at"]) for visit in mine]
        weeks = (times[-1] - times[0]) / timedelta(weeks=1) if times else 0
        plans.append(
            {
                "episode_id": row["id"],
                "region": row["region"],
                "planned_sessions": row["plan"].get("sessions"),
                "planned_per_week": row["plan"].get("per_week"),
                "attended": len(mine),
                "per_week": (len(mine) - 1) / weeks if weeks else None,
            }
        )
    return plans


def _came_back(records: Sequence[Record]) -> list[Record]:
    """The flags of episodes that were opened within 90 clinic days after one of their region."""
    episodes = _of_type(records, "episode")
    found = []
    for later in sorted(episodes, key=lambda row: _time(row["opened_at"])):
        opened = _time(later["opened_at"])
        closed = [
            _time(row["closed_at"])
            for row in episodes
            if row is not later
            and row["region"] is not None
            and row["region"] == later["region"]
            and row.get("closed_at")
        ]
        days = [
            (opened.astimezone(UTC).date() - at.astimezone(UTC).date()).days
            for at in closed
            if at <= opened
        ]
        if days and min(days) <= 90:
            flag = {"code": "recurrence", "episode_id": later["id"], "since": opened}
            found.append(flag | {"days_after": min(days)})
    return found


def _of_type(records: Sequence[Record], kind: str) -> list[Record]:
    return [row for row in records if row["type"] == kind]


Occasions = Mapping[tuple[datetime, str], list[float]]


def _measures(
    records: Sequence[Record], attended: Sequence[Record], scales: Mapping[str, Record]
) -> list[Record]:
    sessions = {visit["id"]: visit for visit in attended}
    regions = {row["id"]: row["region"] or "" for row in _of_type(records, "episode")}
    found: dict[tuple[str, ...], dict[tuple[datetime, str], list[float]]]
    found = defaultdict(lambda: defaultdict(list))
    readings = [
        row | {"session_id": visit["id"]}
        for visit in attended
        for row in visit.get("measurements", [])
    ] + _of_type(records, "measurement")
    for row in readings:
        session_id = row.get("session_id")
        if row["phase"] != "before" or session_id not in {None, *sessions}:
            continue
        of = row if session_id is None else sessions[session_id]
        at = _time(row["taken_at"] if session_id is None else of["occurred_at"])
        alike = (row["instrument"], *(row.get(name) or "" for name in KEY))
        key = (*alike, regions.get(of.get("episode_id") or "", ""))
        found[key][at, session_id or ""].append(row["value"])
    for key in [key for key in found if not key[-1]]:
        others = [other for other in found if other[:-1] == key[:-1] and other[-1]]
        if len(others) == 1:
            for occasion, values in found.pop(key).items():
                found[others[0]][occasion] += values
    start = _time(attended[0]["occurred_at"]) if attended else None
    drafts = {visit["id"] for visit in attended if visit.get("status", "draft") == "draft"}
    return [_measure(key, found[key], start, scales[key[0]], drafts) for key in sorted(found)]


def _measure(
    key: tuple[str, ...],
    occasions: Occasions,
    start: datetime | None,
    scale: Record,
    drafts: Container[str],
) -> Record:
    points = [(at, _mean(occasions[at, place])) for at, place in sorted(occasions)]
    before = [value for at, value in points if start is None or at <= start] or [points[0][1]]
    baseline = sum(before, Fraction(0)) / len(before)
    values = [value for _, value in points]
    best = max(values) if scale["better"] == "higher" else min(values)
    better = 1 if scale["better"] == "higher" else -1
    later = [(at, better * (value - baseline)) for at, value in points[len(before) :]]
    change = better * later[-1][1] if later else None
    limits = chance.Limits(
        *(Fraction(str(scale[name])) if scale[name] else None for name in ("mdc", "mcid"))
    )
    room = None if scale["best"] is None else better * (Fraction(scale["best"]) - baseline)
    verdict = chance.verdict(later[-1][1], limits) if later else "insufficient"
    ways = {"improved_important": 1, "worse": -1}
    return {
        "instrument": key[0],
        "activity": key[1] or None,
        "side": key[2] or None,
        "muscle": key[3] or None,
        "region": key[4] or None,
        "better": scale["better"],
        "baseline": {"value": float(baseline), "n": len(before), "at": points[0][0]},
        "latest": {"value": float(points[-1][1]), "at": points[-1][0]},
        "best": {
            "value": float(best),
            "at": next(at for at, value in points if value == best),
        },
        "change": None if change is None else float(change),
        "exceeds_mdc": None if change is None or not limits.mdc else abs(change) >= limits.mdc,
        "reaches_mcid": None if change is None or not limits.mcid else abs(change) >= limits.mcid,
        "verdict": verdict,
        "reachable": {
            way: None
            if (scale[end] is not None or way == "worse") and not any(limits)
            else scale[end] is None
            or abs(Fraction(scale[end]) - baseline) >= max(filter(None, limits))
            for way, end in (("improved", "best"), ("worse", "worst"))
        },
        "provisional": verdict in ways and not chance.is_held(later, limits, ways[verdict]),
        "trend": _trend([at for at, _ in points], [float(value) for value in values]),
        "points": [
            {
                "session_id": session_id or None,
                "at": at,
                "value": float(value),
                "draft": session_id in drafts,
            }
            for (at, value), (_, session_id) in zip(points, sorted(occasions), strict=True)
        ],
        "responder": chance.responder(later, limits, room),
        "flags": chance.series_flags(later, limits, room),
    } | ({"change_percent": None} if baseline == 0 else {})


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
                "draft": visit.get("status", "draft") == "draft",
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
