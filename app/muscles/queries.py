"""The catalogue and the body map, loaded and checked at import; and the search for a muscle."""

import csv
import hashlib
import io
from collections.abc import Iterable
from enum import IntEnum
from importlib.resources import files
from typing import Annotated, Final, NamedTuple

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter
from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.core.values.problems import NotFound
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


class Match(IntEnum):
    """How well a muscle matches a query, best first."""

    VERBATIM = 0  # case matters: RCPM is the major and RCPm the minor
    EXACT = 1
    PREFIX = 2
    WORDS = 3  # each word of the query begins one of the muscle's words
    MISSPELT = 4


class _Entry(NamedTuple):
    muscle: MuscleView
    written: frozenset[str]
    names: tuple[str, ...]
    words: frozenset[str]


def _entry(muscle: MuscleView) -> _Entry:
    latin = muscle.latin.removeprefix("Musculus ").removeprefix("Musculi ")
    written = (muscle.slug, muscle.name, muscle.latin, latin, *muscle.synonyms)
    names = tuple(dict.fromkeys(rules.joined(name) for name in written))
    words = frozenset(rules.words(" ".join((*written, muscle.part_of or ""))))
    return _Entry(muscle, frozenset(written), names, words)


_ENTRIES: Final = tuple(_entry(muscle) for muscle in MUSCLES)
_NAMES: Final = {
    (position, number): name
    for position, entry in enumerate(_ENTRIES)
    for number, name in enumerate(entry.names)
}
_WORDS: Final = {word: word for word in sorted(frozenset().union(*(e.words for e in _ENTRIES)))}


def search(q: str) -> list[MuscleView]:
    """Every muscle that matches `q`, best match first. Any text is allowed; most match nothing.

    Equal matches keep the catalogue's order, so the same query always gets the same answer.
    """
    asked = rules.joined(q)
    if not asked:
        return []
    names = _misspelt_names(asked)
    readings = [_readings(word) for word in dict.fromkeys(rules.words(q))]
    ranked = []
    for position, entry in enumerate(_ENTRIES):
        match = _match(entry, q.strip(), asked)
        errors = None if match is not None else _errors(entry, readings, names.get(position))
        if match is not None:
            ranked.append((match, 0, position))
        elif errors is not None:
            ranked.append((Match.MISSPELT if errors else Match.WORDS, errors, position))
    return [_ENTRIES[position].muscle for *_, position in sorted(ranked)]


def _match(entry: _Entry, q: str, asked: str) -> Match | None:
    if q in entry.written:
        return Match.VERBATIM
    if asked in entry.names:
        return Match.EXACT
    if any(name.startswith(asked) for name in entry.names):
        return Match.PREFIX
    return None


def _errors(entry: _Entry, readings: list[dict[str, int]], in_name: int | None) -> int | None:
    """The fewest typing errors with which the query matches an entry; None if it doesn't.

    `in_name` are the errors against the entry's closest whole name. Word by word, each word of
    the query must match a word of the entry.
    """
    in_words = 0
    for reading in readings:
        errors = [reading[word] for word in entry.words & reading.keys()]
        if not errors:
            return in_name
        in_words += min(errors)
    return in_words if in_name is None else min(in_name, in_words)


def _readings(word: str) -> dict[str, int]:
    """The catalogue's words that a typed word may stand for, each with its number of errors."""
    slips = rules.slips(len(word))
    begun = {known: known[: len(word)] for known in _WORDS}
    found: dict[str, int] = {}
    for choices in (begun, _WORDS):
        for _, errors, known in process.extract(
            word, choices, scorer=OSA.distance, score_cutoff=slips, limit=None
        ):
            found[known] = min(errors, found.get(known, errors))
    return found


def _misspelt_names(asked: str) -> dict[int, int]:
    """The entries with a whole name close to the query, each with its number of errors."""
    found: dict[int, int] = {}
    for _, errors, (position, _number) in process.extract(
        asked, _NAMES, scorer=OSA.distance, score_cutoff=rules.slips(len(asked)), limit=None
    ):
        found[position] = min(errors, found.get(position, errors))
    return found
