"""The body map shows every muscle once, on the right side of the right view."""

import csv
import io
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.core.values.faults import RuleBroken
from app.muscles import queries
from app.muscles.rules.body import (
    HALF_WIDTH,
    HEIGHT,
    VIEWS,
    Point,
    Shape,
    mirrored,
    moved,
    points,
)

BODY = queries.BODY
AREAS = queries._text("body_areas.csv")  # noqa: SLF001 - the file's own content
PATHS = queries._text("body_paths.csv")  # noqa: SLF001 - likewise
DRAWN = [shape for shape in BODY.shapes if shape.area is not None]
SIDED = [shape for shape in DRAWN if shape.side != "midline"]
COMMAND = re.compile(r"([MLC])([^MLCZ]*)")


def outline(path: str) -> list[Point]:
    """The vertices of a path, with each curve divided into eight steps."""
    corners: list[Point] = []
    for command, numbers in COMMAND.findall(path):
        *handles, end = points(numbers)
        if command == "C":
            begin = corners[-1]
            corners += [between((begin, *handles, end), n / 8) for n in range(1, 8)]
        corners.append(end)
    return corners


def between(curve: tuple[Point, ...], t: float) -> Point:
    """A point on a curve, by De Casteljau's algorithm."""
    while len(curve) > 1:
        curve = tuple(
            Point(a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)) for a, b in pairwise(curve)
        )
    return curve[0]


def area_and_centroid(path: str) -> tuple[float, Point]:
    corners = outline(path)
    doubled = x = y = 0.0
    for a, b in pairwise([*corners, corners[0]]):
        cross = a.x * b.y - b.x * a.y
        doubled += cross
        x += (a.x + b.x) * cross
        y += (a.y + b.y) * cross
    return abs(doubled / 2), Point(x / doubled / 3, y / doubled / 3)


def encloses(path: str, place: Point) -> bool:
    corners = outline(path)
    inside = False
    for a, b in pairwise([*corners, corners[0]]):
        if (a.y > place.y) != (b.y > place.y):
            inside ^= place.x < a.x + (b.x - a.x) * (place.y - a.y) / (b.y - a.y)
    return inside


def shape(slug: str, view: str, side: str) -> Shape:
    [found] = [s for s in DRAWN if (s.area, s.view, s.side) == (slug, view, side)]
    return found


def test_every_muscle_is_in_one_area_or_needled_at_a_level() -> None:
    placed = [muscle for area in BODY.areas for muscle in area.muscles]
    assert len(placed) == len(set(placed))
    assert set(placed) == {muscle.slug for muscle in queries.MUSCLES if not muscle.paraspinal}


def test_every_area_is_drawn_with_both_its_halves() -> None:
    for area in BODY.areas:
        for view in VIEWS:
            sides = {s.side for s in DRAWN if (s.area, s.view) == (area.slug, view)}
            assert sides in ({"left", "right"}, {"midline"}, set())
        assert area.slug in {s.area for s in DRAWN}


@pytest.mark.parametrize("drawn", SIDED, ids=lambda s: f"{s.area}-{s.view}-{s.side}")
def test_a_side_is_the_patients_own(drawn: Shape) -> None:
    """The left of a person who faces us is on our right; from the back, it is on our left."""
    _, centroid = area_and_centroid(drawn.path)
    ours = "right" if centroid.x > 0 else "left"
    theirs = {"left": "right", "right": "left"}[ours] if drawn.view == "front" else ours
    assert drawn.side == theirs
    sign = 1 if ours == "right" else -1
    assert all(x * sign >= 0 for x, _ in points(drawn.path))


def test_areas_are_at_their_anatomical_places() -> None:
    """Checked by landmarks: which areas are above, beside or between others."""

    def at(slug: str, view: str, side: str = "left") -> Point:
        return area_and_centroid(shape(slug, view, side).path)[1]

    assert at("forehead", "front").y < at("face", "front").y < at("throat", "front").y
    assert at("chest", "front").y < at("belly_front", "front").y < at("groin", "front").y
    # Anatomical position: the thumb is lateral to the palm, from the front and from the back.
    assert abs(at("hand_thumb", "front").x) > abs(at("hand_palm", "front").x)
    assert abs(at("forearm_outer", "back").x) > abs(at("forearm_back", "back").x)
    assert abs(at("calf_inner", "back").x) < abs(at("calf_outer", "back").x)
    assert abs(at("hamstring_inner", "back").x) < abs(at("hamstring_outer", "back").x)
    assert abs(at("between_blades", "back").x) < abs(at("shoulder_blade", "back").x)
    assert at("blade_top", "back").y < at("shoulder_blade", "back").y
    assert at("calf_inner", "back").y < at("calf_low", "back").y < at("sole", "back").y


def test_the_two_halves_are_mirror_images() -> None:
    for half in SIDED:
        other = {"left": "right", "right": "left"}[half.side]
        twin = shape(str(half.area), half.view, other)
        assert [(-x, y) for x, y in points(twin.path)] == points(half.path)
        assert area_and_centroid(twin.path)[0] == pytest.approx(area_and_centroid(half.path)[0])


def test_every_area_is_inside_the_frame_and_no_two_are_at_one_place() -> None:
    for drawn in BODY.shapes:
        assert all(abs(x) <= HALF_WIDTH and 0 <= y <= HEIGHT for x, y in points(drawn.path))
    for view in VIEWS:
        centres = [area_and_centroid(s.path)[1] for s in DRAWN if s.view == view]
        for n, one in enumerate(centres):
            assert all(abs(one.x - o.x) + abs(one.y - o.y) > 5 for o in centres[:n])


def test_areas_of_a_view_do_not_overlap() -> None:
    """No area contains the middle of another."""
    for one in DRAWN:
        assert one.label is not None
        assert [
            (other.area, other.side)
            for other in DRAWN
            if other.view == one.view and encloses(other.path, one.label)
        ] == [(one.area, one.side)]


@given(st.sampled_from(BODY.shapes))
def test_a_shape_mirrored_twice_is_itself(drawn: Shape) -> None:
    twice = mirrored(mirrored(drawn))
    assert points(twice.path) == points(drawn.path)
    assert twice._replace(path="") == drawn._replace(path="")


@given(
    st.sampled_from(BODY.shapes),
    st.integers(-500, 500),
    st.integers(-500, 500),
)
def test_a_shape_is_moved_as_a_whole(drawn: Shape, x: int, y: int) -> None:
    numbers = re.findall(r"-?[\d.]+", moved(drawn.path, x, y))
    places = zip(map(float, numbers[::2]), map(float, numbers[1::2]), strict=True)
    for (a, b), (c, d) in zip(places, points(drawn.path), strict=True):
        assert (a, b) == pytest.approx((c + x, d + y), abs=0.05)


def rows(text: str) -> Iterator[dict[str, str]]:
    return csv.DictReader(io.StringIO(text))


def written(table: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(table[0]))
    writer.writeheader()
    writer.writerows(table)
    return out.getvalue()


def read(areas: str = AREAS, paths: str = PATHS) -> None:
    queries.read_body(areas, paths, queries.MUSCLES)


CHEST = next(n for n, row in enumerate(rows(PATHS)) if row["area"] == "chest")
SHIN = "M20 460L30 460L25 500Z"
BROKEN = {
    "area": ["Chest", "no such area"],
    "view": ["", "side"],
    "side": ["", "right", "midline", "both"],
    "label": ["", "60", "400 120", "-9 140"],
    "path": ["", "M1 1", SHIN.replace("20", "-20"), SHIN.replace("20", "200"), SHIN + "<script>"],
}


@pytest.mark.parametrize("column", BROKEN)
def test_a_broken_drawing_is_refused_with_its_line(column: str) -> None:
    for cell in BROKEN[column]:
        table = [{**row, column: cell} if n == CHEST else row for n, row in enumerate(rows(PATHS))]
        with pytest.raises(ValidationError, match=r"body_paths\.csv") as refused:
            read(paths=written(table))
        assert {error["loc"][0] for error in refused.value.errors()} == {CHEST + 2}


def test_a_muscle_without_a_drawn_area_is_refused() -> None:
    lacking = [row for row in rows(PATHS) if row["area"] != "chest"]
    with pytest.raises(RuleBroken, match="chest"):
        read(paths=written(lacking))
    with pytest.raises(RuleBroken, match="twice in one view"):
        read(paths=written([*lacking, *[row for row in rows(PATHS) if row["area"] == "chest"] * 2]))
    for given_, found in (("infraspinatus;", ""), ("infraspinatus", "gluteus_maximus")):
        assert given_ in AREAS
        with pytest.raises((RuleBroken, ValidationError), match=r"infraspinatus|gluteus_maximus"):
            read(areas=AREAS.replace(given_, found))
    with pytest.raises(RuleBroken, match="two areas"):
        read(areas=AREAS.replace("tensor_fasciae_latae", "tensor_fasciae_latae;infraspinatus"))
    with pytest.raises(RuleBroken, match="multifidus_lumborum"):
        read(areas=AREAS.replace("quadratus_lumborum", "quadratus_lumborum;multifidus_lumborum"))
