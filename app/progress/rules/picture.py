"""The progress document as a picture: what was measured, how sore, and each muscle, over time.

Nothing in it is not also in the document: whoever can't see it reads its description, or the
document.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from textwrap import wrap
from typing import Final, NamedTuple

from app.progress.rules.drawing import (
    FAINT,
    INK,
    PAPER,
    drawn,
    fitted,
    ink_on,
    legend,
    line,
    mark,
    shade,
    text,
)
from app.progress.rules.history import Json
from app.progress.rules.verdict import important
from app.progress.rules.wording import VERDICTS, changed, number, unit

WIDTH: Final = 760
EDGE: Final = 16
LEFT: Final = 240
RIGHT: Final = 620
HEAD: Final = 76
PANEL: Final = 84
GAP: Final = 58
"""Between two panels: room for two lines."""
ROW: Final = 18
BOLD: Final = 1.1
"""How much wider bold words are."""
LINE: Final = 110
"""Letters that fit on a line."""
SLACK: Final = 20
"""Letters of the longest word that may move to the second of two lines."""
BAND: Final = "#dcdcdc"
SORE_MAX: Final = 10
ACHE_MAX: Final = 10


class Scale(NamedTuple):
    """An instrument as the picture needs it."""

    name: str
    least: float
    """The panel reaches from here, and further where a value does."""
    most: float


class Names(NamedTuple):
    """How codes are written out."""

    scale: Callable[[str], Scale]
    muscle: Callable[[str], str]


class Axis(NamedTuple):
    """Where a time or a value stands: from ``first`` at pixel ``begin`` to ``last`` at ``end``."""

    first: float
    last: float
    begin: float
    end: float
    ends: tuple[str, str] = ("", "")
    """What is written where it begins and where it ends."""

    def __call__(self, value: float) -> float:
        """The pixel; in the middle where there is only one time or value."""
        if self.last == self.first:
            return round((self.begin + self.end) / 2, 1)
        share = (value - self.first) / (self.last - self.first)
        return round(self.begin + share * (self.end - self.begin), 1)


def picture(document: Json, names: Names) -> str:
    """An SVG of a progress document, 760 units wide and as high as it needs to be."""
    visits = [entry["at"] for entry in document["soreness"]["sessions"]]
    time = _time([*visits, *(point["at"] for m in document["measures"] for point in m["points"])])
    parts: list[str] = []
    top = HEAD
    for measure in document["measures"]:
        parts += _measure(measure, names.scale(measure["instrument"]), names, time, visits, top)
        top += PANEL + GAP
    if visits:
        parts += _soreness(document["soreness"], time, top)
        top += PANEL + GAP
    if document["muscles"]:
        parts += _muscles(document["muscles"], names, document["soreness"]["sessions"], top)
        top += ROW * (len(document["muscles"]) + 2) + GAP
    if not parts:
        parts.append(text(LEFT, top, "No attended session and no measurement yet."))
        top += GAP
    words = ("Progress over time", described(document, names))
    parts.insert(0, text(16, 24, heading(document), size=15))
    return drawn("progress", (WIDTH, top), words, parts)


def described(document: Json, names: Names) -> str:
    """What the picture shows, in sentences."""
    told = [heading(document) + "."]
    told += [
        f"{label(measure, names)}: {_change(measure)}; {_verdict(measure)}."
        for measure in document["measures"]
    ]
    sore = document["soreness"]
    told.append(f"Soreness: answered {sore['answered']} of {sore['asked']} times asked.")
    told += [
        f"{_muscle(muscle, names)}: completely {_released(muscle)} sessions."
        for muscle in document["muscles"]
    ]
    return " ".join(told)


def heading(document: Json) -> str:
    """How many sessions the document counts, and when they were."""
    attended = document["sessions"]["attended"]
    if not attended:
        return "No attended session"
    first, last = document["sessions"]["first_at"], document["sessions"]["last_at"]
    visits = "1 session" if attended == 1 else f"{attended} sessions"
    days = dict.fromkeys((first[:10], last[:10]))
    return f"{visits}, {' to '.join(days)}"


def _measure(
    measure: Json, scale: Scale, names: Names, time: Axis, visits: Sequence[str], top: int
) -> list[str]:
    """One outcome measure: its points in the frame of its scale, over the band of the MCID."""
    values = [point["value"] for point in measure["points"]]
    least, most = min(scale.least, *values), max(scale.most, *values)
    height = Axis(least, most, top + PANEL, top)
    points = [(time(_instant(p["at"])), height(p["value"]), p) for p in measure["points"]]
    radius = min(4, max(2, (RIGHT - LEFT) / len(points) / 3))
    parts = _band(measure, height)
    parts += _frame(top, number(least), number(most), time)
    parts += [line(x, top + PANEL, x, top + PANEL - 5) for x in _places(visits, time)]
    course = " ".join(f"{x},{y}" for x, y, _ in points)
    parts.append(f'<polyline points="{course}" fill="none" stroke="{INK}" stroke-width="1.5"/>')
    parts += [
        f'<circle cx="{x}" cy="{y}" r="{radius:.3g}" stroke="{INK}" stroke-width="1.5"'
        f' fill="{"#ffffff" if point["draft"] else INK}">'
        f"<title>{point['at'][:10]}: {number(point['value'])}</title></circle>"
        for x, y, point in points
    ]
    parts += _key(measure, top)
    return [*parts, *_beside(top, label(measure, names), [_change(measure), _verdict(measure)])]


def _key(measure: Json, top: int) -> list[str]:
    """What the band and the open points of a panel stand for."""
    mcid = _mcid(measure)
    told = [] if mcid is None else ["Grey: within one", f"MCID ({mcid:g}) of the", "baseline"]
    if any(point["draft"] for point in measure["points"]):
        told.append("Open: a draft")
    return [
        text(RIGHT + 8, top + 10 + n * 13, words, size=10, fill=FAINT)
        for n, words in enumerate(told)
    ]


def _mcid(measure: Json) -> float | None:
    thresholds = measure["thresholds"]
    if thresholds is None:
        return None
    return important(measure["baseline"]["value"], thresholds["mcid"], thresholds["mcid_percent"])


def _band(measure: Json, height: Axis) -> list[str]:
    """What is within one MCID of the baseline: a change that stays in it is too small to matter."""
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
    """The highest soreness after each session; a question mark where nobody answered."""
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
    return [*parts, *_beside(top, "Soreness after needling", [answered])]


def _muscles(muscles: Iterable[Json], names: Names, visits: Sequence[Json], top: int) -> list[str]:
    """A row for each muscle and a column for each session: the darker, the more it ached."""
    column = min((RIGHT - LEFT) / max(len(visits), 1), 2.0 * ROW)
    places = {visit["session_id"]: LEFT + n * column for n, visit in enumerate(visits)}
    told = "Each muscle, session by session. Darker: more ache. A bar: from here another examiner."
    parts = [text(16, top - 8, told), *legend(16, top + 10)]
    for n, muscle in enumerate(muscles, 1):
        y = top + n * ROW
        name = _muscle(muscle, names)
        parts.append(text(EDGE, y + ROW - 5, name, **fitted(name, LEFT - EDGE - 6)))
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
    told = f"{point['at'][:10]}: ache {'not asked' if ache is None else ache}"
    shaded = (
        f'<rect x="{x:.1f}" y="{y}" width="{width - 1:.1f}" height="{ROW - 2}"'
        f' fill="{PAPER if ache is None else shade(share)}" stroke="{INK}" stroke-width="0.5">'
        f"<title>{told}, release {release or 'not asked'}</title></rect>"
    )
    parts = [shaded]
    if release:
        place = (x + (width - 1) / 2, y + (ROW - 2) / 2)
        parts.append(mark(release, *place, min(3.5, width / 2 - 1), ink_on(share)))
    if examiner_changed:  # two examiners agree poorly on one band: the course breaks here
        parts.append(line(x - 0.5, y - 1, x - 0.5, y + ROW - 1, width=3))
    return parts


def _released(muscle: Json) -> str:
    return f"released in {muscle['released_complete']} of {muscle['treated']}"


def _muscle(muscle: Json, names: Names) -> str:
    level = f" {muscle['spinal_level']}" if muscle["spinal_level"] else ""
    return f"{names.muscle(muscle['muscle'])}{level}, {muscle['side']}"


def label(measure: Json, names: Names) -> str:
    """What a measure, or a flag of one, is about."""
    muscle, region = measure["muscle"], measure["region"]
    more = (
        measure["activity"],
        muscle and names.muscle(muscle),
        measure["side"],
        region and region.replace("_", " "),
    )
    name = names.scale(measure["instrument"]).name + unit(measure.get("unit"))
    return ", ".join([name, *filter(None, more)])


def _change(measure: Json) -> str:
    base, latest = measure["baseline"]["value"], measure["latest"]["value"]
    return f"{number(base)} to {number(latest)}, changed by {changed(measure['change'])}"


def _verdict(measure: Json) -> str:
    by = f" ({measure['thresholds']['id']})" if measure["thresholds"] else ""
    return VERDICTS[measure["verdict"]] + by


def _beside(top: int, label: str, told: Sequence[str]) -> list[str]:
    """What stands over a panel: its label on one line, or a long one on two, and its findings."""
    lines = [label] if len(label) <= LINE else wrap(label, len(label) // 2 + SLACK)
    how = fitted(max(lines, key=len), (WIDTH - 2 * EDGE) / BOLD)
    said = "; ".join(told)
    return [
        *(
            text(EDGE, top - 22 - 12 * above, line, weight="bold", **how)
            for above, line in enumerate(reversed(lines))
        ),
        text(EDGE, top - 7, said, **fitted(said, WIDTH - 2 * EDGE)),
    ]


def _frame(top: int, least: str, most: str, time: Axis) -> list[str]:
    """A panel, the ends of its scale, and the days on which its time begins and ends."""
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


def _places(moments: Iterable[str], time: Axis) -> list[float]:
    return [time(_instant(at)) for at in moments]


def _time(moments: Sequence[str]) -> Axis:
    if not moments:
        return Axis(0, 0, LEFT, RIGHT)
    first, last = min(moments, key=_instant), max(moments, key=_instant)
    return Axis(_instant(first), _instant(last), LEFT + 10, RIGHT - 10, (first[:10], last[:10]))


def _instant(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
