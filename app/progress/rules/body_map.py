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
ELSEWHERE: Final = "elsewhere"
"""The place of a paraspinal muscle that was recorded without its level."""


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


def body_map(document: Json, body: Body, muscle_name: Callable[[str], str]) -> str:
    """An SVG of where a patient was needled. `muscle_name` turns a muscle's code into its name."""
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
        parts += _view(view, needled, body)
    parts += _spine(needled)
    parts += _ladder(needled)
    parts += _legend(height - 36)
    words = ("Body map", describe(document, needled))
    return svg_document("body-map", (WIDTH, height), words, parts)


def describe(document: Json, needled: Sequence[Place]) -> str:
    """The text alternative of the body map, in sentences."""
    return ". ".join([heading(document), *(place.description for place in needled)]) + "."


def _view(view: View, needled: Sequence[Place], body: Body) -> list[str]:
    """The figure from one view, with each area shaded by its sessions."""
    x = CENTRES[view]
    right = ON_THE_RIGHT[view]
    parts = [
        text(x, TOP - 16, view.capitalize(), anchor="middle", weight="bold"),
        text(x - 110, TOP - 16, OTHER[right], anchor="middle", fill=FAINT),
        text(x + 110, TOP - 16, right, anchor="middle", fill=FAINT),
    ]
    shapes = [shape for shape in body.shapes if shape.view == view]
    parts += [_shape(shape, needled) for shape in shapes]
    parts += [part for shape in shapes for part in _numbers(shape, needled)]
    return parts


def _there(shape: Shape, needled: Sequence[Place]) -> Place | None:
    """What was needled within a shape. A shape on the midline takes in both sides."""
    here = [place for place in needled if place.key == shape.area]
    if shape.side == "midline":
        entries = tuple(entry for place in here for entry in place.muscles)
        return here[0]._replace(side="midline", muscles=entries) if here else None
    return next((place for place in here if place.side == shape.side), None)


def _shape(shape: Shape, needled: Sequence[Place]) -> str:
    path = moved(shape.path, CENTRES[shape.view], TOP)
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


def _numbers(shape: Shape, needled: Sequence[Place]) -> Iterator[str]:
    """The number in an area. For a paired area, what is on the midline gets a circle there."""
    if shape.label is None:
        return
    x, y = CENTRES[shape.view] + shape.label.x, TOP + shape.label.y
    place = _there(shape, needled)
    if place is not None:
        yield from _count(place, x, y)
    between = [p for p in needled if p.key == shape.area and p.side == "midline"]
    if between and shape.side == ON_THE_RIGHT[shape.view]:
        middle, share = CENTRES[shape.view], _share(between[0].sessions)
        yield (
            f'<circle cx="{middle}" cy="{y:g}" r="9" fill="{shade(share)}" stroke="{INK}">'
            f"{tooltip(between[0].description)}</circle>"
        )
        yield from _count(between[0], middle, y)


def _count(place: Place, x: float, y: float) -> Iterator[str]:
    """The number of sessions, with the mark of the last release below it."""
    ink = ink_on(_share(place.sessions))
    low = y + 3.5 if place.release is None else y + 0.5
    yield text(x, low, str(place.sessions), anchor="middle", size=9.5, fill=ink)
    if place.release is not None:
        yield mark(place.release, x, y + 5, 2.3, ink)


def _spine(needled: Sequence[Place]) -> Iterator[str]:
    """The levels on the back view. They are too small for numbers, which are on the ladder."""
    at = {(place.key, place.side): place for place in needled}
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


def _ladder(needled: Sequence[Place]) -> Iterator[str]:
    """A row for each level: left side, name of the level with its midline count, right side."""
    at = {(place.key, place.side): place for place in needled}
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
    title = "" if place is None else tooltip(place.description)
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
    yield text(16, y + 20, "Last session:", size=11)
    yield from legend(92, y + 20, 11)


def _share(sessions: int) -> float:
    return max(share for least, share in STEPS if sessions >= least)
