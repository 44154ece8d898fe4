"""The body map: where a patient was needled, how often, and what released.

It has a front view, a back view and a ladder of spinal levels. Left and right are the patient's
own. The ladder has the patient's left on the left, like the back view beside it.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from app.muscles.rules import SPINAL_LEVELS
from app.muscles.rules.body import HEIGHT, ON_THE_RIGHT, OTHER, VIEWS, Body, Shape, View, moved
from app.progress.rules.drawing import (
    FAINT,
    INK,
    PAPER,
    SIZE,
    ink_on,
    legend,
    mark,
    shade,
    svg_document,
    text,
    tooltip,
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
"""The number of sessions from which each shade applies. No shade is a mid-tone: text on it is hard
to read."""
SPINE: Final = (("C", 79.1, 108.0), ("T", 108.0, 222.0), ("L", 222.0, 260.0), ("S", 260.0, 292.0))
"""The strip on the back for the levels of each letter: from this y to that y."""
SPINE_HALF: Final = 7
LETTERS: Final = 9.5
"""The size of the numbers on the figures. They stand in small areas."""
ELSEWHERE: Final = "elsewhere"
"""The place of a paraspinal muscle that was recorded without its level."""


class Spot(NamedTuple):
    """Where a figure or the ladder is drawn: its middle or its left edge, its top, its letters."""

    x: float
    top: float
    size: float = LETTERS
    row: float = ROW
    """The height of a row of the ladder."""


class Label(NamedTuple):
    """The number of sessions of a place, and where it stands."""

    place: "Place"
    x: float
    y: float
    in_circle: bool = False
    """Whether it is on the midline of an area that has two halves."""


class Place(NamedTuple):
    """An area or a spinal level on one side, with the document's muscles that belong there."""

    key: str
    name: str
    side: str
    muscles: tuple[Json, ...]
    muscle_name: Callable[[str], str]
    """The name of a muscle, by its code."""

    @property
    def sessions(self) -> int:
        """The number of sessions in which something was needled there."""
        return len({point["session_id"] for one in self.muscles for point in one["points"]})

    @property
    def release(self) -> str | None:
        """The release of these muscles when each was last needled; None where none was recorded."""
        latest = {point["release"] for point in _last_points(self.muscles)}
        if latest == {None}:
            return None
        if latest == {"complete"}:
            return "complete"
        return "partial" if latest & {"partial", "complete"} else "none"

    @property
    def description(self) -> str:
        """One sentence about the place, for tooltips and the description of the picture."""
        sessions = "1 session" if self.sessions == 1 else f"{self.sessions} sessions"
        release = "" if self.release is None else f", last {RELEASES[self.release]}"
        treated: dict[str, int] = {}
        for one in self.muscles:
            treated[one["muscle"]] = treated.get(one["muscle"], 0) + len(one["points"])
        muscles = (f"{self.muscle_name(muscle)} {times}" for muscle, times in treated.items())
        return f"{self.name}, {self.side}: {sessions}{release} ({', '.join(muscles)})"


def _last_points(entries: Sequence[Json]) -> list[Json]:
    """The newest point of each muscle, side and level, whichever course it belongs to."""
    newest: dict[tuple[str, str, str | None], Json] = {}
    for entry in entries:
        key = (entry["muscle"], entry["side"], entry["spinal_level"])
        point = entry["points"][-1]
        if key not in newest or _instant(newest[key]) < _instant(point):
            newest[key] = point
    return list(newest.values())


def _instant(point: Json) -> datetime:
    return datetime.fromisoformat(point["at"])


def places(document: Json, body: Body, muscle_name: Callable[[str], str]) -> list[Place]:
    """Where a patient was needled: the areas from head to foot, then the levels downwards.

    `muscle_name` turns a muscle's code into its name.
    """
    lies_in = {muscle: area.slug for area in body.areas for muscle in area.muscles}
    names = {area.slug: area.name for area in body.areas} | dict(
        zip(SPINAL_LEVELS, SPINAL_LEVELS, strict=True)
    )
    names[ELSEWHERE] = "At no level"
    by_place: dict[tuple[str, str], list[Json]] = {}
    for entry in document["muscles"]:
        if not entry["points"]:
            continue  # not needled in the period that is shown
        key = entry["spinal_level"] or lies_in.get(entry["muscle"], ELSEWHERE)
        by_place.setdefault((key, entry["side"]), []).append(entry)
    order = {key: n for n, key in enumerate(names)}
    return [
        Place(key, names[key], side, tuple(entries), muscle_name)
        for (key, side), entries in sorted(by_place.items(), key=lambda item: order[item[0][0]])
    ]


def body_map(
    document: Json,
    body: Body,
    muscle_name: Callable[[str], str],
    letters: float = LETTERS,
) -> str:
    """An SVG of where a patient was needled. `muscle_name` turns a muscle's code into its name.

    `letters` is the size of its smallest letters.
    """
    needled = places(document, body, muscle_name)
    height = TOP + HEIGHT + BOTTOM
    parts = [
        text(16, 24, heading(document), size=15),
        text(
            16,
            42,
            "Each number is a number of sessions. Left and right are the patient's own.",
            fill=FAINT,
        ),
    ]
    for view in VIEWS:
        parts += figure(view, needled, body, Spot(CENTRES[view], TOP, letters))
    parts += ladder(needled, Spot(LADDER, TOP - 8, max(10, letters)))
    parts += _legend(height - 36)
    words = ("Body map", describe(document, needled))
    return svg_document("body-map", (WIDTH, height), words, parts)


def describe(document: Json, needled: Sequence[Place]) -> str:
    """The text alternative of the body map, in sentences."""
    return ". ".join([heading(document), *(place.description for place in needled)]) + "."


def figure(view: View, needled: Sequence[Place], body: Body, at: Spot) -> list[str]:
    """The figure from one view, with each area shaded by its sessions."""
    right, size = ON_THE_RIGHT[view], max(at.size, SIZE)
    parts = [
        text(at.x, at.top - 16, view.capitalize(), anchor="middle", weight="bold", size=size),
        text(at.x - 110, at.top - 16, OTHER[right], anchor="middle", fill=FAINT, size=size),
        text(at.x + 110, at.top - 16, right, anchor="middle", fill=FAINT, size=size),
    ]
    shapes = [shape for shape in body.shapes if shape.view == view]
    parts += [_shape(shape, needled, at) for shape in shapes]
    labels = [label for shape in shapes for label in _labels(shape, needled, at)]
    for label in labels:
        parts += _number(label, [other for other in labels if other is not label], at.size)
    if view == "back":
        parts += _spine(needled, at)
    return parts


def _there(shape: Shape, needled: Sequence[Place]) -> Place | None:
    """What was needled within a shape. A shape on the midline takes in both sides."""
    here = [place for place in needled if place.key == shape.area]
    if shape.side == "midline":
        entries = tuple(entry for place in here for entry in place.muscles)
        return here[0]._replace(side="midline", muscles=entries) if here else None
    return next((place for place in here if place.side == shape.side), None)


def _shape(shape: Shape, needled: Sequence[Place], at: Spot) -> str:
    path = moved(shape.path, at.x, at.top)
    if shape.area is None:
        fill, edge = ("none", INK) if shape.is_line else (PLAIN, EDGE)
        return f'<path d="{path}" fill="{fill}" stroke="{edge}"/>'
    place = _there(shape, needled)
    fill = PAPER if place is None else shade(_share(place.sessions))
    title = "" if place is None else tooltip(place.description)
    return (
        f'<path data-area="{shape.area}" data-view="{shape.view}" data-side="{shape.side}"'
        f' d="{path}" fill="{fill}" stroke="{EDGE}" stroke-width="0.8">{title}</path>'
    )


def _labels(shape: Shape, needled: Sequence[Place], at: Spot) -> Iterator[Label]:
    """The numbers in an area. For a paired area, what is on the midline gets a circle there."""
    if shape.label is None:
        return
    x, y = at.x + shape.label.x, at.top + shape.label.y
    place = _there(shape, needled)
    if place is not None:
        yield Label(place, x, y)
    between = [p for p in needled if p.key == shape.area and p.side == "midline"]
    if between and shape.side == ON_THE_RIGHT[shape.view]:
        yield Label(between[0], at.x, y, in_circle=True)


def _number(label: Label, others: Sequence[Label], size: float) -> Iterator[str]:
    """The number of sessions, with the mark of the last release below it where there is room."""
    place, x, y = label.place, label.x, label.y
    ink, scale = ink_on(_share(place.sessions)), size / LETTERS
    if label.in_circle:
        yield (
            f'<circle cx="{x:g}" cy="{y:g}" r="{9 * scale:g}"'
            f' fill="{shade(_share(place.sessions))}" stroke="{INK}">'
            f"{tooltip(place.description)}</circle>"
        )
    near = [
        other
        for other in others
        if abs(other.x - x) < 1.2 * size and abs(other.y - y) < 1.35 * size
    ]
    has_mark = place.release is not None and not near
    y += sum(_apart(label, other, size) for other in near)
    low = y + (0.5 if has_mark else 3.5) * scale
    yield text(x, low, str(place.sessions), anchor="middle", size=size, fill=ink)
    if place.release is not None and has_mark:
        yield mark(place.release, x, y + 5 * scale, 2.3 * scale, ink)


def _apart(label: Label, other: Label, size: float) -> float:
    """How far a number moves up or down, so that it doesn't stand on another beside it."""
    down = label.y - other.y
    if abs(label.x - other.x) > 0.9 * size or down == 0 or abs(down) >= size:
        return 0
    return (size - abs(down)) / 2 * (1 if down > 0 else -1)


def _spine(needled: Sequence[Place], spot: Spot) -> Iterator[str]:
    """The levels on the back view. They are too small for numbers, which are on the ladder."""
    at = {(place.key, place.side): place for place in needled}
    for letter, begin, end in SPINE:
        levels = [level for level in SPINAL_LEVELS if level[0] == letter]
        height = (end - begin) / len(levels)
        for n, level in enumerate(levels):
            for side, x in (("left", spot.x - SPINE_HALF), ("right", spot.x)):
                place = at.get((level, side))
                fill = PAPER if place is None else shade(_share(place.sessions))
                yield (
                    f'<rect x="{x:g}" y="{spot.top + begin + n * height:.5g}" width="{SPINE_HALF}"'
                    f' height="{height:.3g}" fill="{fill}" stroke="{EDGE}" stroke-width="0.5"/>'
                )


def ladder(needled: Sequence[Place], spot: Spot) -> Iterator[str]:
    """A row for each level: left side, name of the level with its midline count, right side."""
    at, left = {(place.key, place.side): place for place in needled}, spot.x
    yield text(left + 1.5 * CELL, spot.top - 24, "Spinal levels", anchor="middle", weight="bold")
    columns = (("left", left), ("midline", left + CELL), ("right", left + 2 * CELL))
    for side, x in columns:
        if side != "midline":
            yield text(x + CELL / 2, spot.top - 8, side, anchor="middle", fill=FAINT)
    for n, level in enumerate(SPINAL_LEVELS):
        for side, x in columns:
            place = at.get((level, side))
            yield from _cell(level, side, place, spot._replace(x=x, top=spot.top + n * spot.row))


def _cell(level: str, side: str, place: Place | None, spot: Spot) -> Iterator[str]:
    share = None if place is None else _share(place.sessions)
    empty = ("none", "none") if side == "midline" else (PAPER, EDGE)
    fill, edge = empty if share is None else (shade(share), EDGE)
    title = "" if place is None else tooltip(place.description)
    x, y, row = spot.x, spot.top, spot.row
    yield (
        f'<rect data-level="{level}" data-side="{side}" x="{x:g}" y="{y:g}" width="{CELL}"'
        f' height="{row - 2:g}" fill="{fill}" stroke="{edge}" stroke-width="0.8">{title}</rect>'
    )
    count = "" if place is None else str(place.sessions)
    words = " ".join(filter(None, (level, count))) if side == "midline" else count
    low, ink = y + row - 6, INK if share is None else ink_on(share)
    if place is None or place.release is None:
        yield text(x + CELL / 2, low, words, anchor="middle", size=spot.size, fill=ink)
    else:
        yield text(x + CELL / 2 - 4, low, words, anchor="middle", size=spot.size, fill=ink)
        yield mark(place.release, x + CELL - 7, y + row / 2 - 1, 2.6, ink)


def classes() -> Iterator[tuple[str, str]]:
    """The words and the colour of each shade."""
    for n, (least, share) in enumerate(STEPS):
        most = STEPS[n + 1][0] - 1 if n + 1 < len(STEPS) else None
        numbers = " to ".join(dict.fromkeys(map(str, (least, most))))
        yield f"{least} or more" if most is None else numbers, shade(share)


def swatch(x: float, y: float, colour: str) -> str:
    """A piece of a shade, for a legend whose line of text stands on `y`."""
    return (
        f'<rect x="{x:g}" y="{y - 10:g}" width="16" height="12" fill="{colour}"'
        f' stroke="{EDGE}" stroke-width="0.8"/>'
    )


def _legend(y: float) -> Iterator[str]:
    yield text(16, y, "Sessions:", size=11)
    x = 74.0
    for words, colour in classes():
        yield swatch(x, y, colour)
        yield text(x + 21, y, words, size=11)
        x += 38 + 6 * len(words)
    yield text(16, y + 20, "Last session:", size=11)
    yield from legend(92, y + 20, 11)


def _share(sessions: int) -> float:
    return max(share for least, share in STEPS if sessions >= least)
