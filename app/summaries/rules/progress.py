"""A patient's progress as a summary shows it: figures and the verdicts on them. Pure.

It says "changed by", never why: large changes occur by regression to the mean alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from unicodedata import category

from app.progress.rules.picture import has_several
from app.progress.rules.wording import (
    NOTHING,
    ONE_VALUE,
    TREND,
    Json,
    cautions,
    counted_change,
    course_words,
    event_words,
    flag_words,
    has_slope,
    held_words,
    number,
    p_value,
    per_week,
    release_time,
    released_words,
    soreness_words,
    unit,
    verdict_words,
)
from app.summaries.rules.words import Names, Pair, counted, pairs

SHAPED_FROM: Final = "\u0530"
"""Scripts whose letters can change shape begin here; Latin, Greek and Cyrillic come before."""


def progress_content(
    progress: Json, picture: str, description: str, names: Names
) -> dict[str, Any]:
    """The progress document in words, and its picture with a description."""
    measures, several = progress["measures"], has_several(progress)
    used = {each["thresholds"]["id"]: each["thresholds"] for each in measures if each["thresholds"]}
    cited = {id: n for n, id in enumerate(used, 1)}
    rows = [measure(each, names, cited, in_course=several) for each in measures]
    return {
        "facts": facts(progress, names),
        "flags": [flag(each, names) for each in progress["flags"]],
        "measures": rows,
        "notes": list(_notes(measures)),
        "sources": [source(each, cited[id]) for id, each in used.items()],
        "muscles": [muscle(each, names, in_course=several) for each in progress["muscles"]],
        "picture": picture if measures or progress["muscles"] else "",
        "description": description,
    }


def _notes(measures: Sequence[Json]) -> Iterator[str]:
    """What the table of measures needs said."""
    if any(map(_starts_from_one, measures)):
        yield ONE_VALUE
    if any(each["trend"] is not None and has_slope(each["trend"]) for each in measures):
        yield TREND


def legible(progress: Json) -> dict[str, Any]:
    """The progress document, changed so that PDF/UA accepts its picture.

    In a picture, a screen reader can't recover letters that change shape or that another mark is
    put on, so PDF/UA doesn't allow them. The picture names an activity with such letters by its
    row in the table of measures, which has the activity as it was written.
    """
    measures = [
        measure
        if _is_simple(measure["activity"] or "")
        else {**measure, "activity": f"activity of row {n} of the table"}
        for n, measure in enumerate(progress["measures"], 1)
    ]
    return {**progress, "measures": measures}


def _is_simple(text: str) -> bool:
    return all(
        character.isprintable()
        and character < SHAPED_FROM
        and not category(character).startswith("M")
        for character in text
    )


def facts(progress: Json, names: Names) -> list[Pair]:
    """Labelled counts of visits, dose, soreness and adverse events."""
    visits, events = progress["sessions"], progress["adverse_events"]
    dose, gap = progress["dose"], visits["median_gap_days"]
    drafts = f" ({visits['drafts']} not signed yet)" if visits["drafts"] else ""
    seen = f"{visits['attended']} attended{drafts}, {visits['cancelled']} cancelled"
    done = ("needle", "insertion", "muscle")
    first, last = visits["first_at"], visits["last_at"]
    plans = (plan(each, names) for each in progress["plans"])
    return pairs(
        ("Visits", f"{seen}, {visits['no_show']} missed, {visits['declined']} declined"),
        ("First and last visit", first and f"{first[:10]} to {last[:10]}"),
        ("Days between visits", None if gap is None else f"{number(round(gap, 1))} (median)"),
        ("Attended of planned", "; ".join(filter(None, plans)) or None),
        ("Needling in total", ", ".join(counted(dose[f"{noun}s"], noun) for noun in done)),
        ("Time to release", release_time(progress["release"]["time_to_release"])),
        ("Soreness after sessions", _soreness(progress["soreness"])),
        ("Adverse events", event_words(events)),
    )


def plan(plan: Json, names: Names) -> str | None:
    """The plan of an episode, beside the visits that took place; None without a plan."""
    agreed = plan["planned_sessions"], plan["planned_per_week"]
    if agreed == (None, None):
        return None
    where = f"{names.words.term('regions', plan['region'])}: " if plan["region"] else ""
    rate = "" if plan["per_week"] is None else f", {number(round(plan['per_week'], 1))}"
    often = f"{rate} of {number(agreed[1])} a week" if rate and agreed[1] is not None else ""
    return f"{where}{plan['attended']} of {number(agreed[0])} sessions{often}"


def _soreness(sore: Json) -> str:
    parts = [soreness_words(sore)]
    if sore["early"] or sore["late"]:
        parts.append(f"{sore['early']} reports too early and {sore['late']} too late to answer")
    peaks = [each["peak"] for each in sore["sessions"] if each["peak"] is not None]
    if peaks:
        parts.append(f"highest {_score(max(peaks))}, latest {_score(peaks[-1])}")
    if has_slope(sore["trend"]):
        parts.append(f"trend {_trend(sore['trend'])}")
    meaning = "Soreness shows how well needling is tolerated, not whether it helps."
    return f"{'; '.join(parts)}. {meaning}"


def flag(flag: Json, names: Names) -> str:
    """One flag, in words."""
    what = _which(flag, names)
    if flag["muscle"]:
        what.append(names.muscle(flag["muscle"]))
    if flag["instrument"]:
        what.insert(0, names.instrument(flag["instrument"]))
    of = ", ".join(filter(None, what))
    name = names.words.code("progress_flag", flag["code"]).capitalize()
    return f"{name}{f', {of}' if of else ''}: {flag_words(flag, _day)}."


def _which(one: Json, names: Names) -> list[str | None]:
    """Which activity, movement and side a measure, or a flag about one, is of."""
    moved, side, words = one["movement"], one["side"], names.words
    return [
        one["activity"],
        moved and words.term("movements", moved),
        side and words.code("side", side),
    ]


def measure(
    measure: Json, names: Names, cited: Mapping[str, int], *, in_course: bool = False
) -> list[str]:
    """The cells of one measure: name, baseline, latest value, change, verdict, trend.

    `cited` has the number of each source of thresholds, by their id.
    """
    measured = names.instrument(measure["instrument"]) + unit(measure["unit"])
    what = [measured, *_which(measure, names)]
    if measure["muscle"]:
        what.append(names.muscle(measure["muscle"]))
    if measure["region"]:
        what.append(names.words.term("regions", measure["region"]))
    if in_course:
        what.append(course_words(measure["course"]))
    latest = measure["latest"]
    better = f" ({measure['better']} is better)"
    used = measure["thresholds"]
    return [
        ", ".join(filter(None, what)) + better,
        _start(measure["baseline"]),
        NOTHING if latest is None else f"{number(latest['value'])} on {latest['at'][:10]}",
        counted_change(measure),
        "; ".join(_said(measure)) + (f" [{cited[used['id']]}]" if used else ""),
        _trend(measure["trend"]),
    ]


def _start(baseline: Json | None) -> str:
    """The baseline, the number of its days, and the last value beside a mean."""
    if baseline is None:
        return NOTHING
    value, last = number(baseline["value"]), baseline["last"]
    if last is None:
        return value
    if baseline["n"] == 1 and last["value"] == baseline["value"]:
        return f"{value} on {baseline['at'][:10]}"
    mean = f"{value} from {baseline['at'][:10]}, mean of {counted(baseline['n'], 'day')}"
    return f"{mean}, last {number(last['value'])}"


def _starts_from_one(measure: Json) -> bool:
    return measure["change"] is not None and measure["baseline"]["n"] == 1


def _said(measure: Json) -> list[str]:
    """The verdict, what is held, and what may not be concluded."""
    held = held_words(measure, _day)
    return [verdict_words(measure), *([held] if held else []), *cautions(measure)]


def _day(at: str) -> str:
    return at[:10]


def _trend(trend: Json | None) -> str:
    """The slope per week, with p where the document gives it."""
    if trend is None or not has_slope(trend):
        return NOTHING
    p = p_value(trend["p"])
    tested = "" if trend["p"] is None else f", p {p}" if p.startswith("<") else f", p = {p}"
    evidence = " (descriptive)" if trend["evidence"] == "descriptive" else ""
    return f"{per_week(trend['per_week'])} a week, n = {trend['n']}{tested}{evidence}"


def source(thresholds: Json, number_: int) -> str:
    """The thresholds that a verdict used, and their source, under its number."""
    percent = thresholds["mcid_percent"]
    figures = (
        f"smallest change beyond measurement error (MDC, 95 %) {number(thresholds['mdc'])}",
        f"smallest important change (MCID) {number(thresholds['mcid'])}"
        + ("" if percent is None else f" or {number(percent)} %"),
    )
    studied = f", in {thresholds['population']}" if thresholds["population"] else ""
    return f"[{number_}] {', '.join(figures)}{studied}. {thresholds['source']}"


def muscle(muscle: Json, names: Names, *, in_course: bool = False) -> list[str]:
    """The cells of one muscle: name, place, releases, ache, last needled."""
    ache, examiners = muscle["ache"], muscle["examiners"]
    where = f"{names.words.code('side', muscle['side'])} {muscle['spinal_level'] or ''}".rstrip()
    several = f", by {examiners} examiners" if examiners > 1 else ""
    scores = f"first {_score(ache['first'])}, latest {_score(ache['latest'])}"
    course = f", {course_words(muscle['course'])}" if in_course else ""
    return [
        names.muscle(muscle["muscle"]) + course,
        where,
        released_words(muscle) + several,
        NOTHING if ache["first"] is None else scores,
        muscle["last_treated_at"][:10],
    ]


def _score(value: int) -> str:
    return f"{value}/10"
