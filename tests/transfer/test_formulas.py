"""No cell of a CSV runs in a spreadsheet, and every text comes back as it was."""

import csv
import io
import unicodedata
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transfer.bodies import value_of
from app.transfer.csv_records import records
from app.transfer.exports.columns import Column, Type
from app.transfer.exports.datasets import BY_NAME, DATASETS, Dataset
from app.transfer.exports.texts import csv_text
from app.transfer.formulas import guarded, unguarded
from app.transfer.lines import lines
from tests.ground import Api
from tests.transfer.test_imports import counts

SIGNS = "=+-@＝＋－＠"  # noqa: RUF001 - full-width signs
SPACES = [chr(n) for n in range(0x3100) if chr(n).isspace() or unicodedata.category(chr(n)) == "Zs"]

NAMED = ("given_name", "family_name")
"""Two columns of the export of patients, in its order."""


@given(st.text(st.sampled_from([*SIGNS, *SPACES, "'", "a", "1", "\u200b"])) | st.text())
def test_every_text_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text


@given(st.text(st.sampled_from([*SPACES, "\ufeff", "\u200b"])), st.sampled_from(SIGNS), st.text())
def test_a_sign_behind_any_blanks_is_guarded(blanks: str, sign: str, rest: str) -> None:
    assert guarded(blanks + sign + rest) == f"'{blanks}{sign}{rest}"


@pytest.mark.parametrize("text", ["", "Ana", "a;=1+1", "7", "'s-Gravenhage", "(=1)", "’=1"])  # noqa: RUF001 - an apostrophe
def test_another_text_is_taken_as_it_is(text: str) -> None:
    assert unguarded(text) == text


NAMES = [" =1+1", "＝1+1", "\t=1", "'=1", "''", "-1", "a;=1+1", "'s-Gravenhage"]  # noqa: RUF001 - a full-width sign


def test_what_an_export_wrote_is_read_back_equal(api: Api, other_api: Api) -> None:
    for name in NAMES:
        api.patient(given_name=name)
    sent = [patient["given_name"] for patient in api.get("/v1/patients").json()["items"]]
    exported = list(csv.DictReader(io.StringIO(api.get("/v1/exports/patients.csv").text)))
    rows = io.StringIO()
    writer = csv.writer(rows)
    writer.writerow(["type", "given_name"])
    for each in exported:
        assert not each["given_name"].lstrip().startswith(tuple(SIGNS))
        writer.writerow(["patient", each["given_name"]])
    answer = other_api(
        "POST", "/v1/imports", content=rows.getvalue(), headers={"Content-Type": "text/csv"}
    )
    assert counts(answer.json()) == (len(NAMES), 0, 0), answer.text
    read = [patient["given_name"] for patient in other_api.get("/v1/patients").json()["items"]]
    assert sorted(read) == sorted(sent)


ONE_OF_EACH = {
    Type.INTEGER: (-1, "-1"),
    Type.NUMBER: (-0.5, "-0.5"),
    Type.TEXTS: (["=1"], '["=1"]'),
    Type.NUMBERS: ([-1], "[-1]"),
    Type.JSON: ([{"=a": "=1"}], '[{"=a":"=1"}]'),
}
"""Cells that no spreadsheet runs, as they are written: numbers, and JSON that begins with `[`."""


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
def test_every_text_of_every_export_is_guarded_and_no_number_is(dataset: Dataset) -> None:
    for column in dataset.columns:
        words = column.limits.get("enum")
        if column.type is Type.TEXT and words is None:
            assert written(column, "=1") == "'=1", column.name
        elif column.type is Type.TEXT:
            assert [guarded(word) for word in words or ()] == list(words or ()), column.name
        elif column.type in ONE_OF_EACH:
            cell, expected = ONE_OF_EACH[column.type]
            assert written(column, cell) == expected, column.name


def written(column: Column, cell: Any) -> str:
    """The cell of a CSV export with this one column."""
    content = b"".join(csv_text([column], iter([[(cell,)]]), ZoneInfo("UTC"))).decode()
    _, [found] = csv.reader(io.StringIO(content, newline=""))
    return found


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
TEXTS = st.lists(TEXT | st.sampled_from(["=", "'=", "\r"]), min_size=2, max_size=2)


@given(st.lists(TEXTS, max_size=5))
def test_any_texts_of_an_export_are_read_back_equal_by_an_import(table: list[list[str]]) -> None:
    columns = [column for column in BY_NAME["patients"].columns if column.name in NAMED]
    cells = [tuple(texts) for texts in table]
    content = b"".join(csv_text(columns, iter([cells]), ZoneInfo("UTC")))
    header, *found = records(lines(io.BytesIO(content)))
    assert list(header.cells) == list(NAMED)
    read = [
        [value_of("patient", n, c) for n, c in zip(NAMED, row.cells, strict=True)] for row in found
    ]
    assert read == table


@given(TEXT.filter(bool))
def test_a_cell_of_an_import_is_the_text_that_an_export_writes_for_it(cell: str) -> None:
    [column] = [column for column in BY_NAME["patients"].columns if column.name == NAMED[0]]
    text = value_of("patient", NAMED[0], cell)
    # A cell that no export writes is read as it is, and gets its guard when it is written.
    assert written(column, text) in {cell, guarded(cell)}
