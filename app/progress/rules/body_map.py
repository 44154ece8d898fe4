"""The progress document on the body: where a patient was needled, how often, and what let go.

Two views and a ladder of spinal levels. Every side is the patient's own: the ladder has his left
on our left, as the view of his back beside it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from app.muscles.rules import SPINAL_LEVELS
from app.muscles.rules.body import HEIGHT, ON_THE_RIGHT, OTHER, VIEWS, Body, Shape, View, moved
from app.progress.rules.drawing import (
    FAINT,
    INK,
    PAPER,
    drawn,
    ink_on,
    legend,
    mark,
    shade,
    text,
    titled,
)
from app.progress.rules.history import Json
from app.progress.rules.picture import heading
from app.progress.rules.wording import RELEASES

WIDTH: Final = 760
TOP: Final = 84
BOTTOM: Final = 68
CENTRES: Final[dict[View, int]] = {"front": 158, "back": 468}
LADDER: Final = 640
CELL: Final = 36
ROW: Final = 19
EDGE: Final = "#8a949b"
PLAIN: Final = "#f4f6f7"
STEPS: Final = ((1, 0.1), (2, 0.28), (4, 0.46), (8, 0.74), (16, 1.0))
"""From so many sessions on, this shade: the middle ones, on which nothing is legible, are none."""
SPINE: Final = (("C", 79.1, 108.0), ("T", 108.0, 222.0), ("L", 222.0, 260.0), ("S", 260.0, 292.0))
"""Where the levels lie on the back, and the strip that is theirs."""
SPINE_HALF: Final = 7
ELSEWHERE: Final = "elsewhere"
"""Where a paraspinal muscle lies that was recorded without its level."""


class Place(NamedTuple):
    """An area or a spinal level on one side, and the entries of the document that belong there."""

    key: str
    name: str
    side: str
    muscles: tuple[Json, ...]
    written: Callable[[str], str]
    """How the code of a muscle is written out."""

    @property
    def sessions(self) -> int:
        """The sessions in which something was needled there."""
        return len({point["session_id"] for one in self.muscles for point in one["points"]})

    @property
    def release(self) -> str | None:
        """Of what was needled there when it was needled last; None where nobody said."""
        latest = {one["points"][-1]["release"] for one in self.muscles}
        if latest == {None}:
            return None
        if latest == {"complete"}:
            return "complete"
        return "partial" if latest & {"partial", "complete"} else "none"

    @property
    def told(self) -> str:
        """In words."""
        sessions = "1 session" if self.sessions == 1 else f"{self.sessions} sessions"
        release = "" if self.release is None else f", last {RELEASES[self.release]}"
        treated: dict[str, int] = {}
        for one in self.muscles:
            treated[one["muscle"]] = treated.get(one["muscle"], 0) + one["treated"]
        muscles = (f"{self.written(muscle)} {times}" for muscle, times in treated.items())
        return f"{self.name}, {self.side}: {sessions}{release} ({', '.join(muscles)})"


def places(document: Json, body: Body, muscle: Callable[[str], str]) -> list[Place]:
    """Where a patient was needled: the areas from head to foot, then the levels downwards."""
    lies_in = {muscle: area.slug for area in body.areas for muscle in area.muscles}
    names = {area.slug: area.name for area in body.areas} | dict(
        zip(SPINAL_LEVELS, SPINAL_LEVELS, strict=True)
    )
    names[ELSEWHERE] = "At no level"
    found: dict[tuple[str, str], list[Json]] = {}
    for entry in document["muscles"]:
        key = entry["spinal_level"] or lies_in.get(entry["muscle"], ELSEWHERE)
        found.setdefault((key, entry["side"]), []).append(entry)
    order = {key: n for n, key in enumerate(names)}
    return [
        Place(key, names[key], side, tuple(entries), muscle)
        for (key, side), entries in sorted(found.items(), key=lambda item: order[item[0][0]])
    ]


def body_map(document: Json, body: Body, muscle: Callable[[str], str]) -> str:
    """An SVG of where a patient was needled; `muscle` writes its code out."""
    found = places(document, body, muscle)
    height = TOP + HEIGHT + BOTTOM
    parts = [
        text(16, 24, heading(document), size=15),
        text(16, 42, "A number counts the sessions. Left and right are the patient's.", fill=FAINT),
    ]
    for view in VIEWS:
        parts += _view(view, found, body)
    parts += _spine(found)
    parts += _ladder(found)
    parts += _legend(height - 36)
    words = ("Body map", described(document, found))
    return drawn("body-map", (WIDTH, height), words, parts)


def described(document: Json, found: Sequence[Place]) -> str:
    """What the body map shows, in sentences."""
    return ". ".join([heading(document), *(place.told for place in found)]) + "."


def _view(view: View, found: Sequence[Place], body: Body) -> list[str]:
    """The figure from one view, every area with what was needled there."""
    x = CENTRES[view]
    right = ON_THE_RIGHT[view]
    parts = [
        text(x, TOP - 16, view.capitalize(), anchor="middle", weight="bold"),
        text(x - 110, TOP - 16, OTHER[right], anchor="middle", fill=FAINT),
        text(x + 110, TOP - 16, right, anchor="middle", fill=FAINT),
    ]
    shapes = [shape for shape in body.shapes if shape.view == view]
    parts += [_shape(shape, found) for shape in shapes]
    parts += [part for shape in shapes for part in _told(shape, found)]
    return parts


def _there(shape: Shape, found: Sequence[Place]) -> Place | None:
    """What was needled where a shape is; on the midline, of either side and of none."""
    here = [place for place in found if place.key == shape.area]
    if shape.side == "midline":
        entries = tuple(entry for place in here for entry in place.muscles)
        return here[0]._replace(side="midline", muscles=entries) if here else None
    return next((place for place in here if place.side == shape.side), None)


def _shape(shape: Shape, found: Sequence[Place]) -> str:
    path = moved(shape.path, CENTRES[shape.view], TOP)
    if shape.area is None:
        fill, edge = ("none", INK) if shape.is_line else (PLAIN, EDGE)
        return f'<path d="{path}" fill="{fill}" stroke="{edge}"/>'
    place = _there(shape, found)
    fill = PAPER if place is None else shade(_share(place.sessions))
    title = "" if place is None else titled(place.told)
    return (
        f'<path data-area="{shape.area}" data-view="{shape.view}" data-side="{shape.side}"'
        f' d="{path}" fill="{fill}" stroke="{EDGE}" stroke-width="0.8">{title}</path>'
    )


def _told(shape: Shape, found: Sequence[Place]) -> Iterator[str]:
    """The number in an area; that of the midline stands on it, where the area does not."""
    if shape.label is None:
        return
    x, y = CENTRES[shape.view] + shape.label.x, TOP + shape.label.y
    place = _there(shape, found)
    if place is not None:
        yield from _count(place, x, y)
    between = [p for p in found if p.key == shape.area and p.side == "midline"]
    if between and shape.side == ON_THE_RIGHT[shape.view]:
        middle, share = CENTRES[shape.view], _share(between[0].sessions)
        yield (
            f'<circle cx="{middle}" cy="{y:g}" r="9" fill="{shade(share)}" stroke="{INK}">'
            f"{titled(between[0].told)}</circle>"
        )
        yield from _count(between[0], middle, y)


def _count(place: Place, x: float, y: float) -> Iterator[str]:
    """The number of sessions, and under it the mark of the last release."""
    ink = ink_on(_share(place.sessions))
    low = y + 3.5 if place.release is None else y + 0.5
    yield text(x, low, str(place.sessions), anchor="middle", size=9.5, fill=ink)
    if place.release is not None:
        yield mark(place.release, x, y + 5, 2.3, ink)


def _spine(found: Sequence[Place]) -> Iterator[str]:
    """The levels where they lie on the back, too small for numbers: those are on the ladder."""
    at = {(place.key, place.side): place for place in found}
    for letter, begin, end in SPINE:
        levels = [level for level in SPINAL_LEVELS if level[0] == letter]
        height = (end - begin) / len(levels)
        for n, level in enumerate(levels):
            for side, x in (("left", CENTRES["back"] - SPINE_HALF), ("right", CENTRES["back"])):
                place = at.get((level, side))
                fill = PAPER if place is None else shade(_share(place.sessions))
                yield (
                    f'<rect x="{x}" y="{TOP + begin + n * height:.5g}" width="{SPINE_HALF}"'
                    f' height="{height:.3g}" fill="{fill}" stroke="{EDGE}" stroke-width="0.5"/>'
                )


def _ladder(found: Sequence[Place]) -> Iterator[str]:
    """A row for each level: left, the level itself with what lies on the midline, right."""
    at = {(place.key, place.side): place for place in found}
    yield text(LADDER + 1.5 * CELL, TOP - 32, "Spinal levels", anchor="middle", weight="bold")
    columns = (("left", LADDER), ("midline", LADDER + CELL), ("right", LADDER + 2 * CELL))
    for side, x in columns:
        if side != "midline":
            yield text(x + CELL / 2, TOP - 16, side, anchor="middle", fill=FAINT)
    for n, level in enumerate(SPINAL_LEVELS):
        for side, x in columns:
            yield from _cell(level, side, at.get((level, side)), x, TOP - 8 + n * ROW)


def _cell(level: str, side: str, place: Place | None, x: float, y: float) -> Iterator[str]:
    share = None if place is None else _share(place.sessions)
    empty = ("none", "none") if side == "midline" else (PAPER, EDGE)
    fill, edge = empty if share is None else (shade(share), EDGE)
    title = "" if place is None else titled(place.told)
    yield (
        f'<rect data-level="{level}" data-side="{side}" x="{x}" y="{y}" width="{CELL}"'
        f' height="{ROW - 2}" fill="{fill}" stroke="{edge}" stroke-width="0.8">{title}</rect>'
    )
    count = "" if place is None else str(place.sessions)
    words = " ".join(filter(None, (level, count))) if side == "midline" else count
    low, ink = y + ROW - 6, INK if share is None else ink_on(share)
    if place is None or place.release is None:
        yield text(x + CELL / 2, low, words, anchor="middle", size=10, fill=ink)
    else:
        yield text(x + CELL / 2 - 4, low, words, anchor="middle", size=10, fill=ink)
        yield mark(place.release, x + CELL - 7, y + ROW / 2 - 1, 2.6, ink)


def _legend(y: float) -> Iterator[str]:
    yield text(16, y, "Sessions:", size=11)
    x = 74.0
    for n, (least, share) in enumerate(STEPS):
        most = STEPS[n + 1][0] - 1 if n + 1 < len(STEPS) else None
        words = (
            f"{least} or more"
            if most is None
            else " to ".join(dict.fromkeys(map(str, (least, most))))
        )
        yield (
            f'<rect x="{x:g}" y="{y - 10:g}" width="16" height="12" fill="{shade(share)}"'
            f' stroke="{EDGE}" stroke-width="0.8"/>'
        )
        yield text(x + 21, y, words, size=11)
        x += 38 + 6 * len(words)
    yield text(16, y + 20, "Last time:", size=11)
    yield from legend(78, y + 20, 11)


def _share(sessions: int) -> float:
    return max(share for least, share in STEPS if sessions >= least)
