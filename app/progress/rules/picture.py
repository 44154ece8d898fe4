"""The progress document as a picture: measures, soreness and each muscle, over time.

The picture shows nothing that is not in the document. People who can't see it read its
description, or the document.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from textwrap import wrap
from typing import Any, Final, NamedTuple

from app.progress.rules.drawing import (
    FAINT,
    INK,
    PAPER,
    font_size_to_fit,
    ink_on,
    legend,
    line,
    mark,
    shade,
    svg_document,
    text,
)
from app.progress.rules.history import Json
from app.progress.rules.measures import OLDER
from app.progress.rules.verdict import effective_mcid
from app.progress.rules.wording import (
    cautions,
    change_words,
    course_words,
    held_words,
    number,
    unit,
    verdict_words,
)

WIDTH: Final = 760
EDGE: Final = 16
LEFT: Final = 240
RIGHT: Final = 620
HEAD: Final = 96
PANEL: Final = 84
GAP: Final = 80
"""The space between two panels: a label and its findings, each on one line or two."""
ROW: Final = 18
BOLD: Final = 1.1
"""How much wider bold text is."""
LINE: Final = 100
"""Letters that fit on a line."""
SLACK: Final = 20
"""How many more letters than half of a text the first of its two lines may hold."""
BAND: Final = "#dcdcdc"
SORE_MAX: Final = 10
ACHE_MAX: Final = 10


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


class Axis(NamedTuple):
    """Maps a time or a value to a pixel: ``first`` to ``begin``, ``last`` to ``end``."""

    first: float
    last: float
    begin: float
    end: float
    ends: tuple[str, str] = ("", "")
    """The labels at both ends of the axis."""

    def __call__(self, value: float) -> float:
        """The pixel of a value; the middle of the axis where there is only one value."""
        if self.last == self.first:
            return round((self.begin + self.end) / 2, 1)
        share = (value - self.first) / (self.last - self.first)
        return round(self.begin + share * (self.end - self.begin), 1)


def picture(document: Json, names: Names) -> str:
    """An SVG of a progress document, 760 units wide. Its height depends on the content."""
    visits = [entry["at"] for entry in document["soreness"]["sessions"]]
    time = _time([*visits, *(point["at"] for m in document["measures"] for point in m["points"])])
    parts: list[str] = []
    top = HEAD
    for measure in document["measures"]:
        name = label(measure, names, in_course=has_several(document))
        parts += _measure(measure, names.scale(measure["instrument"]), name, time, visits, top)
        top += PANEL + GAP
    if visits:
        parts += _soreness(document["soreness"], time, top)
        top += PANEL + GAP
    if document["muscles"]:
        parts += _muscles(document, names, top)
        top += ROW * (len(document["muscles"]) + 2) + GAP
    if not parts:
        parts.append(text(LEFT, top, "No attended session and no measurement yet."))
        top += GAP
    words = ("Progress over time", describe(document, names))
    parts.insert(0, text(16, 24, heading(document), size=15))
    return svg_document("progress", (WIDTH, top), words, parts)


def describe(document: Json, names: Names) -> str:
    """The text alternative of the picture, in sentences."""
    sentences, several = [heading(document) + "."], has_several(document)
    sentences += [
        f"{label(measure, names, in_course=several)}: {'; '.join(_findings(measure))}."
        for measure in document["measures"]
    ]
    sore = document["soreness"]
    sentences.append(f"Soreness: answered {sore['answered']} of {sore['asked']} times asked.")
    sentences += [
        f"{_muscle(muscle, names, in_course=several)}: completely {_released(muscle)} sessions."
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
    measure: Json, scale: Scale, name: str, time: Axis, visits: Sequence[str], top: int
) -> list[str]:
    """One outcome measure: its points on its scale, over the grey band of the MCID."""
    values = [point["value"] for point in measure["points"]]
    least, most = min([scale.least, *values]), max([scale.most, *values])
    height = Axis(least, most, top + PANEL, top)
    points = [(time(_instant(p["at"])), height(p["value"]), p) for p in measure["points"]]
    radius = min(4, max(2, (RIGHT - LEFT) / max(len(points), 1) / 3))
    parts = _band(measure, height)
    parts += _frame(top, number(least), number(most), time)
    parts += [line(x, top + PANEL, x, top + PANEL - 5) for x in _pixels(visits, time)]
    course = " ".join(f"{x},{y}" for x, y, point in points if point["part"] != OLDER)
    if course:
        parts.append(f'<polyline points="{course}" fill="none" stroke="{INK}" stroke-width="1.5"/>')
    parts += [
        f'<circle cx="{x}" cy="{y}" r="{radius:.3g}" stroke="{INK}" stroke-width="1.5"'
        f' fill="{"#ffffff" if point["draft"] else INK}">'
        f"<title>{point['at'][:10]}: {number(point['value'])}{_remark(point)}</title></circle>"
        for x, y, point in points
    ]
    parts += _key(measure, top)
    return [*parts, *_caption(top, name, _findings(measure))]


def _remark(point: Json) -> str:
    """Why a point is not joined to the others; empty where it is."""
    return ", older than the baseline" if point["part"] == OLDER else ""


def _key(measure: Json, top: int) -> list[str]:
    """The legend beside a panel: the meaning of the band and of the open points."""
    mcid = _mcid(measure)
    legend_lines = (
        [] if mcid is None else ["Grey: within one", f"MCID ({mcid:g}) of the", "baseline"]
    )
    if any(point["draft"] for point in measure["points"]):
        legend_lines.append("Open: a draft")
    return [
        text(RIGHT + 8, top + 10 + n * 13, words, size=10, fill=FAINT)
        for n, words in enumerate(legend_lines)
    ]


def _mcid(measure: Json) -> float | None:
    thresholds = measure["thresholds"]
    if thresholds is None or measure["baseline"] is None:
        return None
    return effective_mcid(
        measure["baseline"]["value"], thresholds["mcid"], thresholds["mcid_percent"]
    )


def _band(measure: Json, height: Axis) -> list[str]:
    """The band within one MCID of the baseline. A change inside it is too small to matter."""
    mcid = _mcid(measure)
    if mcid is None:
        return []
    base = measure["baseline"]["value"]
    most = height(min(base + mcid, height.last))
    least = height(max(base - mcid, height.first))
    band = (
        f'<rect x="{LEFT}" y="{most}" width="{RIGHT - LEFT}" height="{round(least - most, 1)}"'
        f' fill="{BAND}"><title>Within one MCID ({mcid:g}) of the baseline</title></rect>'
    )
    return [band]


def _soreness(soreness: Json, time: Axis, top: int) -> list[str]:
    """The highest soreness after each session; a question mark where there is no answer."""
    height = Axis(0, SORE_MAX, top + PANEL, top)
    parts = _frame(top, "0", f"{SORE_MAX}", time)
    room = (RIGHT - LEFT) / len(soreness["sessions"])
    width = min(6, max(2, room - 2))
    for entry in soreness["sessions"]:
        x = time(_instant(entry["at"]))
        if entry["peak"] is None:
            size = f"{min(12, max(7, room)):.3g}"
            parts.append(text(x, top + PANEL - 4, "?", anchor="middle", size=size))
            continue
        y = height(entry["peak"])
        parts.append(
            f'<rect x="{x - width / 2:.1f}" y="{y}" width="{width:.1f}"'
            f' height="{round(top + PANEL - y, 1)}">'
            f"<title>{entry['at'][:10]}: {entry['peak']}</title></rect>"
        )
    answered = f"answered {soreness['answered']} of {soreness['asked']}"
    return [*parts, *_caption(top, "Soreness after needling", [answered])]


def _muscles(document: Json, names: Names, top: int) -> list[str]:
    """A row for each muscle and a column for each session. Darker means more ache."""
    muscles, visits = document["muscles"], document["soreness"]["sessions"]
    column = min((RIGHT - LEFT) / max(len(visits), 1), 2.0 * ROW)
    places = {visit["session_id"]: LEFT + n * column for n, visit in enumerate(visits)}
    title = "Each muscle, session by session. Darker: more ache. Thick line: the examiner changed."
    parts = [text(16, top - 8, title), *legend(16, top + 10)]
    for n, muscle in enumerate(muscles, 1):
        y = top + n * ROW
        name = _muscle(muscle, names, in_course=has_several(document))
        parts.append(text(EDGE, y + ROW - 5, name, **font_size_to_fit(name, LEFT - EDGE - 6)))
        before = None
        for point in muscle["points"]:
            other = before not in {None, point["practitioner_id"]}
            parts += _cell(point, places[point["session_id"]], y, column, examiner_changed=other)
            before = point["practitioner_id"]
        parts.append(text(RIGHT + 8, y + ROW - 5, _released(muscle)))
    return parts


def _cell(point: Json, x: float, y: float, width: float, *, examiner_changed: bool) -> list[str]:
    ache, release = point["ache"], point["release"]
    share = 0 if ache is None else ache / ACHE_MAX
    on_day = f"{point['at'][:10]}: ache {'not asked' if ache is None else ache}"
    shaded = (
        f'<rect x="{x:.1f}" y="{y}" width="{width - 1:.1f}" height="{ROW - 2}"'
        f' fill="{PAPER if ache is None else shade(share)}" stroke="{INK}" stroke-width="0.5">'
        f"<title>{on_day}, release {release or 'not asked'}</title></rect>"
    )
    parts = [shaded]
    if release:
        place = (x + (width - 1) / 2, y + (ROW - 2) / 2)
        parts.append(mark(release, *place, min(3.5, width / 2 - 1), ink_on(share)))
    if examiner_changed:  # two examiners agree poorly on one band, so the curve breaks here
        parts.append(line(x - 0.5, y - 1, x - 0.5, y + ROW - 1, width=3))
    return parts


def _released(muscle: Json) -> str:
    return f"released in {muscle['released_complete']} of {muscle['treated']}"


def _muscle(muscle: Json, names: Names, *, in_course: bool) -> str:
    level = f" {muscle['spinal_level']}" if muscle["spinal_level"] else ""
    course = f", {course_words(muscle['course'])}" if in_course else ""
    return f"{names.muscle(muscle['muscle'])}{level}, {muscle['side']}{course}"


def label(measure: Json, names: Names, *, in_course: bool = False) -> str:
    """The name of a measure, or of the measure that a flag is about.

    It names the course if `in_course`.
    """
    muscle, region = measure["muscle"], measure["region"]
    more = (
        measure["activity"],
        muscle and names.muscle(muscle),
        spelt(measure["movement"]),
        measure["side"],
        spelt(region),
        course_words(measure["course"]) if in_course else None,
    )
    name = names.scale(measure["instrument"]).name + unit(measure.get("unit"))
    return ", ".join([name, *filter(None, more)])


def spelt(code: str | None) -> str | None:
    """A code of a vocabulary as words."""
    return code and code.replace("_", " ")


def _findings(measure: Json) -> list[str]:
    """The change and its number of values, the verdict, and what may not be concluded."""
    by = f" ({measure['thresholds']['id']})" if measure["thresholds"] else ""
    held = held_words(measure, lambda at: at[:10])
    said = [change_words(measure), verdict_words(measure) + by]
    return [*said, *([held] if held else []), *cautions(measure)]


def _caption(top: int, label: str, findings: Sequence[str]) -> list[str]:
    """The text above a panel: its label and below it its findings, each on one line or two."""
    below = _lines("; ".join(findings), WIDTH - 2 * EDGE, top - 7)
    above = _lines(label, (WIDTH - 2 * EDGE) / BOLD, top - 9 - 14 * len(below), weight="bold")
    return [*above, *below]


def _lines(words: str, room: float, low: float, **style: object) -> list[str]:
    """A text on one line or two, whose last line stands at `low`."""
    lines = [words] if len(words) <= LINE else wrap(words, len(words) // 2 + SLACK)
    size = font_size_to_fit(max(lines, key=len), room)
    return [
        text(EDGE, low - 14 * above, line, **style, **size)
        for above, line in enumerate(reversed(lines))
    ]


def _frame(top: int, least: str, most: str, time: Axis) -> list[str]:
    """The frame of a panel, with both ends of its scale and its first and last day."""
    frame = (
        f'<rect x="{LEFT}" y="{top}" width="{RIGHT - LEFT}" height="{PANEL}" fill="none"'
        f' stroke="{INK}" stroke-width="0.5"/>'
    )
    low = top + PANEL
    first, last = time.ends
    days = [text(time(time.first), low + 13, first, anchor="middle", size=10, fill=FAINT)]
    if first != last:
        days.append(text(time(time.last), low + 13, last, anchor="middle", size=10, fill=FAINT))
    return [
        frame,
        text(LEFT - 6, top + 10, most, anchor="end"),
        text(LEFT - 6, low, least, anchor="end"),
        *days,
    ]


def _pixels(moments: Iterable[str], time: Axis) -> list[float]:
    return [time(_instant(at)) for at in moments]


def _time(moments: Sequence[str]) -> Axis:
    if not moments:
        return Axis(0, 0, LEFT, RIGHT)
    first, last = min(moments, key=_instant), max(moments, key=_instant)
    return Axis(_instant(first), _instant(last), LEFT + 10, RIGHT - 10, (first[:10], last[:10]))


def _instant(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
