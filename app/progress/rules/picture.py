"""The progress document as a picture: measures, soreness and each muscle, over time.

The picture shows nothing that is not in the document. People who can't see it read its
description, or the document.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from app.progress.rules.drawing import INK, SIZE, line, mark, svg_document, text
from app.progress.rules.history import Json
from app.progress.rules.layout import (
    BELOW,
    PANEL,
    WIDE,
    Axis,
    Layout,
    axis_of,
    frame,
    instant,
    runs,
    written,
)
from app.progress.rules.measures import OLDER
from app.progress.rules.strip import strip
from app.progress.rules.verdict import effective_mcid
from app.progress.rules.wording import (
    cautions,
    change_words,
    course_words,
    held_words,
    number,
    released_count,
    released_words,
    soreness_words,
    unit,
    verdict_words,
)
from app.vocabularies.rules import VocabularyName

HEAD: Final = 8
BAND: Final = "#dcdcdc"
SORE_MAX: Final = 10


class Scale(NamedTuple):
    """An instrument as the picture needs it."""

    name: str
    least: float
    """The lower end of the panel, unless a value is lower."""
    most: float


class Names(NamedTuple):
    """The names that stand for codes."""

    scale: Callable[[str], Scale]
    muscle: Callable[[str], str]
    term: Callable[[VocabularyName, str], str]
    """The name of a row of a vocabulary, by the vocabulary and the code, within a sentence."""


def picture(document: Json, names: Names, layout: Layout = WIDE) -> str:
    """An SVG of a progress document. Its height depends on the content."""
    visits = [entry["at"] for entry in document["soreness"]["sessions"]]
    measured = [point["at"] for m in document["measures"] for point in m["points"]]
    time, several = axis_of([*visits, *measured], layout), has_several(document)
    parts: list[str] = []
    top: float = HEAD
    if layout.has_findings:
        parts, top = written(heading(document), layout, top, weight="bold")
    for measure in document["measures"]:
        named = (
            label(measure, names, in_course=several),
            names.scale(measure["instrument"]),
        )
        more, top = _measure(measure, named, time, visits, layout, top)
        parts += more
    if visits:
        more, top = _soreness(document["soreness"], time, layout, top)
        parts += more
    if document["muscles"]:
        rows = [
            (_muscle(muscle, names, in_course=several), released_count(muscle))
            for muscle in document["muscles"]
        ]
        more, top = strip(document, rows, time, layout, top)
        parts += more
    elif not visits and not measured:
        more, top = written("No attended session and no measurement yet.", layout, top)
        parts += more
    name = "progress-narrow" if layout.is_narrow else "progress"
    words = ("Progress over time", describe(document, names))
    return svg_document(name, (layout.width, top + BELOW), words, parts)


def describe(document: Json, names: Names) -> str:
    """The text alternative of the picture, in sentences."""
    sentences, several = [heading(document) + "."], has_several(document)
    sentences += [
        f"{label(measure, names, in_course=several)}: {'; '.join(_findings(measure))}."
        for measure in document["measures"]
    ]
    sore = document["soreness"]
    sentences.append(f"Soreness: {soreness_words(sore)}.")
    sentences += [
        f"{_muscle(muscle, names, in_course=several)}: {released_words(muscle)}."
        for muscle in document["muscles"]
    ]
    return " ".join(sentences)


def has_several(document: Mapping[str, Any]) -> bool:
    """Whether there is more than one course, so that each figure needs the name of its course."""
    return len(document["courses"]) > 1


def heading(document: Json) -> str:
    """The number of attended sessions, and the days of the first and the last."""
    attended = document["sessions"]["attended"]
    if not attended:
        return "No attended session"
    first, last = document["sessions"]["first_at"], document["sessions"]["last_at"]
    visits = "1 session" if attended == 1 else f"{attended} sessions"
    days = dict.fromkeys((first[:10], last[:10]))
    return f"{visits}, {' to '.join(days)}"


def _measure(
    measure: Json,
    named: tuple[str, Scale],
    time: Axis,
    visits: Sequence[str],
    layout: Layout,
    top: float,
) -> tuple[list[str], float]:
    """One outcome measure: its points on its scale, over the grey band of the MCID.

    `named` is its name and its scale.
    """
    name, scale = named
    caption, top = _caption(name, _findings(measure), _key(measure), layout, top)
    values = [point["value"] for point in measure["points"]]
    least, most = min([scale.least, *values]), max([scale.most, *values])
    height = Axis(least, most, top + PANEL, top)
    points = [(time(instant(p["at"])), height(p["value"]), p) for p in measure["points"]]
    radius = min(4, max(2, (layout.right - layout.left) / max(len(points), 1) / 3))
    parts = [*caption, *_band(measure, height, layout)]
    parts += frame(top, (number(least), number(most)), time, layout)
    parts += [
        line(x, top + PANEL, x, top + PANEL - 5) for x in (time(instant(at)) for at in visits)
    ]
    parts += _curves([point for point in points if point[2]["part"] != OLDER])
    parts += [
        f'<circle cx="{x}" cy="{y}" r="{radius:.3g}" stroke="{INK}" stroke-width="1.5"'
        f' fill="{"#ffffff" if point["draft"] else INK}">'
        f"<title>{point['at'][:10]}: {number(point['value'])}{_remark(point)}</title></circle>"
        for x, y, point in points
    ]
    return parts, top + PANEL + BELOW


def _curves(points: Sequence[tuple[float, float, Json]]) -> list[str]:
    """The lines between the points; where nothing was measured for long, there is none."""
    moments = [instant(point["at"]) for _, _, point in points]
    parts = []
    for run in runs(moments):
        joined = " ".join(f"{x},{y}" for x, y, _ in points[run])
        if len(points[run]) > 1:
            parts.append(
                f'<polyline points="{joined}" fill="none" stroke="{INK}" stroke-width="1.5"/>'
            )
    return parts


def _remark(point: Json) -> str:
    """Why a point is not joined to the others; empty where it is."""
    return ", older than the baseline" if point["part"] == OLDER else ""


def _key(measure: Json) -> list[str]:
    """The meaning of the grey band and of the open points."""
    mcid = _mcid(measure)
    key = [] if mcid is None else [f"Grey: within one MCID ({mcid:g}) of the baseline"]
    if any(point["draft"] for point in measure["points"]):
        key.append("Open: a draft")
    return key


def _mcid(measure: Json) -> float | None:
    thresholds = measure["thresholds"]
    if thresholds is None or measure["baseline"] is None:
        return None
    return effective_mcid(
        measure["baseline"]["value"], thresholds["mcid"], thresholds["mcid_percent"]
    )


def _band(measure: Json, height: Axis, layout: Layout) -> list[str]:
    """The band within one MCID of the baseline. A change inside it is too small to matter."""
    mcid = _mcid(measure)
    if mcid is None:
        return []
    base = measure["baseline"]["value"]
    most = height(min(base + mcid, height.last))
    least = height(max(base - mcid, height.first))
    band = (
        f'<rect x="{layout.left}" y="{most}" width="{layout.right - layout.left}"'
        f' height="{round(least - most, 1)}"'
        f' fill="{BAND}"><title>Within one MCID ({mcid:g}) of the baseline</title></rect>'
    )
    return [band]


def _soreness(soreness: Json, time: Axis, layout: Layout, top: float) -> tuple[list[str], float]:
    """The highest soreness after each session; a question mark where there is no answer."""
    answered = soreness_words(soreness)
    room = (layout.right - layout.left) / len(soreness["sessions"])
    sign = "Question mark" if room >= SIZE else "Circle"
    silent = any(entry["peak"] is None for entry in soreness["sessions"])
    key = [f"{sign}: no answer"] if silent else []
    parts, top = _caption("Soreness after needling", [answered], key, layout, top)
    height = Axis(0, SORE_MAX, top + PANEL, top)
    parts += frame(top, ("0", f"{SORE_MAX}"), time, layout)
    width = min(6, max(2, room - 2))
    for entry in soreness["sessions"]:
        x = time(instant(entry["at"]))
        if entry["peak"] is None:
            parts.append(_unanswered(x, top + PANEL, room))
            continue
        y = height(entry["peak"])
        parts.append(
            f'<rect x="{x - width / 2:.1f}" y="{y}" width="{width:.1f}"'
            f' height="{round(top + PANEL - y, 1)}">'
            f"<title>{entry['at'][:10]}: {entry['peak']}</title></rect>"
        )
    return parts, top + PANEL + BELOW


def _unanswered(x: float, low: float, room: float) -> str:
    """A question mark; an open circle where it would be too small to read."""
    if room >= SIZE:
        return text(x, low - 4, "?", anchor="middle")
    return mark("none", x, low - 5, 2)


def _muscle(muscle: Json, names: Names, *, in_course: bool) -> str:
    level = f" {muscle['spinal_level']}" if muscle["spinal_level"] else ""
    course = f", {course_words(muscle['course'])}" if in_course else ""
    return f"{names.muscle(muscle['muscle'])}{level}, {muscle['side']}{course}"


def label(measure: Json, names: Names, *, in_course: bool = False) -> str:
    """The name of a measure, or of the measure that a flag is about.

    It names the course if `in_course`.
    """
    muscle, region, moved = measure["muscle"], measure["region"], measure["movement"]
    more = (
        measure["activity"],
        muscle and names.muscle(muscle),
        moved and names.term("movements", moved),
        measure["side"],
        region and names.term("regions", region),
        course_words(measure["course"]) if in_course else None,
    )
    name = names.scale(measure["instrument"]).name + unit(measure.get("unit"))
    return ", ".join([name, *filter(None, more)])


def _findings(measure: Json) -> list[str]:
    """The change and its number of values, the verdict, and what may not be concluded."""
    held = held_words(measure, lambda at: at[:10])
    said = [change_words(measure), verdict_words(measure)]
    return [*said, *([held] if held else []), *cautions(measure)]


def _caption(
    name: str, findings: Sequence[str], key: Sequence[str], layout: Layout, top: float
) -> tuple[list[str], float]:
    """The text above a panel: its label, its findings and its key; and where the panel begins."""
    parts, top = written(name, layout, top, weight="bold")
    for words in ("; ".join(findings if layout.has_findings else ()), ". ".join(key)):
        if words:
            more, top = written(words, layout, top)
            parts += more
    return parts, top + 5
