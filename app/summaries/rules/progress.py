"""A patient's progress as a summary shows it: figures and the verdicts on them. Pure.

It says "changed by", never why: regression to the mean alone causes large changes.
"""

from collections.abc import Mapping
from typing import Any, Final
from unicodedata import category

from app.progress.rules.wording import NOTHING, VERDICTS, number, p_value, per_week, signed, unit
from app.summaries.rules.words import Names, Pair, counted, pairs, spelt

Json = Mapping[str, Any]

SHAPED_FROM: Final = "\u0530"
"""Scripts whose letters can change shape begin here; Latin, Greek and Cyrillic come before."""
FLAGS: Final = {
    "recurrence": "Recurrence",
    "plateau": "Plateau (no improvement beyond the error of measurement)",
}


def progress_content(
    progress: Json, picture: str, description: str, names: Names
) -> dict[str, Any]:
    """The progress document in words, and its picture with a description."""
    measures = progress["measures"]
    used = {each["thresholds"]["id"]: each["thresholds"] for each in measures if each["thresholds"]}
    return {
        "facts": facts(progress),
        "flags": [flag(each, names) for each in progress["flags"]],
        "measures": [measure(each, names) for each in measures],
        "sources": [source(each) for each in used.values()],
        "muscles": [muscle(each, names) for each in progress["muscles"]],
        "picture": picture if measures or progress["muscles"] else "",
        "description": description,
    }


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


def facts(progress: Json) -> list[Pair]:
    """Labelled counts of visits, dose, soreness and adverse events."""
    visits, events = progress["sessions"], progress["adverse_events"]
    dose, gap = progress["dose"], visits["median_gap_days"]
    drafts = f" ({visits['drafts']} not signed yet)" if visits["drafts"] else ""
    seen = f"{visits['attended']} attended{drafts}, {visits['cancelled']} cancelled"
    done = ("needle", "insertion", "muscle")
    harm = ", ".join(f"{events[how]} {how}" for how in ("mild", "significant", "serious"))
    first, last = visits["first_at"], visits["last_at"]
    return pairs(
        ("Visits", f"{seen}, {visits['no_show']} missed, {visits['declined']} declined"),
        ("First and last visit", first and f"{first[:10]} to {last[:10]}"),
        ("Days between visits", None if gap is None else f"{number(gap)} (median)"),
        ("Attended of planned", "; ".join(filter(None, map(plan, progress["plans"]))) or None),
        ("Needling in total", ", ".join(counted(dose[f"{noun}s"], noun) for noun in done)),
        ("Time to release", released(progress["release"]["time_to_release"])),
        ("Soreness after sessions", _soreness(progress["soreness"])),
        ("Adverse events", f"{harm}; {counted(events['close_calls'], 'close call')}"),
    )


def plan(plan: Json) -> str | None:
    """The plan of an episode, beside the visits that took place; None without a plan."""
    agreed = plan["planned_sessions"], plan["planned_per_week"]
    if agreed == (None, None):
        return None
    where = f"{spelt(plan['region'])}: " if plan["region"] else ""
    rate = "" if plan["per_week"] is None else f", {number(round(plan['per_week'], 1))}"
    often = f"{rate} of {number(agreed[1])} a week" if rate and agreed[1] is not None else ""
    return f"{where}{plan['attended']} of {number(agreed[0])} sessions{often}"


def released(time: Json) -> str | None:
    """The median time to a complete release, in words; None where there is no median."""
    if time["median_s"] is None:
        return None
    return f"{time['median_s']} s (Kaplan-Meier median of {time['n']} needlings)"


def _soreness(sore: Json) -> str:
    parts = [f"answered {sore['answered']} of {sore['asked']} times asked"]
    peaks = [each["peak"] for each in sore["sessions"] if each["peak"] is not None]
    if peaks:
        parts.append(f"highest {_score(max(peaks))}, latest {_score(peaks[-1])}")
    if sore["trend"]["per_week"] is not None:
        parts.append(f"trend {_trend(sore['trend'])}")
    meaning = "Soreness shows how well needling is tolerated, not whether it helps."
    return f"{'; '.join(parts)}. {meaning}"


def flag(flag: Json, names: Names) -> str:
    """One flag, in words."""
    what = [flag["activity"], flag["side"]]
    if flag["muscle"]:
        what.append(names.muscle(flag["muscle"]))
    if flag["instrument"]:
        what.insert(0, names.instrument(flag["instrument"]))
    of = ", ".join(filter(None, what))
    name = FLAGS.get(flag["code"], spelt(flag["code"]))
    when = "on" if flag["code"] == "recurrence" else "since"
    return f"{name}{f': {of}' if of else ''}, {when} {flag['since'][:10]}."


def measure(measure: Json, names: Names) -> list[str]:
    """The cells of one measure: name, baseline, latest value, change, verdict, trend."""
    measured = names.instrument(measure["instrument"]) + unit(measure["unit"])
    what = [measured, measure["activity"], measure["side"]]
    if measure["muscle"]:
        what.append(names.muscle(measure["muscle"]))
    if measure["region"]:
        what.append(spelt(measure["region"]))
    start, latest = measure["baseline"], measure["latest"]
    mean = f", mean of {start['n']}" if start["n"] > 1 else ""
    percent = measure["change_percent"]
    share = "" if percent is None else f" ({signed(percent)} %)"
    better = f" ({measure['better']} is better)"
    cited = measure["thresholds"]
    return [
        ", ".join(filter(None, what)) + better,
        f"{number(start['value'])} on {start['at'][:10]}{mean}",
        f"{number(latest['value'])} on {latest['at'][:10]}",
        f"{signed(measure['change'])}{share}",
        VERDICTS[measure["verdict"]] + responding(measure) + (f" [{cited['id']}]" if cited else ""),
        _trend(measure["trend"]),
    ]


def responding(measure: Json) -> str:
    """The time since which the patient responds, or no longer responds, by a measure."""
    state = measure["responder"]
    if state is None or state["since"] is None:
        return ""
    word = "responding" if state["state"] == "responding" else "response lost"
    return f"; {word} since {state['since'][:10]}"


def _trend(trend: Json) -> str:
    """The slope per week, with p where the document gives it."""
    if trend["per_week"] is None:
        return NOTHING
    p = p_value(trend["p"])
    tested = "" if trend["p"] is None else f", p {p}" if p.startswith("<") else f", p = {p}"
    evidence = " (descriptive)" if trend["evidence"] == "descriptive" else ""
    return f"{per_week(trend['per_week'])} a week, n = {trend['n']}{tested}{evidence}"


def source(thresholds: Json) -> str:
    """The thresholds that a verdict used, and their source."""
    percent = thresholds["mcid_percent"]
    figures = (
        f"smallest change beyond measurement error (MDC) {number(thresholds['mdc'])}",
        f"smallest change that matters to patients (MCID) {number(thresholds['mcid'])}"
        + ("" if percent is None else f" or {number(percent)} %"),
    )
    return f"[{thresholds['id']}] {', '.join(figures)}. {thresholds['source']}"


def muscle(muscle: Json, names: Names) -> list[str]:
    """The cells of one muscle: name, place, releases, ache, last needled."""
    ache, examiners = muscle["ache"], muscle["examiners"]
    where = f"{muscle['side']} {muscle['spinal_level'] or ''}".rstrip()
    several = f", by {examiners} examiners" if examiners > 1 else ""
    scores = f"first {_score(ache['first'])}, latest {_score(ache['latest'])}"
    return [
        names.muscle(muscle["muscle"]),
        where,
        f"in {muscle['released_complete']} of {counted(muscle['treated'], 'session')}{several}",
        NOTHING if ache["first"] is None else scores,
        muscle["last_treated_at"][:10],
    ]


def _score(value: int) -> str:
    return f"{value}/10"
