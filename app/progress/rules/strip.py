"""The strip of muscles in the picture of progress: a row for each, on the axis of time."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from app.progress.rules.drawing import INK, PAPER, ink_on, legend, line, mark, shade, text
from app.progress.rules.history import Json
from app.progress.rules.layout import (
    LINE_HEIGHT,
    Axis,
    Layout,
    days_below,
    instant,
    lines,
    written,
)

ROW: Final = 18
ACHE_MAX: Final = 10
WIDEST: Final = 18
NARROWEST: Final = 2
MARKED_FROM: Final = 9
"""Cells at least so wide have a mark of the release; narrower ones have a bar below."""
BARS: Final = {"none": 0, "partial": 2, "complete": 4}
"""The height of the bar for each release."""
CIRCLES: Final = (
    "Circle: full, completely released; half, partly; empty, not released; none, not recorded."
)
UNDERLINED: Final = (
    "Bar below: thick, completely released; thin, partly; none, not released or not recorded."
)
BETWEEN: Final = 6
"""The space between a name and its end, or between two rows."""


def strip(
    document: Json, rows: Sequence[tuple[str, str]], time: Axis, layout: Layout, top: float
) -> tuple[list[str], float]:
    """The rows of all muscles, and where what follows begins. Darker means more ache.

    `rows` has the name of each muscle, and in how many sessions it released.
    """
    width = _width(document["soreness"]["sessions"], time)
    title = "Each muscle, session by session. Darker: more ache. Thick line: the examiner changed."
    parts, low = written(title, layout, top)
    if width >= MARKED_FROM and not layout.is_narrow:
        parts += legend(layout.edge, low + LINE_HEIGHT - 3)
        low += LINE_HEIGHT
    else:
        more, low = written(CIRCLES if width >= MARKED_FROM else UNDERLINED, layout, low)
        parts += more
    low += BETWEEN
    for muscle, (name, released) in zip(document["muscles"], rows, strict=True):
        more, y, low = _names(name, released, layout, low)
        parts += more
        before = None
        for point in muscle["points"]:
            other = before not in {None, point["practitioner_id"]}
            x = time(instant(point["at"])) - width / 2
            parts += _cell(point, x, y, width, examiner_changed=other)
            before = point["practitioner_id"]
    parts += days_below(time, low, layout)
    return parts, low


def _width(visits: Sequence[Json], time: Axis) -> float:
    """The width of all cells: no two of one muscle touch, if they can be seen at all."""
    places = sorted({time(instant(visit["at"])) for visit in visits})
    nearest = min((next_ - one for one, next_ in pairwise(places)), default=WIDEST)
    return max(NARROWEST, min(WIDEST, nearest - 0.5))


def _names(name: str, released: str, layout: Layout, top: float) -> tuple[list[str], float, float]:
    """The texts of a row, where its cells begin, and where the next row begins."""
    if layout.is_narrow:
        parts: list[str] = []
        for words in (name, released):
            more, top = written(words, layout, top)
            parts += more
        return parts, top + 2, top + 2 + ROW + BETWEEN
    found = lines(name, layout.left - layout.edge - BETWEEN)
    parts = [
        text(layout.edge, top + ROW - 5 + LINE_HEIGHT * n, line_) for n, line_ in enumerate(found)
    ]
    parts.append(text(layout.right + 8, top + ROW - 5, released))
    return parts, top, top + max(ROW, LINE_HEIGHT * len(found) + 3) + 2


def _cell(point: Json, x: float, y: float, width: float, *, examiner_changed: bool) -> list[str]:
    ache, release = point["ache"], point["release"]
    share = 0 if ache is None else ache / ACHE_MAX
    on_day = f"{point['at'][:10]}: ache {'not asked' if ache is None else ache}"
    stroke = "0.5" if width >= MARKED_FROM or ache is None else "0"
    height = ROW - 2 if width >= MARKED_FROM else ROW - 7
    fill = PAPER if ache is None else shade(share)
    shaded = (
        f'<rect x="{x:.1f}" y="{y:g}" width="{width:.1f}" height="{height}"'
        f' fill="{fill}" stroke="{INK}" stroke-width="{stroke}">'
        f"<title>{on_day}, release {release or 'not asked'}</title></rect>"
    )
    parts = [shaded]
    if release and width >= MARKED_FROM:
        place = (x + width / 2, y + height / 2)
        parts.append(mark(release, *place, min(3.5, width / 2 - 1), ink_on(share)))
    elif release and BARS[release]:
        parts.append(
            f'<rect x="{x:.1f}" y="{y + ROW - 6:g}" width="{width:.1f}" height="{BARS[release]}"/>'
        )
    if examiner_changed:  # two examiners agree poorly on one band, so the curve breaks here
        parts.append(line(x - 0.5, y - 1, x - 0.5, y + ROW - 1, width=2))
    return parts
