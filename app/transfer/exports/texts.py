"""NDJSON and CSV: rows of cells as text, a batch at a time."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from app.core.http.streams import Pieces
from app.transfer.exports.columns import NESTED, Column, Type
from app.transfer.exports.datasets import Rows

LINE: Final = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
"""What a text must not begin with, for a spreadsheet would work it out."""

Written = Callable[[Any], Any]
"""How a cell that isn't null is written."""


def ndjson(columns: Sequence[Column], rows: Rows) -> Pieces:
    """One JSON object a line, each with all members."""
    names = [column.name for column in columns]
    nested = [n for n, column in enumerate(columns) if column.type in NESTED]
    for batch in rows:
        yield b"".join(_line(names, nested, row) for row in batch)


def _line(names: Sequence[str], nested: Sequence[int], row: Sequence[Any]) -> bytes:
    view = dict(zip(names, row, strict=True))
    for place in nested:
        cell = row[place]
        if isinstance(cell, str):
            view[names[place]] = orjson.Fragment(cell)
    return orjson.dumps(view, None, LINE)


def csv_text(columns: Sequence[Column], rows: Rows, *, excel: bool = False) -> Pieces:
    """CSV (RFC 4180) in UTF-8: a header, no cell where there is nothing.

    A text that a spreadsheet would take for a formula gets a `'` in front; so does one that begins
    with a `'`, so that whoever takes away one `'` from each text has what was there.
    """
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow([column.name for column in columns])
    yield (codecs.BOM_UTF8 if excel else b"") + _taken(lines)
    special = [
        (n, written)
        for n, column in enumerate(columns)
        if (written := _written(column, excel=excel)) is not None
    ]
    for batch in rows:
        writer.writerows(_cells(special, batch))
        yield _taken(lines)


def _taken(lines: io.StringIO) -> bytes:
    text = lines.getvalue()
    lines.seek(0)
    lines.truncate()
    return text.encode()


def _cells(
    special: Sequence[tuple[int, Written]], batch: Sequence[Sequence[Any]]
) -> Iterator[Sequence[Any]]:
    for row in batch:
        cells = list(row)
        for place, written in special:
            if cells[place] is not None:
                cells[place] = written(cells[place])
        yield cells


def _written(column: Column, *, excel: bool) -> Written | None:
    """How a cell of this column is written; None where it is written as it is."""
    if column.type is Type.TEXT:
        return None if "enum" in column.limits else guarded
    if column.type is Type.BOOLEAN:
        return {True: "true", False: "false"}.__getitem__
    if column.type is Type.INSTANT:
        return _for_excel if excel else _rfc_3339
    if column.type in NESTED:
        return _as_text
    return None


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _rfc_3339(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _for_excel(at: datetime) -> str:
    """Excel knows no offset; the header's description says that all times are in UTC."""
    return at.replace(tzinfo=None).isoformat(" ", "milliseconds")


def _as_text(cell: Any) -> str:
    return cell if isinstance(cell, str) else orjson.dumps(cell).decode()
