"""Splits a file into numbered lines, in constant memory, whatever the file contains."""

import codecs
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from app.core.values import bounds
from app.core.values.faults import Fault
from app.core.values.problems import Invalid

LINE_MAX_BYTES: Final = 1024 * 1024
CHUNK_BYTES: Final = 64 * 1024
ENDS: Final = (b"\n", b"\r")
TOO_LONG = Fault("", "line_too_long", f"A line may have at most {LINE_MAX_BYTES:,} bytes.")


class TooManyLinesError(Exception):
    """The file has more lines than an import reads. `line` is the last one that was read."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class Line(NamedTuple):
    """A line with its end, or None in its place if it is too long. Numbers count from 1."""

    number: int
    raw: bytes | None


def lines(file: BinaryIO) -> Iterator[Line]:
    """The lines of a file, which end with LF, CRLF or CR, without a UTF-8 byte order mark.

    Raises `Invalid` if the file is UTF-16 or UTF-32, and `TooManyLinesError`.
    """
    most = bounds.IMPORT_LINES_MAX
    for number, raw in enumerate(_split(file), 1):
        if number > most:
            raise TooManyLinesError(most)
        if number > 1:
            whole = raw
        elif _is_wide(raw):
            detail = "The file is UTF-16 or UTF-32. Save it as UTF-8."
            raise Invalid([Fault("", "not_utf8", detail)]).in_line(number)
        else:
            whole = raw.removeprefix(codecs.BOM_UTF8)
        yield Line(number, whole if len(whole) <= LINE_MAX_BYTES or _fits(whole) else None)


def _fits(raw: bytes) -> bool:
    return len(raw.rstrip(b"\r\n")) <= LINE_MAX_BYTES


def _split(file: BinaryIO) -> Iterator[bytes]:
    """Lines with their ends. A line that is too long is cut, but is still too long."""
    begun = b""
    while chunk := file.read(CHUNK_BYTES):
        # The last piece waits: the next chunk may continue it, or have the LF after its CR.
        *whole, begun = (begun + chunk).splitlines(keepends=True)
        yield from whole
        if len(begun) > LINE_MAX_BYTES + CHUNK_BYTES and not begun.endswith(ENDS):
            begun = begun[: LINE_MAX_BYTES + 1]
    if begun:
        yield begun


def _is_wide(raw: bytes) -> bool:
    """Return whether a file that begins so has units of two or four bytes."""
    zeros = [byte == 0 for byte in raw[:4]]
    return raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or zeros in (
        [True, False, True, False],
        [False, True, False, True],
        [True, True, False, False],
        [True, True, True, False],
        [False, True, True, True],
    )
