"""How progress is worded and formatted in the picture, the console and the PDF.

The words say "changed by", never why: large changes occur by regression to the mean alone. A change
is never written without the number of values that it is from.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

Json = Mapping[str, Any]
Day = Callable[[str], str]
"""The clinic day of a time of the document, as it is written."""

NOTHING: Final = "\N{EN DASH}"
MINUS: Final = "\N{MINUS SIGN}"
P_LEAST: Final = 0.001
"""A smaller p is shown as "< 0.001"."""
CONCLUDED_FROM: Final = 5
"""With fewer values, no order of them is rare enough to be evidence of a trend."""
TOO_FEW: Final = f"fewer than {CONCLUDED_FROM} values: a trend may not be concluded"
ONE_VALUE: Final = (
    "The baseline is one value. A first value that was picked because it was high falls by itself."
)
TREND: Final = (
    "The slope a week is the median of the slopes between all pairs of values (Theil-Sen). p says"
    " how often chance alone would give an order at least as steady as theirs (Mann-Kendall)."
)
"""What a trend means, in plain words."""
NO_ROOM: Final = "the scale leaves no room to show it from here"
WITHIN_ERROR: Final = "within measurement error"
MEANING_UNKNOWN: Final = "whether it matters is not known"
NOT_CONFIRMED: Final = "not yet confirmed"
VERDICTS: Final = {
    "improved_important": "an important improvement",
    "improved_uncertain": "an improvement that may be measurement error: no MDC is known",
    "stable": "no worthwhile change",
    "worse_uncertain": "a worsening that may be measurement error: no MDC is known",
    "worse": "an important worsening",
    "insufficient": "too little is known to judge a change",
}
"""Each verdict where nothing else needs to be said of it: see `verdict_words`."""
UNCERTAIN: Final = {"improved_uncertain": "improved", "worse_uncertain": "worse"}
"""The direction of each uncertain verdict, as `reachable` names it."""
BASELINE: Final = "baseline"
"""The part of a series whose points the baseline is the mean of."""
SEVERITIES: Final = ("mild", "significant", "serious")
RELEASES: Final = {
    "none": "not released",
    "partial": "partly released",
    "complete": "completely released",
}


def number(value: float | None) -> str:
    """A number, with a proper minus sign; a dash for None."""
    return NOTHING if value is None else f"{value:g}".replace("-", MINUS)


def unit(code: str | None) -> str:
    """A unit in brackets, to follow the name of a measure; empty for a score (UCUM)."""
    return "" if code is None or code.startswith("{") else f" ({code})"


def signed(value: float) -> str:
    """A change with its sign; 0 has none."""
    return number(value) if value <= 0 else f"+{value:g}"


def short(value: float | None) -> str:
    """A number that may be computed, to two decimals; a dash for None."""
    return number(None if value is None else round(value, 2) + 0.0)


def per_week(slope: float | None) -> str:
    """A change per week, to two decimals; a dash for None."""
    return NOTHING if slope is None else signed(round(slope, 2) + 0.0)


def p_value(p: float | None) -> str:
    """A p value, to three decimals; a dash for None."""
    if p is None:
        return NOTHING
    return f"< {P_LEAST}" if p < P_LEAST else f"{p:.3f}"


def count(measure: Json) -> int:
    """From how many values a change is."""
    trend = measure["trend"]
    return len(measure["points"]) if trend is None else int(trend["n"])


def counted_change(measure: Json) -> str:
    """The change, with its percentage and the number of values; a dash where there is none."""
    change, percent = measure["change"], measure["change_percent"]
    if change is None:
        return NOTHING
    share = "" if percent is None else f" ({signed(round(percent, 1) + 0.0)} %)"
    return f"{signed(round(change, 2) + 0.0)}{share}, n = {count(measure)}"


def has_slope(trend: Json | None) -> bool:
    """Whether a slope may be shown: there is one, and it is from enough values."""
    return trend is not None and trend["per_week"] is not None and trend["n"] >= CONCLUDED_FROM


def counted_slope(trend: Json | None) -> str:
    """The slope per week, with the number of values; a dash where none may be shown."""
    if trend is None or not has_slope(trend):
        return NOTHING
    return f"{per_week(trend['per_week'])}, n = {trend['n']}"


def change_words(measure: Json) -> str:
    """The baseline, the latest value and the change between them, as one phrase."""
    base, latest = (
        member and member["value"] for member in (measure["baseline"], measure["latest"])
    )
    if measure["change"] is None:
        return f"{short(single(measure))}; {missing_words(measure)}"
    if rates_change(measure):
        return f"{signed(measure['latest']['value'])} since the start, n = {count(measure)}"
    return f"{short(base)} to {short(latest)}, changed by {counted_change(measure)}"


def rates_change(measure: Json) -> bool:
    """Whether each value is itself a change since the start: such a baseline has no value."""
    return measure["baseline"] is not None and measure["baseline"]["n"] == 0


def single(measure: Json) -> float | None:
    """The value to show where there is no change: the newest that was measured; None: none was.

    A rating of change begins at 0, which nobody measured.
    """
    listed = [point["value"] for point in measure["points"]]
    if rates_change(measure):
        return listed[-1] if listed else None
    known = measure["baseline"] or measure["latest"]
    return (listed[-1] if listed else None) if known is None else known["value"]


def missing_words(measure: Json) -> str:
    """Which value is missing, where a change can't be told."""
    if rates_change(measure):
        return "rated before the first needles, so it says nothing of what followed"
    if measure["baseline"] is not None:
        return "no later value to compare with yet"
    if measure["course"] is None:
        return "it belongs to no course of care, so it is compared with nothing"
    if any(point["part"] == BASELINE for point in measure["points"]):
        return "its movement isn't recorded, so it is compared with nothing"
    return "no value from before the first needles to compare with"


def unrecorded(muscle: Json) -> int:
    """In how many sessions nobody recorded whether a muscle released."""
    counts = ("released_complete", "released_partial", "not_released")
    return int(muscle["treated"] - sum(muscle[name] for name in counts))


def released_count(muscle: Json) -> str:
    """In how many of the sessions whose release was recorded a muscle released completely.

    A release that nobody recorded is unknown: it never counts as none.
    """
    known = muscle["treated"] - unrecorded(muscle)
    return f"released in {muscle['released_complete']} of {known}" if known else "not recorded"


def released_words(muscle: Json) -> str:
    """The same, and in how many sessions nobody recorded it."""
    unknown = unrecorded(muscle)
    if unknown == muscle["treated"]:
        return "release not recorded"
    return released_count(muscle) + (f", not recorded in {unknown}" if unknown else "")


def release_time(time: Json) -> str | None:
    """The median time to a complete release, in words; None where there is no median."""
    if time["median_s"] is None:
        return None
    return (
        f"{time['median_s']} s: by then half of the {time['n']} needlings with a time had released,"
        " those that never did included (Kaplan-Meier)"
    )


def soreness_words(soreness: Json) -> str:
    """After how many visits with needles the patient said how sore they were.

    The visits count once 18 hours have passed, whether or not anybody asked.
    """
    visits = "visit" if soreness["asked"] == 1 else "visits"
    return f"known after {soreness['answered']} of {soreness['asked']} {visits} with needles"


def figure(member: Json | None) -> str:
    """The value of a baseline, latest or best; a dash where there is none."""
    return short(None if member is None else member["value"])


def course_words(course: Json | None) -> str:
    """Which course something belongs to, where there are several."""
    if course is None:
        return "in no course of care"
    if course["started_at"] is None:
        return "course of care without a visit"
    return f"course of care that began {course['started_at'][:10]}"


def event_words(events: Json) -> str:
    """The counts of adverse events, and how many of them no visit or episode names."""
    said = _event_counts(events)
    if any(events["by_date"].values()):
        said += f"; of these counted by date: {_some_events(events['by_date'])}"
    if any(events["unattributed"].values()):
        said += f"; unattributed: {_some_events(events['unattributed'])}"
    return said


def _event_counts(counts: Json) -> str:
    harm = ", ".join(f"{counts[how]} {how}" for how in SEVERITIES)
    return f"{harm}; close calls: {counts['close_calls']}"


def _some_events(counts: Json) -> str:
    """Those of the counts that are not 0."""
    said = [f"{counts[how]} {how}" for how in SEVERITIES if counts[how]]
    calls = counts["close_calls"]
    return ", ".join([*said, *([f"close calls {calls}"] if calls else [])])


def cautions(measure: Json) -> list[str]:
    """What may not be concluded from a change; empty where it is from enough values."""
    if measure["change"] is None or count(measure) >= CONCLUDED_FROM:
        return []
    return [TOO_FEW]


def verdict_words(measure: Json) -> str:
    """The verdict on a change, in words; both, where the last value before it gives another one."""
    other = measure["verdict_from_last"]
    if other is None:
        return _from_mean(measure)
    used = measure["thresholds"]
    both_known = used["mdc"] is not None and (used["mcid"] or used["mcid_percent"]) is not None
    words = VERDICTS[other]
    if other in UNCERTAIN and used["mdc"] is not None:
        words = WITHIN_ERROR if both_known else f"{UNCERTAIN[other]}; {MEANING_UNKNOWN}"
    return f"{_from_mean(measure)}; from the last value of the baseline: {words}"


def _from_mean(measure: Json) -> str:
    verdict = measure["verdict"]
    if verdict == "stable":
        return _stable(measure)
    if verdict in UNCERTAIN:
        room = f"; {NO_ROOM}" if _has_no_room(measure, UNCERTAIN[verdict]) else ""
        return _uncertain(measure) + room
    confirmed = f", {_unconfirmed(measure)}" if measure["provisional"] else ""
    return VERDICTS[verdict] + confirmed


def held_words(measure: Json, day: Day) -> str | None:
    """Since when an important improvement is held, or isn't any more; None where it never was."""
    responder = measure["responder"]
    if responder is None or responder["since"] is None:
        return None
    since = day(responder["since"])
    return {
        "held": f"important improvement held since {since}",
        "wavering": f"important improvement held since {since}, but not by the last value",
        "lost": f"important improvement no longer held since {since}",
    }[responder["state"]]


def flag_words(flag: Json, day: Day) -> str:
    """What a flag says, and since when."""
    since = day(flag["since"])
    if flag["episode_id"] is not None:
        days = flag["days_after"]
        return f"A new episode of this region, {days} days later, on {since}"
    if flag["code"] == "plateau":
        return f"No further improvement over six values, since {since}"
    over = "" if flag["over"] is None else f"; over on {day(flag['over'])}"
    return f"Worse again than a level that was held, since {since}{over}"


def _stable(measure: Json) -> str:
    if _has_no_room(measure, "improved"):
        return f"an important improvement: {NO_ROOM}"
    fell = (measure["change"] or 0) < 0
    if fell == (measure["better"] == "higher") and _has_no_room(measure, "worse"):
        return f"an important worsening: {NO_ROOM}"
    return VERDICTS["stable"]


def _has_no_room(measure: Json, direction: str) -> bool:
    reachable = measure["reachable"]
    return reachable is not None and reachable[direction] is False


def _uncertain(measure: Json) -> str:
    """A change of which nobody knows whether it is real, or whether it matters."""
    verdict = measure["verdict"]
    if measure["exceeds_mdc"] is None:
        return VERDICTS[verdict]
    if measure["exceeds_mdc"]:
        which = "better" if UNCERTAIN[verdict] == "improved" else "worse"
        return f"{which} by more than measurement error; {MEANING_UNKNOWN}"
    return WITHIN_ERROR


def _unconfirmed(measure: Json) -> str:
    """Why a verdict is provisional."""
    later = count(measure) - (measure["baseline"] or {"n": 0})["n"]
    return f"one value after the start, {NOT_CONFIRMED}" if later == 1 else NOT_CONFIRMED
