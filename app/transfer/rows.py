"""Reads the rows of a file one at a time, in constant memory, whatever the file contains."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final, NamedTuple

from pydantic_core import to_json

from app.core.values import bounds
from app.core.values.faults import Fault, pointer
from app.core.values.problems import Invalid
from app.transfer.bodies import MEMBERS, value_of
from app.transfer.csv_records import Record, records
from app.transfer.lines import TOO_LONG, TooManyLinesError, lines

NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"
SEPARATORS: Final = (";", "\t", "|")
NOT_UTF8 = Fault("", "not_utf8", "It is not UTF-8. Save the file as UTF-8.")
NUL = Fault("", "nul_character", "A NUL character can't be stored.")
TOO_MANY_LINES = Fault(
    "",
    "too_many_lines",
    f"An import reads {bounds.IMPORT_LINES_MAX:,} lines. Split the file after this one.",
)
OTHER_WIDTH = Fault("", "csv_width", "The row and the header have different numbers of fields.")


class Row(NamedTuple):
    """One row: the number of its first line (from 1), and its JSON or its fault."""

    line: int
    raw: bytes
    fault: Fault | None = None


def rows(file: BinaryIO, media: str) -> Iterator[Row]:
    """The rows of a file, without empty lines.

    If the file has too many lines, the last row has the fault `TOO_MANY_LINES`. Raises `Invalid` if
    a CSV file has no valid header, or if the file is UTF-16 or UTF-32.
    """
    try:
        yield from csv_rows(file) if media == CSV else json_rows(file)
    except TooManyLinesError as error:
        yield Row(error.line, b"", TOO_MANY_LINES)


def json_rows(file: BinaryIO) -> Iterator[Row]:
    """The rows of a file of JSON lines."""
    for line, raw in lines(file):
        if raw is None:
            yield Row(line, b"", TOO_LONG)
        elif raw.strip():
            fault = _unreadable(raw)
            yield Row(line, raw if fault is None else b"", fault)


def _unreadable(raw: bytes) -> Fault | None:
    if b"\0" in raw:
        return NUL
    try:
        raw.decode()
    except UnicodeDecodeError:
        return NOT_UTF8
    return None


def csv_rows(file: BinaryIO) -> Iterator[Row]:
    """The rows of a CSV file (RFC 4180, UTF-8), each converted to JSON.

    The header names members of the record, and `type`, in any case. An empty field is an absent
    member. A list or an object is JSON in its field.
    """
    found = records(lines(file))
    first = next(found, Record(1))
    names = [_member(name) for name in first.cells]
    fault = first.fault or _header_fault(names)
    if fault is not None:
        raise Invalid([fault]).in_line(first.line)
    for record in found:
        if record.fault is not None:
            yield Row(record.line, b"", record.fault)
        elif any(record.cells):
            yield _csv_row(record, names)


def _member(name: str) -> str:
    """The member that a column is named after, whatever its case and the blanks around it."""
    folded = name.strip().lower()
    return folded if folded in MEMBERS else name


def _header_fault(names: Sequence[str]) -> Fault | None:
    """What is wrong with a header. The fault quotes no name: the line may hold a patient."""
    unreadable = _unreadable(",".join(names).encode(errors="surrogateescape"))
    if unreadable is not None:
        return unreadable
    if not any(names):
        return _no_header("It is empty.")
    for sign in SEPARATORS:
        if len(names) == 1 and sign in names[0]:
            shown = "tabs" if sign == "\t" else f"'{sign}'"
            return _no_header(f"Its columns are separated by {shown}. Separate them by ','.")
    if "type" not in names:
        return _no_header("No column is named `type`.")
    columns = defaultdict(list)
    for number, name in enumerate(names, 1):
        if name:  # spreadsheets write empty columns behind the last one
            columns[name].append(number)
    for same in columns.values():
        if len(same) > 1:
            return _no_header(f"Columns {same[0]} and {same[1]} have the same name.")
    return None


def _no_header(cause: str) -> Fault:
    detail = f"The first line must name each column once, with `type` among them. {cause}"
    return Fault("", "csv_header", detail)


def _csv_row(record: Record, names: Sequence[str]) -> Row:
    if len(record.cells) != len(names):
        return Row(record.line, b"", OTHER_WIDTH)
    filled = {name: cell for name, cell in zip(names, record.cells, strict=True) if cell}
    for name, cell in filled.items():
        if not _is_unicode(cell):
            return Row(record.line, b"", NOT_UTF8._replace(pointer=pointer(name)))
    type_ = filled.get("type", "")
    values = {name: value_of(type_, name, cell) for name, cell in filled.items()}
    return Row(record.line, to_json(values))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
