"""Write an audit export, as streams of bytes for a folder or a zip file. Pure.

`parts` makes one file after another in constant memory. The manifest is last: an export without
one is unfinished. Entries are requested by number, so that `into_folder` can continue an
interrupted export.
"""

import ast
import hashlib
import io
import itertools
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from app.ledger.format.entry import canonical
from app.ledger.format.errors import EntryMissing
from app.ledger.format.lines import (
    HEADER,
    LINE_ENTRY,
    LINE_SALT,
    PUBLIC,
    entry_line,
    entry_row,
    public_values,
)
from app.ledger.format.manifest import ListedFile, Manifest

ENTRIES_AT_ONCE: Final = 512
NUMBER_AT: Final = PUBLIC.index("number")
# In the order of their imports, because `verify.py` joins them.
MODULES: Final = (
    "entry",
    "tree",
    "note",
    "policy",
    "lines",
    "manifest",
    "report",
    "data",
    "blocks",
    "account",
    "check",
    "verify",
)

VERIFIER_HEAD: Final = '''\
"""Check an audit export of Needlework offline: python -I verify.py --help

Generated from the modules that the server itself uses. Licence: Apache-2.0.
"""

import importlib.util
import sys

if importlib.util.find_spec("cryptography") is None:
    sys.stderr.write("verify.py needs: python -m pip install cryptography\\n")
    sys.exit(4)
'''
README: Final = Path(__file__).with_name("auditor.md")


class Exported(NamedTuple):
    """An exported entry: its public part, and its body if it has one, in canonical JSON."""

    number: int
    public: bytes
    body: bytes | None
    salt: bytes | None


# entries(after): the entries after this number, up to the export's last, in order.
Entries = Callable[[int], Iterable[Exported]]


@dataclass(frozen=True)
class Export:
    """The content of an export: entries `first` to `last` of the log `origin`.

    `made` is in UTC (RFC 3339 with a Z). `checkpoint` and the earlier ones (by size) are signed
    notes. `outside` is the result of `tree.outside` for the leaves [first - 1, last). `policy` is a
    tlog-policy. `sign` makes a signed note from a text.
    """

    origin: str
    first: int
    last: int
    made: str
    checkpoint: bytes
    outside: Sequence[bytes]
    policy: bytes
    sign: Callable[[str], bytes]
    earlier: Mapping[int, bytes] = field(default_factory=dict)


Part = tuple[str, Iterator[bytes]]


def parts(export: Export, entries: Entries, kept: BinaryIO | None = None) -> Iterator[Part]:
    """Yield every file of the export as its path and bytes. Read all bytes before the next path.

    `kept` is an interrupted `entries.ndjson`, open for reading and writing. It is truncated after
    its last complete line, and only the missing lines are yielded.
    Raises `EntryMissing` if `entries` skips a number, and `FileExistsError` if `kept` belongs to
    another export.
    """
    files: list[ListedFile] = []
    small = {
        "README.md": _readme(export),
        "checkpoint": export.checkpoint,
        **{f"checkpoints/{size}": note for size, note in export.earlier.items()},
        "outside.json": outside_json(export.first, export.last, export.outside),
        "policy": export.policy,
        "verify.py": verifier().encode(),
    }
    for path, data in small.items():
        yield path, _tallied(path, iter([data]), files)
    whole, after = _kept(export, kept) if kept else (_Tally(), export.first - 1)
    lines = _lines(export, entries(after), after)
    yield "entries.ndjson", _tallied("entries.ndjson", lines, files, whole)
    yield "entries.csv", _tallied("entries.csv", _rows(entries(export.first - 1)), files)
    listed = tuple(sorted(files))
    manifest = Manifest(export.origin, export.first, export.last, export.made, listed)
    yield "manifest", iter([export.sign(manifest.text())])


def into_folder(directory: Path, export: Export, entries: Entries) -> None:
    """Write the export into a folder, or continue one that was interrupted."""
    (directory / "checkpoints").mkdir(parents=True, exist_ok=True)
    # A manifest marks a finished export.
    (directory / "manifest").unlink(missing_ok=True)
    held = directory / "entries.ndjson"
    held.touch()
    with held.open("r+b") as kept:
        for path, pieces in parts(export, entries, kept):
            if path == "entries.ndjson":
                kept.writelines(pieces)
                kept.flush()
                continue
            with (directory / path).open("wb") as file:
                file.writelines(pieces)
    if not export.earlier:
        (directory / "checkpoints").rmdir()


def zipped(files: Iterable[Part]) -> Generator[bytes, None, None]:
    """The files as one zip archive, in pieces, so that it never needs to fit into memory."""
    archive = _Pipe()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writing:
        for path, pieces in files:
            with writing.open(path, "w", force_zip64=True) as file:
                for piece in pieces:
                    file.write(piece)
                    yield archive.taken()
    yield archive.taken()


class _Pipe(io.RawIOBase):
    """A buffer between a zip archive's writer and its reader, without seeking."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


@dataclass
class _Tally:
    """The hash and size of a file so far."""

    hash: Any = field(default_factory=hashlib.sha256)
    size: int = 0

    def add(self, piece: bytes) -> None:
        self.hash.update(piece)
        self.size += len(piece)


def _tallied(
    path: str, pieces: Iterable[bytes], files: list[ListedFile], tally: _Tally | None = None
) -> Iterator[bytes]:
    tally = tally or _Tally()
    for piece in pieces:
        tally.add(piece)
        yield piece
    files.append(ListedFile(path, tally.size, tally.hash.hexdigest()))


def _kept(export: Export, kept: BinaryIO) -> tuple[_Tally, int]:
    """Hash and size of the complete lines in `kept`, and the number of its last complete entry."""
    tally, number = _Tally(), export.first - 1
    for line in kept:
        if not line.endswith(b"\n"):
            break
        number += 1
        if _number(line) != number or number > export.last:
            raise FileExistsError("the folder holds another export")
        tally.add(line)
    kept.seek(tally.size)
    kept.truncate()
    return tally, number


def _number(line: bytes) -> int:
    public = line.rpartition(LINE_ENTRY)[2].rpartition(LINE_SALT)[0]
    try:
        return int(public_values(public.decode())[0][NUMBER_AT])
    except ValueError:
        return 0


def _lines(export: Export, entries: Iterable[Exported], after: int) -> Iterator[bytes]:
    expected = itertools.count(after + 1)
    for some in _batched(entries):
        for entry, number in zip(some, expected, strict=False):
            _expect(entry.number, number)
        yield b"".join(entry_line(*entry[1:]) for entry in some)
    _expect(export.last + 1, next(expected))


def _expect(found: int, number: int) -> None:
    if found != number:
        raise EntryMissing(f"An entry is missing: number {number}.")


def _rows(entries: Iterable[Exported]) -> Iterator[bytes]:
    yield HEADER.encode()
    for some in _batched(entries):
        yield b"".join(entry_row(entry.public) for entry in some)


def _batched(entries: Iterable[Exported]) -> Iterator[list[Exported]]:
    source = iter(entries)
    while some := list(itertools.islice(source, ENTRIES_AT_ONCE)):
        yield some


def outside_json(first: int, last: int, hashes: Sequence[bytes]) -> bytes:
    """The file `outside.json`."""
    found = {"first": first, "last": last, "hashes": [hash_.hex() for hash_ in hashes]}
    return canonical(found) + b"\n"


def verifier() -> str:
    """The source of `verify.py`: the pure modules joined, without imports of each other."""
    here = Path(__file__).parent
    sources = (_standing_alone((here / f"{name}.py").read_text("utf-8")) for name in MODULES)
    return "\n\n".join((VERIFIER_HEAD, *sources))


def _standing_alone(source: str) -> str:
    lines = source.splitlines()
    for item in reversed(ast.parse(source).body):
        if isinstance(item, ast.ImportFrom) and (item.module or "").startswith("app."):
            del lines[item.lineno - 1 : item.end_lineno]
    return "\n".join(lines).strip() + "\n"


def _readme(export: Export) -> bytes:
    return (
        README.read_text("utf-8")
        .format(origin=export.origin, first=export.first, last=export.last, made=export.made)
        .encode()
    )
