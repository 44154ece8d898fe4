"""The body map: areas of the skin, and how they are drawn from the front and from the back. Pure.

Coordinates have x = 0 on the midline, x > 0 on the viewer's right, y = 0 at the crown, and grow
downwards. A side is always the patient's own: who faces us has his left on our right, and who
turns his back on us has his right there.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple, get_args

from app.core.values.faults import RuleBroken

View = Literal["front", "back"]
Half = Literal["left", "right", "midline"]
VIEWS: Final[tuple[View, ...]] = get_args(View)
ON_THE_RIGHT: Final[Mapping[View, Half]] = {"front": "left", "back": "right"}
"""Whose side stands on the viewer's right."""
OTHER: Final[Mapping[Half, Half]] = {"left": "right", "right": "left", "midline": "midline"}
HALF_WIDTH: Final = 155
HEIGHT: Final = 606

NUMBER: Final = r"-?\d{1,3}(?:\.\d)?"
POINT: Final = f"{NUMBER} {NUMBER}"
PATH: Final = rf"^(M{POINT}(L{POINT}|C{POINT} {POINT} {POINT})*)+Z?$"
"""Absolute moves, lines and curves only, so that a path is mirrored by the sign of each x."""
_POINT: Final = re.compile(f"({NUMBER}) ({NUMBER})")


class Point(NamedTuple):
    """A place on a view."""

    x: float
    y: float


class Area(NamedTuple):
    """A part of the skin, and the muscles that are needled through it, deep ones included."""

    slug: str
    name: str
    muscles: tuple[str, ...]


class Shape(NamedTuple):
    """An area as one view shows it on one side; or, of no area, a part or a line of the figure."""

    area: str | None
    view: View
    side: Half
    label: Point | None
    """Where a number has room; of an area alone."""
    path: str

    @property
    def is_line(self) -> bool:
        """Whether it encloses nothing."""
        return not self.path.endswith("Z")


class Body(NamedTuple):
    """The areas, in order from head to foot, and every shape of both halves."""

    areas: tuple[Area, ...]
    shapes: tuple[Shape, ...]


def points(path: str) -> list[Point]:
    """Every point that a path names, the handles of its curves included: it stays among them."""
    return [Point(float(x), float(y)) for x, y in _POINT.findall(path)]


def moved(path: str, x: float, y: float, *, mirrored: bool = False) -> str:
    """The path further right and down, its left and right exchanged first where asked."""
    sign = -1 if mirrored else 1

    def place(found: re.Match[str]) -> str:
        return f"{sign * float(found[1]) + x:.5g} {float(found[2]) + y:.5g}"

    return _POINT.sub(place, path)


def mirrored(shape: Shape) -> Shape:
    """The same on the patient's other side."""
    label = shape.label and Point(-shape.label.x, shape.label.y)
    return shape._replace(
        side=OTHER[shape.side], label=label, path=moved(shape.path, 0, 0, mirrored=True)
    )


def both_halves(drawn: Iterable[Shape]) -> Iterator[Shape]:
    """Each shape as it is drawn, and the other half of those that have one."""
    for shape in drawn:
        yield shape
        if shape.side != "midline":
            yield mirrored(shape)


def check_shape(shape: Shape) -> None:
    """Raise `RuleBroken` where a shape lies outside of the frame or on the wrong side."""
    places = points(shape.path)
    if shape.label is not None:
        places.append(shape.label)
    if any(abs(x) > HALF_WIDTH or not 0 <= y <= HEIGHT for x, y in places):
        raise RuleBroken("outside", "The shape leaves the frame.")
    if (shape.area is None) != (shape.label is None) or (shape.area and shape.is_line):
        raise RuleBroken("label", "An area is closed and has a place for its label.")
    if shape.side == "midline":
        if set(points(moved(shape.path, 0, 0, mirrored=True))) != set(points(shape.path)):
            raise RuleBroken("lopsided", "What lies on the midline has two equal halves.")
        return
    sign = 1 if shape.side == ON_THE_RIGHT[shape.view] else -1
    if any(x * sign < 0 for x, _ in places):
        raise RuleBroken("wrong_side", "The shape crosses the midline of its view.")


def check_drawn(areas: Iterable[Area], drawn: Iterable[Shape]) -> None:
    """Raise `RuleBroken` where an area isn't drawn, or twice in one view, or drawn and unknown."""
    known = {area.slug for area in areas}
    views = [(shape.area, shape.view) for shape in drawn if shape.area is not None]
    check_same("area", known, {area for area, _ in views})
    if len(set(views)) < len(views):
        raise RuleBroken("repeated", "An area is drawn twice in one view.")


def check_placed(areas: Iterable[Area], muscles: Collection[str]) -> None:
    """Raise `RuleBroken` unless each of these muscles, and no other, lies in one area."""
    placed = [muscle for area in areas for muscle in area.muscles]
    check_same("muscles", muscles, placed)
    if len(set(placed)) < len(placed):
        raise RuleBroken("repeated", "A muscle lies in two areas.")


def check_same(column: str, expected: Collection[str], found: Collection[str]) -> None:
    """Raise `RuleBroken` with what only one of the two names."""
    strangers = sorted(set(expected) ^ set(found))
    if strangers:
        raise RuleBroken("mismatch", f"column {column}: {', '.join(strangers)}.")
