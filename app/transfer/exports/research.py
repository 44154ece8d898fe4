"""De-identifies a dataset for research."""

import pickle
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from app.core.db.tables import OFFSET
from app.core.operation import Operation
from app.core.values.clock import clinic_day, first_day
from app.settings import settings
from app.transfer.exports import rules
from app.transfer.exports.columns import NESTED, PSEUDONYM, Becomes, Column, Type
from app.transfer.exports.datasets import BATCH_ROWS, REFERENCES, Dataset, Rows
from app.transfer.exports.errors import NoResearchKey

KEY_MIN_BYTES: Final = 32
CACHED: Final = 10_000
"""The number of pseudonyms, and of shifts, in the cache."""

Cell = Callable[[Any, str], Any]
"""Converts a cell. Its arguments are the cell and the id of the patient."""


class Blinding(NamedTuple):
    """The functions that hide people's identity, for one export key."""

    pseudonym: Callable[[str, str], str]
    """By the noun and the id of a record."""
    shift: Callable[[str], timedelta]
    """By the id of a patient."""


def secret(clinic_id: UUID) -> bytes:
    """The clinic's own key, derived from the key in the settings; `NoResearchKey` without one."""
    configured, file = settings().research_key, settings().research_key_file
    try:
        if configured is not None:
            key = configured.get_secret_value().strip().encode()
        else:
            key = file.read_bytes().strip() if file is not None else b""
    except OSError:
        raise NoResearchKey from None
    if len(key) < KEY_MIN_BYTES:
        raise NoResearchKey
    return bytes.fromhex(rules.pseudonym(key, "clinic", str(clinic_id)))


def is_possible(clinic_id: UUID) -> bool:
    """Return whether this server has a key for pseudonyms."""
    try:
        secret(clinic_id)
    except NoResearchKey:
        return False
    return True


def deidentified(dataset: Dataset, key: bytes) -> Dataset:
    """The dataset for research, with each column treated as its declaration says."""
    cached = lru_cache(CACHED)
    blinding = Blinding(cached(partial(rules.pseudonym, key)), cached(partial(rules.shift, key)))
    kept = [c for c in dataset.columns if c.becomes is not Becomes.GONE]
    return replace(
        dataset,
        declare=lambda: tuple(_column(column) for column in kept),
        patients=None,
        own=None,
        computed=lambda op: _rows(op, dataset, kept, blinding),
    )


def _column(column: Column) -> Column:
    """The declaration of a column after de-identification."""
    how, is_list = column.becomes, column.type in NESTED
    if how is Becomes.PSEUDONYM:
        limits = {"pattern": "^[0-9a-f]{32}$"}
        return replace(column, type=Type.TEXT, limits=limits)
    if how is Becomes.COMMON:
        enough = rules.ENOUGH_PATIENTS
        rare = f"`{rules.RARE}` replaces values that fewer than {enough} patients share."
        about = f"{column.about} {rare}".strip()
        return replace(column, type=Type.TEXTS if is_list else Type.TEXT, limits={}, about=about)
    if how is Becomes.BIRTH:
        about = (
            f"The first year of a band of {rules.BAND_YEARS} years with the birth date, shifted"
            " like all times. The lowest band has all earlier years too. Null where few patients"
            " share it."
        )
        return replace(column, name="birth_year", type=Type.INTEGER, about=about)
    return column


def _rows(op: Operation, dataset: Dataset, kept: Sequence[Column], blinding: Blinding) -> Rows:
    """Read the dataset twice: first to find what enough patients share, then to write it."""
    whose = _patient_column(kept)
    wordy = {
        n: _words(op, column, blinding)
        for n, column in enumerate(kept)
        if column.becomes in {Becomes.COMMON, Becomes.BIRTH}
    }
    shared = rules.Shared()
    if wordy:
        for batch in dataset.rows(op, kept):
            for row in batch:
                for n, words in wordy.items():
                    if row[n] is not None:
                        for word in words(row[n], row[whose]):
                            shared.add((n, word), row[whose])
    hidden = {n: _hiding_rare(n, kept[n], words, shared) for n, words in wordy.items()}
    cells = {**_shifting_and_pseudonyms(dataset, kept, blinding), **hidden}
    clocks = _clocks(dataset, kept)
    read = [*kept, *(offset for _, offset in clocks)]
    local = {n: len(kept) + place for place, (n, _) in enumerate(clocks)}
    converted = (
        [_row(row, whose, cells, local)[: len(kept)] for row in batch]
        for batch in dataset.rows(op, read)
    )
    yield from _reordered(converted, next(n for n, c in enumerate(kept) if c.becomes is PSEUDONYM))


def _clocks(dataset: Dataset, kept: Sequence[Column]) -> list[tuple[int, Column]]:
    """The places of the time columns, each with the column of its UTC offset."""
    offsets = {column.name.removesuffix(OFFSET): column for column in dataset.columns}
    return [
        (n, offsets[column.name])
        for n, column in enumerate(kept)
        if column.becomes is Becomes.SHIFTED and offsets[column.name].name != column.name
    ]


def _reordered(batches: Iterable[Sequence[Sequence[Any]]], by: int) -> Rows:
    """Rows in the order of a pseudonym. The original order would show when records were created.

    The rows are sorted in a temporary file, not in memory.
    """
    with closing(sqlite3.connect("", check_same_thread=False)) as file:
        file.execute("CREATE TABLE rows (pseudonym TEXT, n INTEGER PRIMARY KEY, cells BLOB)")
        for batch in batches:
            file.executemany(
                "INSERT INTO rows (pseudonym, cells) VALUES (?, ?)",
                ((row[by], pickle.dumps(row)) for row in batch),
            )
        ordered = file.execute("SELECT cells FROM rows ORDER BY pseudonym, n")
        while some := ordered.fetchmany(BATCH_ROWS):
            yield [pickle.loads(cells) for (cells,) in some]  # noqa: S301 - written just above


def _patient_column(kept: Sequence[Column]) -> int:
    """The place of the patient's id, or of the practitioner's where there is no patient."""
    names = [column.name for column in kept]
    return names.index("patient_id" if "patient_id" in names else "id")


def _row(
    row: Sequence[Any], whose: int, cells: Mapping[int, Cell], local: Mapping[int, int]
) -> Sequence[Any]:
    """The converted row, with times in local time.

    In UTC, a weekly visit at nine would move by an hour when the clocks change, which would show
    the season.
    """
    changed = list(row)
    for n, offset in local.items():
        if row[n] is not None:
            changed[n] = row[n] + timedelta(minutes=row[offset])
    for n, cell in cells.items():
        if row[n] is not None:
            changed[n] = cell(changed[n], row[whose])
    return changed


def _shifting_and_pseudonyms(
    dataset: Dataset, kept: Sequence[Column], blinding: Blinding
) -> Mapping[int, Cell]:
    """The conversions of ids and times, by the place of the column."""
    cells: dict[int, Cell] = {}
    for n, column in enumerate(kept):
        if column.becomes is Becomes.PSEUDONYM:
            noun = REFERENCES.get(column.name, dataset.name)
            cells[n] = lambda id, _whose, noun=noun: blinding.pseudonym(noun, id)  # type: ignore[misc]
        elif column.becomes is Becomes.SHIFTED:
            cells[n] = lambda at, whose: at + blinding.shift(whose)
    return cells


Words = Callable[[Any, str], Iterator[Any]]
"""The words in a cell, by the cell and the patient's id. A rare word could identify a patient."""


def _words(op: Operation, column: Column, blinding: Blinding) -> Words:
    if column.becomes is Becomes.BIRTH:
        today = clinic_day(op.at, op.zone)
        # Of a birth date that is known in part, the first day counts: they may be over 89.
        return lambda born, whose: iter(
            [rules.birth_band(first_day(born), blinding.shift(whose), today)]
        )
    if column.type not in NESTED:
        return lambda word, _whose: iter([word])
    members = column.members

    def words(cell: str, _whose: str) -> Iterator[str]:
        for item in orjson.loads(cell):
            yield "|".join(item[name] for name in members) if members else item

    return words


def _hiding_rare(n: int, column: Column, words: Words, shared: rules.Shared) -> Cell:
    """The conversion that hides the words that too few patients share."""

    def hide_rare(cell: Any, whose: str) -> Any:
        in_cell = list(words(cell, whose))
        are_shared = [(n, word) in shared for word in in_cell]
        if column.becomes is Becomes.BIRTH:
            return in_cell[0] if are_shared[0] else None
        visible = rules.common(in_cell, are_shared)
        return visible if column.type in NESTED else visible[0]

    return hide_rare
