"""Reads all entries of an export in constant memory. Pure."""

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Final

from app.ledger.format.blocks import (
    SHARES,
    SPAN,
    Block,
    Lines,
    Stretch,
    check_stretch,
    first_other_row,
    version_sentence,
)
from app.ledger.format.data import Data
from app.ledger.format.lines import HEADER
from app.ledger.format.report import Report
from app.ledger.format.tree import TILE, Range

# Below this size, starting processes takes longer than they save.
PARALLEL_BYTES: Final = 32 * 1024 * 1024
WORKERS_MAX: Final = 16
SHARE_MEMORY_BYTES: Final = 1024 * 1024
PIECE_BYTES: Final = 1024 * 1024
ENTRIES: Final = "entries.ndjson"
TABLE: Final = "entries.csv"


class Account:
    """Reads both files of entries, feeds the tree and reports wrong entries."""

    def __init__(
        self, directory: Path, report: Report, tree: Range, data: Data | None, *, table: bool
    ) -> None:
        clinic = (report.origin or "").rpartition("/")[2]
        self.report = report
        self.tree = tree
        self.data = data
        until = data.until if data else 0
        self.lines = Lines(directory / ENTRIES, report.first, clinic, tree.open, until)
        self.table = Table(directory / TABLE) if table else None
        self.readable = True
        """Whether every line is an entry. Otherwise the tree means nothing."""
        self._destroyed: dict[str, int] = {}
        self._erased: dict[str, int] = {}

    @property
    def entries(self) -> int:
        """How many complete lines were read."""
        return self.lines.next - self.report.first

    def read(self) -> None:
        """Read all entries, and report what is wrong with them."""
        spans = _Spans()
        try:
            for stretch, block in _checked(self.lines):
                self._add(stretch, block)
                spans.add(block)
        except ValueError:
            self.readable = False
            sentence = f"{ENTRIES} has a line too long for an entry."
            self.report.find("line", "tampered", sentence, ENTRIES)
        for number, version, before in spans.breaks(whole=self.report.first == 1):
            self._blame("version", number, version_sentence(version, before))
        if self.table:
            self.table.close()
        self.report.entries = self.entries

    def unexplained(self) -> list[int]:
        """Entries whose body was destroyed without a later erasure of their patient."""
        return sorted(
            number
            for patient, number in self._destroyed.items()
            if not patient or self._erased.get(patient, 0) <= number
        )

    def _add(self, stretch: Stretch, block: Block) -> None:
        report = self.report
        for fault in block.faults:
            self._blame(*fault)
        report.unlisted.update(block.more)
        report.kinds.update(block.kinds)
        report.actors.update(block.actors)
        report.patients.update(block.patients)
        report.bodies_destroyed += block.bodies_destroyed
        report.start = min(filter(None, (report.start, block.start)), default="")
        report.end = max(report.end, block.end)
        self._destroyed.update(block.destroyed)
        self._erased.update(block.erased)
        self._feed(block.hashes)
        if self.data:
            self.data.add(block.records)
            self.data.shown = block.shown_last or self.data.shown
            for erasure in block.erasures:
                self.data.erase(*erasure)
        if self.table and not self.table.holds(stretch, block):
            number = self.table.other
            if number is not None:
                report.find(
                    "table",
                    "tampered",
                    f"{TABLE} and {ENTRIES} differ in entry {number:,}.",
                    TABLE,
                    entry=number,
                )

    def _blame(self, code: str, number: int, sentence: str) -> None:
        self.readable &= code != "line"
        self.report.find(code, "tampered", f"Entry {number:,}: {sentence}.", ENTRIES, entry=number)

    def _feed(self, hashes: Iterable[bytes | list[bytes]]) -> None:
        for found in hashes:
            if isinstance(found, bytes):
                if self.tree.end + TILE <= self.report.last:
                    self.tree.add_tile(found)
                continue
            for leaf_hash in found[: max(0, self.report.last - self.tree.end)]:
                self.tree.add(leaf_hash)


class Table:
    """`entries.csv`, compared with the rows that the entries give."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.hash = hashlib.sha256()
        self.bytes = 0
        self._more = False
        self.other: int | None = None
        """The first entry with a different row."""
        self._lost = self._next(len(HEADER)) != HEADER.encode()

    @property
    def same(self) -> bool:
        """Whether all rows were as expected."""
        return not (self._lost or self._more)

    def holds(self, stretch: Stretch, block: Block) -> bool:
        """Whether the next rows match this block."""
        if self._lost:
            return False
        start = self.bytes
        found = self._next(block.row_bytes)
        if hashlib.sha256(found).digest() == block.row_hash and block.readable:
            return True
        self._lost = True
        if block.readable:
            with Path(self._file.name).open("rb") as again:
                again.seek(start)
                self.other = first_other_row(stretch, again)
        return False

    def close(self) -> None:
        """Read the rest of the file, and close it."""
        while piece := self._next(PIECE_BYTES):
            self._more = bool(piece)
        self._file.close()

    def _next(self, size: int) -> bytes:
        found = self._file.read(size)
        self.hash.update(found)
        self.bytes += len(found)
        return found


class _Spans:
    """The versions of all records. They may not fit into memory, so shares of them go to files."""

    def __init__(self) -> None:
        self._shares = [SpooledTemporaryFile(SHARE_MEMORY_BYTES) for _ in range(SHARES)]  # noqa: SIM115 - closed in `breaks`

    def add(self, block: Block) -> None:
        for share, packed in block.spans.items():
            self._shares[share].write(packed)

    def breaks(self, *, whole: bool) -> Iterator[tuple[int, int, int]]:
        """Yield entry number, version and preceding version, wherever these versions have a gap.

        In a `whole` ledger every record starts at version 1.
        """
        for share in self._shares:
            reached: dict[bytes, int] = {}
            share.seek(0)
            for key, number, version, last in _unpacked(share):
                before = reached.get(key, 0 if whole else version - 1)
                if version != before + 1:
                    yield number, version, before
                reached[key] = last
            share.close()


def _unpacked(share: "SpooledTemporaryFile[bytes]") -> Iterator[tuple[bytes, int, int, int]]:
    while packed := share.read(SPAN.size * 4096):
        yield from SPAN.iter_unpack(packed)


def _checked(lines: Lines) -> Iterator[tuple[Stretch, Block]]:
    """Check all stretches and yield them in order; large files on all processors."""
    workers = min(os.cpu_count() or 1, WORKERS_MAX)
    if workers == 1 or lines.path.stat().st_size < PARALLEL_BYTES:
        for stretch in lines.stretches():
            yield stretch, check_stretch(stretch)
        return
    waiting = deque[tuple[Stretch, Future[Block]]]()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for stretch in lines.stretches():
            waiting.append((stretch, pool.submit(check_stretch, stretch)))
            if len(waiting) > 2 * workers:
                yield _finished(waiting)
        while waiting:
            yield _finished(waiting)


def _finished(waiting: deque[tuple[Stretch, Future[Block]]]) -> tuple[Stretch, Block]:
    stretch, block = waiting.popleft()
    return stretch, block.result()
