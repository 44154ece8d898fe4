"""Writes NDJSON and CSV, a batch of rows at a time."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from app.core.db.tables import OFFSET, minutes_east
from app.core.http.streams import Pieces
from app.transfer.exports.columns import NESTED, Column, Type
from app.transfer.exports.datasets import Rows
from app.transfer.formulas import guarded

LINE: Final = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z

CellWriter = Callable[[Any], Any]
"""Formats a cell that isn't null."""


class Special(NamedTuple):
    """A column whose cells are formatted."""

    place: int
    source: int
    """The place of the cell that is formatted: its own, or that of the instant of an offset."""
    write: CellWriter


def ndjson(columns: Sequence[Column], rows: Rows, _zone: ZoneInfo) -> Pieces:
    """One JSON object per line, each with all members."""
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


def csv_text(
    columns: Sequence[Column], rows: Rows, zone: ZoneInfo, *, excel: bool = False
) -> Pieces:
    """CSV (RFC 4180) in UTF-8 with a header. A null cell is empty.

    For `excel`, times are in the clinic's time zone, and so are the offsets beside them.

    A text that a spreadsheet would treat as a formula gets a `'` in front, which an import takes
    away again: see `app.transfer.formulas`.
    """
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow([column.name for column in columns])
    yield (codecs.BOM_UTF8 if excel else b"") + _taken(lines)
    special = [
        Special(n, n, writer_of_cell)
        for n, column in enumerate(columns)
        if (writer_of_cell := _cell_writer(column, zone, excel=excel)) is not None
    ]
    if excel:
        places = {column.name: n for n, column in enumerate(columns)}
        special += [
            Special(n, places[name.removesuffix(OFFSET)], _offset_of(zone))
            for name, n in places.items()
            if name.endswith(OFFSET) and name.removesuffix(OFFSET) in places
        ]
    for batch in rows:
        writer.writerows(_cells(special, batch))
        yield _taken(lines)


def _taken(lines: io.StringIO) -> bytes:
    text = lines.getvalue()
    lines.seek(0)
    lines.truncate()
    return text.encode()


def _cells(special: Sequence[Special], batch: Sequence[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    for row in batch:
        cells = list(row)
        for place, source, write in special:
            if row[source] is not None:
                cells[place] = write(row[source])
        yield cells


def _cell_writer(column: Column, zone: ZoneInfo, *, excel: bool) -> CellWriter | None:
    """The formatter for the cells of this column; None where they need none."""
    if column.type is Type.TEXT:
        return None if "enum" in column.limits else guarded
    if column.type is Type.BOOLEAN:
        return {True: "true", False: "false"}.__getitem__
    if column.type is Type.INSTANT:
        return _for_excel(zone) if excel else _rfc_3339
    if column.type in NESTED:
        return _as_text
    return None


def _rfc_3339(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _for_excel(zone: ZoneInfo) -> CellWriter:
    """The clinic's own time without its offset, because Excel can't read offsets."""

    def write(at: datetime) -> str:
        return at.astimezone(zone).replace(tzinfo=None).isoformat(" ", "milliseconds")

    return write


def _offset_of(zone: ZoneInfo) -> CellWriter:
    """The minutes east of UTC of the clinic's own time, so that its instant is known."""
    return lambda at: minutes_east(at.astimezone(zone))


def _as_text(cell: Any) -> str:
    return cell if isinstance(cell, str) else orjson.dumps(cell).decode()
