"""Reads the records of a CSV file (RFC 4180), and says where a quote is wrong.

A record whose quotes are wrong ends with the line of the wrong quote. So one missing quote is one
error, and the lines after it are read.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from app.core.values.faults import Fault
from app.transfer.lines import LINE_MAX_BYTES, TOO_LONG, Line

CELL_MAX: Final = csv.field_size_limit()
RECORD_LINES_MAX: Final = 10_000
"""More lines than the texts of a record can have. A quote that never ends is found soon."""
CELL_TOO_LONG = Fault("", "csv_field_too_long", f"A cell may have at most {CELL_MAX:,} characters.")

_CELL: Final = r'(?:"(?:[^"]|"")*+"|[^",\r\n]*+)'
_RECORD: Final = re.compile(rf"{_CELL}(?:,{_CELL})*+[\r\n]*")
_GOOD_CELLS: Final = re.compile(rf"(?:{_CELL},)*+")
_CLOSED_IN_LINE: Final = re.compile(r'"(?:[^"\r\n]|"")*+"')


class Record(NamedTuple):
    """The cells of a record, or its fault. `line` is the number of its first line."""

    line: int
    cells: Sequence[str] = ()
    fault: Fault | None = None


def records(lines: Iterator[Line]) -> Iterator[Record]:
    """The records of a file. Bytes that aren't UTF-8 become surrogates."""
    again: deque[Line] = deque()

    def following() -> Line | None:
        return again.popleft() if again else next(lines, None)

    while (line := following()) is not None:
        taken, size, quotes = [line], 0, 0
        while line.raw is not None:
            size, quotes = size + len(line.raw), quotes + line.raw.count(b'"')
            # A record ends with the first line after which its quotes are in pairs.
            is_short = size <= LINE_MAX_BYTES and len(taken) < RECORD_LINES_MAX
            is_open = quotes % 2 == 1 and is_short
            if not is_open or (line := following()) is None:
                break
            taken.append(line)
        record, used = _read(taken)
        again.extendleft(reversed(taken[used:]))
        yield record


def _read(taken: Sequence[Line]) -> tuple[Record, int]:
    """Return the record in these lines, and the number of its lines."""
    number = taken[0].number
    texts = [line.raw.decode(errors="surrogateescape") for line in taken if line.raw is not None]
    if not texts:
        return Record(number, fault=TOO_LONG), 1
    text = "".join(texts)
    if not text.strip("\r\n"):
        return Record(number), 1
    if '"' in text and not _RECORD.fullmatch(text):
        fault, used = _wrong_quote(text, texts, number)
        return Record(number, fault=fault), used
    try:
        return Record(number, next(csv.reader([text], strict=True))), len(texts)
    except csv.Error:
        return Record(number, fault=CELL_TOO_LONG), len(texts)


def _wrong_quote(text: str, texts: Sequence[str], number: int) -> tuple[Fault, int]:
    """Return the fault that says where a quote is wrong, and the number of lines up to it."""
    good = _GOOD_CELLS.match(text)
    begun = good.end() if good else 0
    at = text.index('"', begun)
    is_unclosed = at == begun and not _CLOSED_IN_LINE.match(text, at)
    nth = 0
    while at >= len(texts[nth]):
        at -= len(texts[nth])
        nth += 1
    where = f"The quote at character {at + 1} of line {number + nth}"
    if is_unclosed:
        return Fault("", "csv_unclosed_quote", f"{where} begins a text that doesn't end."), nth + 1
    detail = f"{where} is out of place. Quote the whole cell, and double each quote inside it."
    return Fault("", "csv_invalid", detail), nth + 1
