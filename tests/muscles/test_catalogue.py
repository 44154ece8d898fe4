"""The catalogue is complete, consistent, and refuses to load when its file is broken."""

import csv
import io
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.core.values.problems import NotFound
from app.core.values.vocabularies import words_of
from app.muscles import queries, rules

TEXT = (files("app.muscles") / "data" / "muscles.csv").read_text(encoding="utf-8")
ROWS = list(csv.DictReader(io.StringIO(TEXT)))

BROKEN = {
    "slug": ["", "Not a slug", "é", "x" * 65],
    "name": ["", " padded"],
    "latin": ["", "padded "],
    "region": ["", "neck"],
    "part_of": ["platysma", "nothing"],
    "paraspinal": ["", "maybe"],
    "innervation": [""],
    "segments": ["", "C9", "T13", "C5,C6", "C6;C5", "C5;C5", "C5;"],
    "thoracic_risk": ["", "maybe"],
    "compressible": ["", "maybe"],
    "synonyms": ["QL;", " QL"],
    "uberon": ["0001578", "UBERON:1"],
    "fma": ["46757", "FMA:"],
    "hazard": [" padded"],
}


def written(rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def with_cell(index: int, column: str, cell: str) -> str:
    return written([{**row, column: cell} if n == index else row for n, row in enumerate(ROWS)])


def test_the_catalogue_has_178_muscles_and_parts() -> None:
    assert len(queries.MUSCLES) == 178


def test_every_row_is_read_as_it_is_in_the_file() -> None:
    def cell(value: object) -> str:
        match value:
            case None:
                return ""
            case bool():
                return str(value).lower()
            case tuple():
                return ";".join(value)
        return str(value)

    served = [muscle.model_dump() for muscle in queries.MUSCLES]
    assert [{name: cell(value) for name, value in row.items()} for row in served] == [
        {name: row[name] for name in served[0]} for row in ROWS
    ]


def test_the_version_changes_with_the_data_and_only_then() -> None:
    # When this fails, the data have changed: set RELEASED to today and take the new digest.
    assert queries.CATALOGUE_VERSION == "2026-11-21.810e96e8"


def test_every_word_of_the_vocabularies_is_used() -> None:
    assert {muscle.region for muscle in queries.MUSCLES} == set(words_of(rules.MuscleRegion))
    assert {muscle.part_of for muscle in queries.MUSCLES} - {None} == set(rules.GROUPS)
    assert {s for muscle in queries.MUSCLES for s in muscle.segments} == set(rules.SEGMENTS)


def test_a_paraspinal_muscle_is_supplied_by_levels_that_a_needling_can_state() -> None:
    paraspinal = [muscle for muscle in queries.MUSCLES if muscle.paraspinal]
    assert len(paraspinal) == 22
    assert {s for muscle in paraspinal for s in muscle.segments} <= set(rules.SPINAL_LEVELS)


def test_a_muscle_is_looked_up_only_by_its_slug() -> None:
    for muscle in queries.MUSCLES:
        assert queries.find(muscle.slug) is queries.muscle(muscle.slug) is muscle


@pytest.mark.parametrize("slug", ["", "Infraspinatus", "infraspinatus ", "quadriceps_femoris"])
def test_an_unknown_slug_is_no_muscle(slug: str) -> None:
    assert queries.find(slug) is None
    with pytest.raises(NotFound):
        queries.muscle(slug)


@given(
    index=st.integers(0, len(ROWS) - 1),
    broken=st.sampled_from([(column, cell) for column, cells in BROKEN.items() for cell in cells]),
)
def test_a_broken_cell_is_refused_with_its_line_and_column(
    index: int, broken: tuple[str, str]
) -> None:
    column, cell = broken
    with pytest.raises(ValidationError, match=r"muscles\.csv") as refused:
        queries.read(with_cell(index, column, cell))
    places = {error["loc"][:2] for error in refused.value.errors()}
    assert places == {(index + 2, column)}


@pytest.mark.parametrize("column", ["slug", "name", "latin", "uberon", "fma"])
def test_a_repeated_key_is_refused_with_both_lines(column: str) -> None:
    first = next(n for n, row in enumerate(ROWS) if row[column])
    again = rf"line 102, column {column}: repeats line {first + 2}\."
    with pytest.raises(ValidationError, match=again):
        queries.read(with_cell(100, column, ROWS[first][column]))


def test_a_group_that_is_also_a_muscle_is_refused() -> None:
    with pytest.raises(ValidationError, match="trapezius names a group"):
        queries.read(with_cell(0, "slug", "trapezius"))


def test_a_missing_or_an_unknown_column_is_refused() -> None:
    header, rest = TEXT.split("\n", 1)
    for damaged in (header.replace("latin", "latine"), header + ",more"):
        with pytest.raises(ValidationError, match=r"2\.(latin|more)"):
            queries.read(f"{damaged}\n{rest}")


def test_a_row_with_too_many_cells_is_refused() -> None:
    with pytest.raises(ValidationError, match="179"):
        queries.read(TEXT.rstrip("\n") + ",more\n")


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"muscles\.csv"):
        queries.read(TEXT.split("\n", 1)[0])


def test_a_list_can_be_filtered_by_region() -> None:
    hand = queries.muscles(region="hand")
    assert len(hand) == 11
    assert {muscle.region for muscle in hand} == {"hand"}
    assert queries.muscles("flexor", "hand") == [m for m in queries.search("flexor") if m in hand]
    assert queries.muscles() == list(queries.MUSCLES)
