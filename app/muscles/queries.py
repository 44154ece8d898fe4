"""The catalogue and the body map, loaded and checked at import; and the search for a muscle."""

import csv
import hashlib
import io
from collections.abc import Iterable
from importlib.resources import files
from typing import Annotated, Final

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter

from app.core.values.problems import NotFound
from app.core.values.search import Index
from app.muscles import rules
from app.muscles.rules.body import Body, both_halves, check_drawn, check_placed
from app.muscles.schemas import BodyAreaRow, BodyPathRow, MuscleView

# The date of the last change to the data. The digest in `CATALOGUE_VERSION` identifies the data.
RELEASED: Final = "2026-11-21"
LISTS: Final = frozenset({"segments", "synonyms", "muscles"})
UNIQUE: Final = ("slug", "name", "latin", "uberon", "fma")


def _checked(rows: dict[int, MuscleView]) -> dict[int, MuscleView]:
    for column in UNIQUE:
        rules.check_unique(column, {line: getattr(row, column) for line, row in rows.items()})
    rules.check_parts([row.slug for row in rows.values()])
    return rows


_ROWS: Final = TypeAdapter(
    Annotated[dict[int, MuscleView], Field(min_length=1), AfterValidator(_checked)],
    config=ConfigDict(title="muscles.csv (line.column)"),
)


_AREAS: Final = TypeAdapter(
    dict[int, BodyAreaRow], config=ConfigDict(title="body_areas.csv (line.column)")
)
_PATHS: Final = TypeAdapter(
    dict[int, BodyPathRow], config=ConfigDict(title="body_paths.csv (line.column)")
)


def _cells(text: str) -> dict[int, dict[str, object]]:
    rows = csv.DictReader(io.StringIO(text))
    cells: dict[int, dict[str, object]] = {}
    for row in rows:
        cells[rows.line_num] = {
            column: (cell.split(";") if cell else []) if column in LISTS else cell or None
            for column, cell in row.items()
        }
    return cells


def read(text: str) -> tuple[MuscleView, ...]:
    """Parse muscles from a CSV text; pydantic's `ValidationError` names each wrong line.column."""
    return tuple(_ROWS.validate_python(_cells(text)).values())


def read_body(areas: str, paths: str, muscles: Iterable[MuscleView]) -> Body:
    """Parse the body map of two CSV texts. Every muscle that isn't paraspinal must lie in one area.

    Pydantic's `ValidationError` names each wrong line.column. Raises `RuleBroken` if the two texts
    and the muscles don't match.
    """
    known = [row.area() for row in _AREAS.validate_python(_cells(areas)).values()]
    drawn = [row.shape() for row in _PATHS.validate_python(_cells(paths)).values()]
    check_drawn(known, drawn)
    check_placed(known, [muscle.slug for muscle in muscles if not muscle.paraspinal])
    return Body(tuple(known), tuple(both_halves(drawn)))


def _text(name: str) -> str:
    return (files("app.muscles") / "data" / name).read_text(encoding="utf-8")


_TEXT: Final = _text("muscles.csv")
MUSCLES: Final = read(_TEXT)
BODY: Final = read_body(_text("body_areas.csv"), _text("body_paths.csv"), MUSCLES)
CATALOGUE_VERSION: Final = f"{RELEASED}.{hashlib.sha256(_TEXT.encode()).hexdigest()[:8]}"
_BY_SLUG: Final = {muscle.slug: muscle for muscle in MUSCLES}


def find(slug: str) -> MuscleView | None:
    """The muscle with this slug; None if the catalogue has none."""
    return _BY_SLUG.get(slug)


def muscle(slug: str) -> MuscleView:
    """The muscle with this slug; `NotFound` if the catalogue has none."""
    found = find(slug)
    if found is None:
        raise NotFound("The catalogue has no such muscle.")
    return found


def muscles(q: str | None = None, region: rules.MuscleRegion | None = None) -> list[MuscleView]:
    """The muscles that match `q`, best match first; without `q` all, in the catalogue's order."""
    found: Iterable[MuscleView] = MUSCLES if q is None else search(q)
    return [muscle for muscle in found if region in {None, muscle.region}]


def _names(muscle: MuscleView) -> tuple[str, ...]:
    latin = muscle.latin.removeprefix("Musculus ").removeprefix("Musculi ")
    return (muscle.slug, muscle.name, muscle.latin, latin, *muscle.synonyms)


_INDEX: Final = Index(map(_names, MUSCLES), [muscle.part_of or "" for muscle in MUSCLES])


def search(q: str) -> list[MuscleView]:
    """Every muscle that matches `q`, best match first. Any text is allowed; most match nothing.

    Equal matches keep the catalogue's order, so the same query always gets the same answer.
    """
    return [MUSCLES[position] for position in _INDEX.search(q)]


def named(word: str) -> str | None:
    """The slug of the one muscle with this slug, name or synonym; None if none or several have it.

    Case, blanks and hyphens don't matter.
    """
    if word in _BY_SLUG:
        return word
    position = _INDEX.named(word)
    return None if position is None else MUSCLES[position].slug


def nearest(q: str) -> tuple[str, ...]:
    """The slugs of the muscles that a text which is no slug may have meant, likeliest first."""
    return tuple(MUSCLES[position].slug for position in _INDEX.nearest(q))
