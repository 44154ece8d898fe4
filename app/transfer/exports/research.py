"""A dataset for research: the same one, without what tells who somebody is."""

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
from app.settings import settings
from app.transfer.exports import rules
from app.transfer.exports.columns import NESTED, PSEUDONYM, Becomes, Column, Type
from app.transfer.exports.datasets import BATCH_ROWS, REFERENCES, Dataset, Rows
from app.transfer.exports.errors import NoResearchKey

KEY_MIN_BYTES: Final = 32
REMEMBERED: Final = 10_000
"""Of how many patients and practitioners what was worked out is kept."""

Cell = Callable[[Any, str], Any]
"""What a cell becomes, given whose it is."""


class Blinding(NamedTuple):
    """The one way in which an export hides who somebody is."""

    pseudonym: Callable[[str, str], str]
    moved: Callable[[str], Any]


def secret(clinic_id: UUID) -> bytes:
    """The clinic's own key, made from that of the settings; `NoResearchKey` without one."""
    given, file = settings().research_key, settings().research_key_file
    try:
        if given is not None:
            key = given.get_secret_value().strip().encode()
        else:
            key = file.read_bytes().strip() if file is not None else b""
    except OSError:
        raise NoResearchKey from None
    if len(key) < KEY_MIN_BYTES:
        raise NoResearchKey
    return bytes.fromhex(rules.pseudonym(key, "clinic", str(clinic_id)))


def blinded(dataset: Dataset, key: bytes) -> Dataset:
    """The dataset as research gets it: each column what its declaration says."""
    remembered = lru_cache(REMEMBERED)
    blinding = Blinding(
        remembered(partial(rules.pseudonym, key)), remembered(partial(rules.moved, key))
    )
    kept = [c for c in dataset.columns if c.becomes is not Becomes.GONE]
    return replace(
        dataset,
        columns=tuple(_column(column) for column in kept),
        patients=None,
        own=None,
        computed=lambda op: _rows(op, dataset, kept, blinding),
    )


def _column(column: Column) -> Column:
    """What a column is afterwards."""
    how, is_list = column.becomes, column.type in NESTED
    if how is Becomes.PSEUDONYM:
        limits = {"pattern": "^[0-9a-f]{32}$"}
        return replace(column, type=Type.TEXT, limits=limits)
    if how is Becomes.COMMON:
        told = f"{column.about} `{rules.RARE}` stands for what fewer than"
        about = f"{told} {rules.ENOUGH_PATIENTS} patients share.".strip()
        return replace(column, type=Type.TEXTS if is_list else Type.TEXT, limits={}, about=about)
    if how is Becomes.BIRTH:
        about = (
            f"The first of {rules.BAND_YEARS} years in one of which the birth lies, moved like all"
            " times; the lowest stands for all before, too. None where few share it."
        )
        return replace(column, name="birth_year", type=Type.INTEGER, about=about)
    return column


def _rows(op: Operation, dataset: Dataset, kept: Sequence[Column], blinding: Blinding) -> Rows:
    """Read twice: to see what enough patients share, and to tell it."""
    whose = _whose(kept)
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
    told = {n: _told(n, kept[n], words, shared) for n, words in wordy.items()}
    cells = {**_moved_and_named(dataset, kept, blinding), **told}
    clocks = _clocks(dataset, kept)
    read = [*kept, *(offset for _, offset in clocks)]
    local = {n: len(kept) + place for place, (n, _) in enumerate(clocks)}
    blind = (
        [_row(row, whose, cells, local)[: len(kept)] for row in batch]
        for batch in dataset.rows(op, read)
    )
    yield from _reordered(blind, next(n for n, c in enumerate(kept) if c.becomes is PSEUDONYM))


def _clocks(dataset: Dataset, kept: Sequence[Column]) -> list[tuple[int, Column]]:
    """The places of instants, each with the column of its sender's offset from UTC."""
    offsets = {column.name.removesuffix(OFFSET): column for column in dataset.columns}
    return [
        (n, offsets[column.name])
        for n, column in enumerate(kept)
        if column.becomes is Becomes.SHIFTED and offsets[column.name].name != column.name
    ]


def _reordered(batches: Iterable[Sequence[Sequence[Any]]], by: int) -> Rows:
    """Rows in the order of a pseudonym: the order in which records were made tells when.

    They wait in a file without a name, not in memory.
    """
    with closing(sqlite3.connect("", check_same_thread=False)) as file:
        file.execute("CREATE TABLE rows (pseudonym TEXT, n INTEGER PRIMARY KEY, cells BLOB)")
        for batch in batches:
            file.executemany(
                "INSERT INTO rows (pseudonym, cells) VALUES (?, ?)",
                ((row[by], pickle.dumps(row)) for row in batch),
            )
        found = file.execute("SELECT cells FROM rows ORDER BY pseudonym, n")
        while some := found.fetchmany(BATCH_ROWS):
            yield [pickle.loads(cells) for (cells,) in some]  # noqa: S301 - written a moment ago


def _whose(kept: Sequence[Column]) -> int:
    """The place of the patient's id; of practitioners, that of their own."""
    names = [column.name for column in kept]
    return names.index("patient_id" if "patient_id" in names else "id")


def _row(
    row: Sequence[Any], whose: int, cells: Mapping[int, Cell], local: Mapping[int, int]
) -> Sequence[Any]:
    """The row as it is told; instants as the clock on the wall showed them.

    In UTC a visit at nine each week would come an hour sooner once, and tell when clocks change.
    """
    changed = list(row)
    for n, offset in local.items():
        if row[n] is not None:
            changed[n] = row[n] + timedelta(minutes=row[offset])
    for n, cell in cells.items():
        if row[n] is not None:
            changed[n] = cell(changed[n], row[whose])
    return changed


def _moved_and_named(
    dataset: Dataset, kept: Sequence[Column], blinding: Blinding
) -> Mapping[int, Cell]:
    found: dict[int, Cell] = {}
    for n, column in enumerate(kept):
        if column.becomes is Becomes.PSEUDONYM:
            noun = REFERENCES.get(column.name, dataset.name)
            found[n] = lambda id, _whose, noun=noun: blinding.pseudonym(noun, id)  # type: ignore[misc]
        elif column.becomes is Becomes.SHIFTED:
            found[n] = lambda at, whose: at + blinding.moved(whose)
    return found


Words = Callable[[Any, str], Iterator[Any]]
"""The words in a cell: patients who share none of them can be told apart by them."""


def _words(op: Operation, column: Column, blinding: Blinding) -> Words:
    if column.becomes is Becomes.BIRTH:
        today = op.at.date()
        return lambda born, whose: iter([rules.birth_band(born, blinding.moved(whose), today)])
    if column.type not in NESTED:
        return lambda word, _whose: iter([word])
    members = column.members

    def words(cell: str, _whose: str) -> Iterator[str]:
        for item in orjson.loads(cell):
            yield "|".join(item[name] for name in members) if members else item

    return words


def _told(n: int, column: Column, words: Words, shared: rules.Shared) -> Cell:
    def told(cell: Any, whose: str) -> Any:
        found = list(words(cell, whose))
        are_shared = [(n, word) in shared for word in found]
        if column.becomes is Becomes.BIRTH:
            return found[0] if are_shared[0] else None
        said = rules.common(found, are_shared)
        return said if column.type in NESTED else said[0]

    return told
