"""Rows of a file: cut out one at a time, in constant memory, whatever the file holds."""

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

# In place of a line that is too long: the parser refuses it wherever a quoted field may stand.
OVERLONG: Final = "x" * (csv.field_size_limit() + 1) + "\n"
TOO_LONG = Fault("", "line_too_long", f"A line has at most {ROW_MAX_BYTES:,} bytes.")
NOT_TEXT = Fault("", "json_invalid", "Not UTF-8 text.")
NOT_CSV = Fault("", "csv_invalid", "Not CSV: a quote is out of place, or a field is too long.")
OTHER_WIDTH = Fault("", "csv_width", "The row has not as many fields as the header.")
NO_HEADER = Fault("", "csv_header", "The first line names the columns, each once, `type` included.")


class Row(NamedTuple):
    """One row: where it stands (1 is the file's first line), and its JSON or what is wrong."""

    line: int
    raw: bytes
    fault: Fault | None = None


def rows(file: BinaryIO, media: str) -> Iterator[Row]:
    """The rows of a file, empty lines left out; `Invalid` where a CSV file has no header."""
    return csv_rows(file) if media == CSV else json_rows(file)


def json_rows(file: BinaryIO) -> Iterator[Row]:
    """The rows of a file of JSON lines."""
    for line, raw in _lines(file):
        if raw is None:
            yield Row(line, b"", TOO_LONG)
        elif raw.strip():
            yield Row(line, raw)


def csv_rows(file: BinaryIO) -> Iterator[Row]:
    """The rows of a CSV file (RFC 4180, UTF-8), each as the JSON that it stands for.

    The header names members of the record, `type` among them. An empty field is absent; a list
    or an object stands in its field as JSON.
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
    given = {name: field for name, field in zip(header, fields, strict=True) if field}
    type_ = given.get("type", "")
    try:
        return Row(line, to_json({name: value_of(type_, name, given[name]) for name in given}))
    except PydanticSerializationError:
        return Row(line, b"", NOT_TEXT)


def _texts(file: BinaryIO) -> Iterator[str]:
    """Lines as text. What isn't UTF-8 becomes surrogates, which its own row is refused for."""
    for _, raw in _lines(file):
        yield OVERLONG if raw is None else raw.decode(errors="surrogateescape")


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Lines by number; None for one that is too long. A byte order mark is no part of the first."""
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
