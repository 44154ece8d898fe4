"""The body map in three parts, which a page puts beside or below each other as it has room.

Each is as wide as a phone. There its letters are as large as those of the page.
"""

from collections.abc import Callable, Iterator
from typing import Final

from app.muscles.rules import SPINAL_LEVELS
from app.muscles.rules.body import HEIGHT, VIEWS, Body, View
from app.progress.rules.body_map import CELL, Place, Spot, classes, figure, ladder, places, swatch
from app.progress.rules.drawing import SIZE, mark, svg_document, text
from app.progress.rules.history import Json
from app.progress.rules.wording import RELEASES

WIDTH: Final = 310
TOP: Final = 44
BELOW: Final = 8
ROW: Final = 21
LEGEND: Final = 140
"""Where the legend begins, to the right of the ladder."""
EMPTY: Final = "Nothing was needled here."


def body_sheets(
    document: Json, body: Body, muscle_name: Callable[[str], str]
) -> tuple[str, str, str]:
    """Return the front, the back, and the spinal levels with the legend, each as an SVG.

    `muscle_name` turns a muscle's code into its name.
    """
    needled = places(document, body, muscle_name)
    front, back = (_figure(view, needled, body) for view in VIEWS)
    return front, back, _levels([place for place in needled if place.key in SPINAL_LEVELS])


def _figure(view: View, needled: list[Place], body: Body) -> str:
    drawn = {shape.area for shape in body.shapes if shape.view == view}
    here = [place for place in needled if place.key in drawn]
    parts = figure(view, needled, body, Spot(WIDTH / 2, TOP, SIZE))
    return _sheet(view, f"Body map, {view}", here, parts)


def _levels(needled: list[Place]) -> str:
    parts = [*ladder(needled, Spot(16, TOP, SIZE, ROW)), *_legend()]
    return _sheet("levels", "Body map, spinal levels", needled, parts)


def _sheet(name: str, title: str, needled: list[Place], parts: list[str]) -> str:
    told = ". ".join(place.description for place in needled)
    words = (title, f"{told}." if told else EMPTY)
    return svg_document(f"body-{name}", (WIDTH, TOP + HEIGHT + BELOW), words, parts)


def _legend() -> Iterator[str]:
    y = TOP + 11.0
    yield text(LEGEND, y, "Sessions", weight="bold")
    for words, colour in classes():
        y += ROW
        yield swatch(LEGEND, y, colour)
        yield text(LEGEND + CELL - 12, y, words)
    y += 1.5 * ROW
    yield text(LEGEND, y, "Last session", weight="bold")
    for release, words in RELEASES.items():
        y += ROW
        yield mark(release, LEGEND + 6, y - SIZE / 3, SIZE / 3)
        yield text(LEGEND + CELL - 12, y, words)
