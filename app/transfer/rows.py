"""Reads the rows of a file one at a time, in constant memory, whatever the file contains."""

import codecs
import csv
from collections.abc import Iterator
from itertools import count
from typing import BinaryIO, Final, NamedTuple

from pydantic_core import PydanticSerializationError, to_json

from app.core.values.faults import Fault
from app.core.values.problems import Invalid
from app.transfer.bodies import value_of

ROW_MAX_BYTES: Final = 1024 * 1024
NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"

# Stands for a line that is too long. The CSV parser refuses it, even inside a quoted field.
OVERLONG: Final = "x" * (csv.field_size_limit() + 1) + "\n"
TOO_LONG = Fault("", "line_too_long", f"A line may have at most {ROW_MAX_BYTES:,} bytes.")
NOT_TEXT = Fault("", "json_invalid", "The text is not UTF-8.")
NOT_CSV = Fault("", "csv_invalid", "Not CSV: a quote is out of place, or a field is too long.")
OTHER_WIDTH = Fault("", "csv_width", "The row and the header have different numbers of fields.")
NO_HEADER = Fault(
    "", "csv_header", "The first line must name each column once, with `type` among them."
)


class Row(NamedTuple):
    """One row: the number of its first line (from 1), and its JSON or its fault."""

    line: int
    raw: bytes
    fault: Fault | None = None


def rows(file: BinaryIO, media: str) -> Iterator[Row]:
    """The rows of a file, without empty lines. `Invalid` where a CSV file has no valid header."""
    return csv_rows(file) if media == CSV else json_rows(file)


def json_rows(file: BinaryIO) -> Iterator[Row]:
    """The rows of a file of JSON lines."""
    for line, raw in _lines(file):
        if raw is None:
            yield Row(line, b"", TOO_LONG)
        elif raw.strip():
            yield Row(line, raw)


def csv_rows(file: BinaryIO) -> Iterator[Row]:
    """The rows of a CSV file (RFC 4180, UTF-8), each converted to JSON.

    The header names members of the record, and `type`. An empty field is an absent member. A
    list or an object is JSON in its field.
    """
    reader = csv.reader(_texts(file), strict=True)
    try:
        header = next(reader, [])
    except csv.Error:
        raise Invalid([NOT_CSV]) from None
    if "type" not in header or len(set(header)) < len(header):
        raise Invalid([NO_HEADER])
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Row(line, b"", NOT_CSV)
            continue
        if any(fields):
            yield _csv_row(line, header, fields)


def _csv_row(line: int, header: list[str], fields: list[str]) -> Row:
    if len(fields) != len(header):
        return Row(line, b"", OTHER_WIDTH)
    filled = {name: field for name, field in zip(header, fields, strict=True) if field}
    type_ = filled.get("type", "")
    try:
        return Row(line, to_json({name: value_of(type_, name, filled[name]) for name in filled}))
    except PydanticSerializationError:
        return Row(line, b"", NOT_TEXT)


def _texts(file: BinaryIO) -> Iterator[str]:
    """Lines as text. Bytes that aren't UTF-8 become surrogates, and their row is refused later."""
    for _, raw in _lines(file):
        yield OVERLONG if raw is None else raw.decode(errors="surrogateescape")


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Lines by number, without a byte order mark; None for a line that is too long."""
    for number in count(1):
        raw = file.readline(ROW_MAX_BYTES + 1)
        if not raw:
            return
        if number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if len(raw) > ROW_MAX_BYTES and not raw.endswith(b"\n"):
            while (more := file.readline(ROW_MAX_BYTES)) and not more.endswith(b"\n"):
                pass
            yield number, None
        else:
            yield number, raw
