"""Checks `entries.ndjson` of any size, one stretch of lines at a time. Pure."""

import hashlib
import struct
from binascii import hexlify, unhexlify
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from app.ledger.format.data import LEFT_OUT, Shown, ledger_record
from app.ledger.format.entry import LEAF_PREFIX
from app.ledger.format.lines import LINE_ENTRY, LINE_SALT, LINE_START, PUBLIC, public_values
from app.ledger.format.tree import TILE, subtree

BLOCK_BYTES: Final = 8 * 1024 * 1024
# A record has at most a megabyte on the wire.
LINE_MAX_BYTES: Final = 2 * BLOCK_BYTES
FAULTS_MAX: Final = 20
NO_LINE: Final = "its line is not that of an entry"
ERASURE: Final = "patients.erase"

KEY_BYTES_KEPT: Final = 16
# A record's versions in a block: hash of the record, first entry's number, first and last version.
SPAN: Final = struct.Struct("<16sQQQ")
SHARES: Final = 64

_ACTOR: Final = PUBLIC.index("actor")
_AT: Final = PUBLIC.index("at")
_DIGEST: Final = PUBLIC.index("body_digest")
_CLINIC: Final = PUBLIC.index("clinic_id")
_KIND: Final = PUBLIC.index("kind")
_NUMBER: Final = PUBLIC.index("number")
_OPERATION: Final = PUBLIC.index("operation")
_PATIENT: Final = PUBLIC.index("patient_id")
_RESOURCE: Final = PUBLIC.index("resource")
_RESOURCE_ID: Final = PUBLIC.index("resource_id")
_VERSION: Final = PUBLIC.index("version")


class Stretch(NamedTuple):
    """Complete lines of the file: where they are, and which entry they must start with."""

    path: Path
    offset: int
    bytes: int
    number: int
    lines: int
    clinic: str
    open: frozenset[int]
    """Tiles whose leaves are needed, in addition to those that the stretch cuts."""
    until: int
    """The last entry that a data export shows; 0 without one."""


class Fault(NamedTuple):
    """Something wrong with one entry."""

    code: str
    number: int
    sentence: str


@dataclass
class Block:
    """The content of a stretch, and its faults."""

    hashes: list[bytes | list[bytes]] = field(default_factory=list)
    """In order: the hash of a complete tile, or leaf hashes."""
    faults: list[Fault] = field(default_factory=list)
    more: Counter[str] = field(default_factory=Counter)
    """For each code, how many faults are not kept."""
    readable: bool = True
    """Whether every line could be read as an entry."""
    kinds: Counter[str] = field(default_factory=Counter)
    actors: Counter[str] = field(default_factory=Counter)
    patients: set[str] = field(default_factory=set)
    destroyed: dict[str, int] = field(default_factory=dict)
    """For each patient, the last of their entries whose body was destroyed."""
    erased: dict[str, int] = field(default_factory=dict)
    """For each patient, the last entry that erases them."""
    bodies_destroyed: int = 0
    start: str = ""
    end: str = ""
    spans: dict[int, bytes] = field(default_factory=dict)
    """For each share of the records, their packed `SPAN`s."""
    row_bytes: int = 0
    row_hash: bytes = b""
    erasures: list[tuple[str, int]] = field(default_factory=list)
    """Each erasure: the patient, and the number of the entry."""
    records: bytes = b""
    """The packed `LEDGER_RECORD`s of the entries that a data export shows."""
    shown_last: Shown | None = None
    """The last of them."""

    def blame(self, code: str, number: int, sentence: str) -> None:
        """Add a fault. Only the first `FAULTS_MAX` are kept; the others are counted."""
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(Fault(code, number, sentence))
        else:
            self.more[code] += 1


class Lines:
    """Cuts the file into stretches of complete lines, and computes its hash and size."""

    def __init__(
        self, path: Path, first: int, clinic: str, open_: frozenset[int], until: int
    ) -> None:
        self.until = until
        self.path = path
        self.clinic = clinic
        self.open = open_
        self.next = first
        self.hash = hashlib.sha256()
        self.bytes = 0
        self.rest = 0
        """Bytes after the last newline."""

    def stretches(self) -> Iterator[Stretch]:
        """Yield the stretches in order. Raises `ValueError` for a line that is too long."""
        with self.path.open("rb") as file:
            while piece := file.read(BLOCK_BYTES):
                self.hash.update(piece)
                end = piece.rfind(b"\n") + 1
                if end:
                    yield self._stretch(self.rest + end, piece.count(b"\n"))
                    self.rest = 0
                self.bytes += len(piece)
                self.rest += len(piece) - end
                if self.rest > LINE_MAX_BYTES:
                    raise ValueError("a line is too long")

    def _stretch(self, size: int, lines: int) -> Stretch:
        number = self.next
        self.next += lines
        offset = self.bytes - self.rest
        return Stretch(self.path, offset, size, number, lines, self.clinic, self.open, self.until)


def _stretch_lines(stretch: Stretch) -> list[bytes]:
    with stretch.path.open("rb") as file:
        file.seek(stretch.offset)
        return file.read(stretch.bytes).split(b"\n")[:-1]


def check_stretch(stretch: Stretch) -> Block:
    """Check each line of a stretch, and its lines against each other."""
    block, leaves, rows = Block(), list[bytes](), list[str]()
    read = list[tuple[str, ...]]()
    records: dict[str, list[int]] = {}
    packed = bytearray()
    shift = 0
    for number, line in enumerate(_stretch_lines(stretch), stretch.number):
        try:
            head, rest = line.rsplit(LINE_ENTRY, 1)
            public, salt = rest.rsplit(LINE_SALT, 1)
            values, row = public_values(public.decode())
        except ValueError:
            block.blame("line", number, NO_LINE)
            block.readable = False
            leaves.append(b"")
            continue
        leaves.append(hashlib.sha256(LEAF_PREFIX + public).digest())
        read.append(values)
        rows.append(row)
        if values[_NUMBER] != str(number):
            # After a gap every number is wrong, so report only the gap.
            if values[_NUMBER] != str(number + shift):
                block.blame("number", number, f"its number reads {values[_NUMBER]}")
            shift = int(values[_NUMBER]) - number
        if values[_CLINIC] != stretch.clinic:
            block.blame("clinic", number, "it is of another clinic")
        _check_body(block, number, head, salt, values)
        if values[_VERSION] and values[_KIND] == "change":
            _check_version(block, number, values, records)
        if number <= stretch.until:
            _show(block, number, head, values, packed)
        if number == stretch.until:
            block.shown_last = Shown(leaves[-1], values[_AT])
    block.records = bytes(packed)
    _count(block, read)
    _fold(block, stretch, leaves)
    written = "".join(rows).encode()
    block.row_bytes, block.row_hash = len(written), hashlib.sha256(written).digest()
    block.spans = _packed(records)
    return block


def _check_body(
    block: Block, number: int, head: bytes, salt: bytes, values: tuple[str, ...]
) -> None:
    """Compare the body with its digest. This covers every byte of the line outside the entry."""
    digest = values[_DIGEST]
    if values[_OPERATION] == ERASURE and values[_KIND] == "change" and values[_PATIENT]:
        block.erased[values[_PATIENT]] = number
        block.erasures.append((values[_PATIENT], number))
    body = head[len(LINE_START) :]
    if not head.startswith(LINE_START):
        block.blame("line", number, NO_LINE)
    elif body == b"null" and salt == b"null}":
        if digest:
            block.destroyed[values[_PATIENT]] = number
            block.bodies_destroyed += 1
    elif not digest:
        block.blame("body", number, "it has a body, but the ledger recorded none")
    else:
        try:
            salted = unhexlify(salt[1:-2])
        except ValueError:
            salted = b""
        if (
            hashlib.sha256(salted + body).hexdigest() != digest
            or b'"%b"}' % hexlify(salted) != salt
        ):
            block.blame("body", number, "its body is not the one that was recorded")


def _show(
    block: Block, number: int, head: bytes, values: tuple[str, ...], packed: bytearray
) -> None:
    """Add the record of an entry, to compare it with a data export."""
    resource = values[_RESOURCE]
    if values[_KIND] != "change" or resource not in LEFT_OUT or values[_OPERATION] == ERASURE:
        return
    body, id_, patient = head[len(LINE_START) :], values[_RESOURCE_ID], values[_PATIENT]
    try:
        packed += ledger_record(number, resource, id_, patient, body)
    except (ValueError, AttributeError, RecursionError):
        block.blame("body", number, "its body is not a record")


def _count(block: Block, read: list[tuple[str, ...]]) -> None:
    if not read:
        return
    # By columns: code that runs for each line makes a large export slow.
    columns = list(zip(*read, strict=True))
    block.kinds.update(columns[_KIND])
    block.actors.update(columns[_ACTOR])
    block.patients.update(columns[_PATIENT])
    block.patients.discard("")
    block.start, block.end = min(columns[_AT]), max(columns[_AT])


def _check_version(
    block: Block, number: int, values: tuple[str, ...], records: dict[str, list[int]]
) -> None:
    version = int(values[_VERSION])
    record = f"{values[_RESOURCE]} {values[_RESOURCE_ID]}"
    span = records.get(record)
    if span is None:
        records[record] = [number, version, version]
        return
    if version != span[2] + 1:
        block.blame("version", number, version_sentence(version, span[2]))
    span[2] = version


def version_sentence(version: int, before: int) -> str:
    """The message for a version that doesn't follow the one before it."""
    if not before:
        return f"it is version {version} of a record whose earlier versions have no entry"
    return f"it is version {version} of a record that was at version {before}"


def _packed(records: dict[str, list[int]]) -> dict[int, bytes]:
    shares: dict[int, bytearray] = {}
    for record, span in records.items():
        key = hashlib.sha256(record.encode()).digest()[:KEY_BYTES_KEPT]
        shares.setdefault(key[0] % SHARES, bytearray()).extend(SPAN.pack(key, *span))
    return {share: bytes(packed) for share, packed in shares.items()}


def _fold(block: Block, stretch: Stretch, leaves: list[bytes]) -> None:
    # Entry 1 is leaf 0.
    index, end = stretch.number - 1, stretch.number - 1 + len(leaves)
    while index < end:
        stop = min((index // TILE + 1) * TILE, end)
        tile = leaves[index + 1 - stretch.number : stop + 1 - stretch.number]
        whole = len(tile) == TILE and index // TILE not in stretch.open
        block.hashes.append(subtree(tile) if whole else tile)
        index = stop


def first_other_row(stretch: Stretch, table: BinaryIO) -> int | None:
    """The number of the first entry of the stretch whose row differs from the table's.

    None if the table only ends too early.
    """
    for number, line in enumerate(_stretch_lines(stretch), stretch.number):
        public = line.rsplit(LINE_ENTRY, 1)[1].rsplit(LINE_SALT, 1)[0]
        row = public_values(public.decode())[1].encode()
        found = table.read(len(row))
        if found != row:
            return None if len(found) < len(row) and row.startswith(found) else number
    return None
