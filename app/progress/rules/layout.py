"""How the picture of progress is laid out: its columns, its axis of time, and its lines of text."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from textwrap import wrap
from typing import Final, NamedTuple
from unicodedata import east_asian_width

from app.progress.rules.drawing import FAINT, INK, LETTER, PAPER, SIZE, text

BOLD: Final = 1.1
"""How much wider bold text is."""
LINE_HEIGHT: Final = 15
PANEL: Final = 84
BELOW: Final = 44
"""The space below a panel: its days, and the distance to what follows."""
GAP_DAYS: Final = 90
"""No line joins values that lie further apart. Visits so far apart belong to two courses."""
_DAY_S: Final = 24 * 3600


class Layout(NamedTuple):
    """The columns of the picture, in units of a pixel."""

    width: int
    edge: int
    left: int
    """Where the axis of time begins."""
    right: int
    """Where it ends."""
    has_findings: bool = True
    """Whether it says in words what the panels show. A page may say that beside it."""

    @property
    def is_narrow(self) -> bool:
        """Whether names stand above their rows, and keys below their panels, for lack of room."""
        return self.left - self.edge < self.width // 4

    @property
    def room(self) -> float:
        """The width of a line of text that has no other beside it."""
        return self.width - 2 * self.edge


WIDE: Final = Layout(760, 16, 240, 620)
NARROW: Final = Layout(310, 4, 28, 306)
"""For a phone: the letters are as large as those of the page."""


class Axis(NamedTuple):
    """Maps a time or a value to a pixel: ``first`` to ``begin``, ``last`` to ``end``."""

    first: float
    last: float
    begin: float
    end: float
    ends: tuple[str, str] = ("", "")
    """The labels at both ends of the axis."""
    gaps: tuple[tuple[float, float], ...] = ()
    """The times longer than `GAP_DAYS` in which nothing was recorded: from, to."""

    def __call__(self, value: float) -> float:
        """The pixel of a value; the middle of the axis where there is only one value."""
        if self.last == self.first:
            return round((self.begin + self.end) / 2, 1)
        share = (value - self.first) / (self.last - self.first)
        return round(self.begin + share * (self.end - self.begin), 1)


def axis_of(moments: Sequence[str], layout: Layout) -> Axis:
    """The one axis of time that all parts of a picture share."""
    if not moments:
        return Axis(0, 0, layout.left, layout.right)
    first, last = min(moments, key=instant), max(moments, key=instant)
    ends = (first[:10], last[:10])
    begin, end = layout.left + 10, layout.right - 10
    return Axis(instant(first), instant(last), begin, end, ends, _gaps(moments))


def _gaps(moments: Sequence[str]) -> tuple[tuple[float, float], ...]:
    found = pairwise(sorted(map(instant, moments)))
    return tuple(gap for gap in found if gap[1] - gap[0] > GAP_DAYS * _DAY_S)


def instant(at: str) -> float:
    """A time of the document in seconds."""
    return datetime.fromisoformat(at).timestamp()


def runs(moments: Sequence[float]) -> Iterable[slice]:
    """The parts of a series in which no gap is longer than `GAP_DAYS`; the times are in order."""
    begin = 0
    for n, (one, next_) in enumerate(pairwise(moments), 1):
        if next_ - one > GAP_DAYS * _DAY_S:
            yield slice(begin, n)
            begin = n
    yield slice(begin, len(moments))


def days_below(time: Axis, low: float, layout: Layout) -> list[str]:
    """The first and the last day of the axis, below it, and between them how long each gap was."""
    first, last = time.ends
    if first == last:
        return [text(time(time.first), low + 15, first, anchor="middle", fill=FAINT)]
    return [
        text(layout.left, low + 15, first, fill=FAINT),
        text(layout.right, low + 15, last, anchor="end", fill=FAINT),
        *_lengths(time, low, layout),
    ]


def _lengths(time: Axis, low: float, layout: Layout) -> Iterable[str]:
    """Yield the length of each gap in days, in the middle of it, where there is room."""
    room = SIZE * LETTER
    free, end = (layout.left + 11 * room, layout.right - 11 * room)
    for begin, until in time.gaps:
        days = round((until - begin) / _DAY_S)
        middle = (time(begin) + time(until)) / 2
        for words in (f"nothing for {days} days", f"{days} days"):
            half = len(words) * room / 2
            if free <= middle - half and middle + half <= end:
                yield text(middle, low + 15, words, anchor="middle", fill=FAINT)
                free = middle + half + room
                break


def _broken(time: Axis, low: float) -> Iterable[str]:
    """Yield what breaks the axis of time where nothing was recorded for long."""
    for begin, until in time.gaps:
        line_ = f"M{time(begin):g} {low:g}H{time(until):g}"
        yield f'<path d="{line_}" stroke="{PAPER}" stroke-width="2"/>'
        yield f'<path data-gap="" d="{line_}" stroke="{INK}" stroke-dasharray="2 5"/>'


def lines(words: str, room: float, scale: float = 1) -> list[str]:
    """A text as lines that fit into a width, at the full size of letters."""
    wide = any(east_asian_width(letter) in "WF" for letter in words)
    letters = int(room / (SIZE * LETTER * scale * (2 if wide else 1)))
    return wrap(words, letters) or [""]


def written(words: str, layout: Layout, top: float, **style: object) -> tuple[list[str], float]:
    """A text over the whole width, and where what follows it begins."""
    found = lines(words, layout.room, BOLD if style.get("weight") == "bold" else 1)
    parts = [
        text(layout.edge, top + LINE_HEIGHT * n - 3, line, **style)
        for n, line in enumerate(found, 1)
    ]
    return parts, top + LINE_HEIGHT * len(found)


def frame(top: float, ends: tuple[str, str], time: Axis, layout: Layout) -> list[str]:
    """The frame of a panel, with both ends of its scale and its first and last day."""
    least, most = ends
    low, left = top + PANEL, layout.left
    box = (
        f'<rect x="{left}" y="{top:g}" width="{layout.right - left}" height="{PANEL}" fill="none"'
        f' stroke="{INK}" stroke-width="0.5"/>'
    )
    return [
        box,
        *_broken(time, low),
        text(left - 6, top + 11, most, anchor="end"),
        text(left - 6, low, least, anchor="end"),
        *days_below(time, low, layout),
    ]
