"""The body map: areas of the skin, and their shapes seen from the front and from the back. Pure.

Coordinates: x = 0 on the midline, x > 0 on the viewer's right, y = 0 at the crown, growing
downwards. A side is always the patient's own. In the front view their left is on the viewer's
right; in the back view their right is.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple, get_args

from app.core.faults import RuleBroken

View = Literal["front", "back"]
Half = Literal["left", "right", "midline"]
VIEWS: Final[tuple[View, ...]] = get_args(View)
ON_THE_RIGHT: Final[Mapping[View, Half]] = {"front": "left", "back": "right"}
"""The patient's side that is on the viewer's right."""
OTHER: Final[Mapping[Half, Half]] = {"left": "right", "right": "left", "midline": "midline"}
HALF_WIDTH: Final = 155
HEIGHT: Final = 606

NUMBER: Final = r"-?\d{1,3}(?:\.\d)?"
POINT: Final = f"{NUMBER} {NUMBER}"
PATH: Final = rf"^(M{POINT}(L{POINT}|C{POINT} {POINT} {POINT})*)+Z?$"
"""Only absolute moves, lines and curves: negating each x mirrors such a path."""
_POINT: Final = re.compile(f"({NUMBER}) ({NUMBER})")


class Point(NamedTuple):
    """A point in a view."""

    x: float
    y: float


class Area(NamedTuple):
    """An area of the skin, and the muscles that are needled through it, including deep ones."""

    slug: str
    name: str
    muscles: tuple[str, ...]


class Shape(NamedTuple):
    """One half of an area in one view. Without an area: a part or a line of the figure."""

    area: str | None
    view: View
    side: Half
    label: Point | None
    """Where a number fits. Only areas have one."""
    path: str

    @property
    def is_line(self) -> bool:
        """Whether the path is open, so that it encloses nothing."""
        return not self.path.endswith("Z")


class Body(NamedTuple):
    """The areas, from head to foot, and every shape of both halves."""

    areas: tuple[Area, ...]
    shapes: tuple[Shape, ...]


def points(path: str) -> list[Point]:
    """Every point of a path, including the control points of curves, which enclose the path."""
    return [Point(float(x), float(y)) for x, y in _POINT.findall(path)]


def moved(path: str, x: float, y: float, *, mirrored: bool = False) -> str:
    """The path moved by x and y; with `mirrored`, left and right are exchanged first."""
    sign = -1 if mirrored else 1

    def place(found: re.Match[str]) -> str:
        return f"{sign * float(found[1]) + x:.5g} {float(found[2]) + y:.5g}"

    return _POINT.sub(place, path)


def mirrored(shape: Shape) -> Shape:
    """The same shape on the patient's other side."""
    label = shape.label and Point(-shape.label.x, shape.label.y)
    return shape._replace(
        side=OTHER[shape.side], label=label, path=moved(shape.path, 0, 0, mirrored=True)
    )


def both_halves(drawn: Iterable[Shape]) -> Iterator[Shape]:
    """Yield each shape, and its mirror image unless it lies on the midline."""
    for shape in drawn:
        yield shape
        if shape.side != "midline":
            yield mirrored(shape)


def check_shape(shape: Shape) -> None:
    """Raise `RuleBroken` if a shape leaves the frame, crosses the midline or has a wrong label."""
    places = points(shape.path)
    if shape.label is not None:
        places.append(shape.label)
    if any(abs(x) > HALF_WIDTH or not 0 <= y <= HEIGHT for x, y in places):
        raise RuleBroken("outside", "The shape leaves the frame.")
    if (shape.area is None) != (shape.label is None) or (shape.area and shape.is_line):
        raise RuleBroken("label", "An area is closed and has a place for its label.")
    if shape.side == "midline":
        if set(points(moved(shape.path, 0, 0, mirrored=True))) != set(points(shape.path)):
            raise RuleBroken("lopsided", "A shape on the midline has two equal halves.")
        return
    sign = 1 if shape.side == ON_THE_RIGHT[shape.view] else -1
    if any(x * sign < 0 for x, _ in places):
        raise RuleBroken("wrong_side", "The shape crosses the midline of its view.")


def check_drawn(areas: Iterable[Area], drawn: Iterable[Shape]) -> None:
    """Raise `RuleBroken` unless each area, and no other, is drawn, and only once in each view."""
    known = {area.slug for area in areas}
    views = [(shape.area, shape.view) for shape in drawn if shape.area is not None]
    check_same("area", known, {area for area, _ in views})
    if len(set(views)) < len(views):
        raise RuleBroken("repeated", "An area is drawn twice in one view.")


def check_placed(areas: Iterable[Area], muscles: Collection[str]) -> None:
    """Raise `RuleBroken` unless each of these muscles, and no other, lies in exactly one area."""
    placed = [muscle for area in areas for muscle in area.muscles]
    check_same("muscles", muscles, placed)
    if len(set(placed)) < len(placed):
        raise RuleBroken("repeated", "A muscle lies in two areas.")


def check_same(column: str, expected: Collection[str], found: Collection[str]) -> None:
    """Raise `RuleBroken` with the names that are in only one of the two collections."""
    strangers = sorted(set(expected) ^ set(found))
    if strangers:
        raise RuleBroken("mismatch", f"column {column}: {', '.join(strangers)}.")
