"""The manifest of an audit export: its range of entries, and the hash of every file. Pure."""

import hashlib
import os
import re
from pathlib import Path
from typing import Final, NamedTuple

SMALL_MAX_BYTES: Final = 64 * 1024 * 1024
MANIFEST_VERSION: Final = "needlework audit export 1"
MANIFEST_HEAD: Final = re.compile(
    MANIFEST_VERSION + r"\n"
    r"origin (?P<origin>[!-~]{1,255})\n"
    r"entries (?P<first>[1-9][0-9]{0,14}) (?P<last>0|[1-9][0-9]{0,14})\n"
    r"made (?P<made>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z)\n"
)
MANIFEST_FILE: Final = re.compile(
    r"file ([0-9a-f]{64}) (0|[1-9][0-9]{0,17}) ([A-Za-z0-9_][A-Za-z0-9_.-]*"
    r"(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*)\n"
)


class ListedFile(NamedTuple):
    """A file of the export: its path in the folder, its size in bytes, its SHA-256 in hex."""

    path: str
    size: int
    sha256: str


class Manifest(NamedTuple):
    """Entries `first` to `last` of the log `origin`; `last` is `first - 1` if there are none.

    `made` is in UTC (RFC 3339 with a Z); `files` are sorted by path.
    """

    origin: str
    first: int
    last: int
    made: str
    files: tuple[ListedFile, ...]

    def text(self) -> str:
        """The text that is signed."""
        head = f"origin {self.origin}\nentries {self.first} {self.last}\nmade {self.made}\n"
        files = (f"file {file.sha256} {file.size} {file.path}\n" for file in self.files)
        return f"{MANIFEST_VERSION}\n{head}{''.join(files)}"


def read_manifest(text: str) -> Manifest:
    """Parse what `Manifest.text` wrote. Raises `ValueError` for any other text."""
    head = MANIFEST_HEAD.match(text)
    if head is None:
        raise ValueError("its first four lines are not those of a manifest")
    first, last = int(head["first"]), int(head["last"])
    files = []
    for line in text[head.end() :].splitlines(keepends=True):
        found = MANIFEST_FILE.fullmatch(line)
        if found is None:
            raise ValueError("one of its lines doesn't describe a file")
        files.append(ListedFile(found[3], int(found[2]), found[1]))
    paths = [file.path for file in files]
    if last < first - 1 or paths != sorted(set(paths)):
        raise ValueError("it is not in order")
    return Manifest(head["origin"], first, last, head["made"], tuple(files))


def present(directory: Path) -> set[str]:
    """The path of every file in the folder, including links, special files and empty folders."""
    found = set[str]()
    for folder, folders, files in os.walk(directory):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        empty = [] if folders or files or Path(folder) == directory else [""]
        for name in (*files, *links, *empty):
            found.add(Path(folder, name).relative_to(directory).as_posix())
    return found


def small_file(path: Path) -> bytes:
    """The content of a file. Raises `ValueError` if it is large or not a plain file."""
    if path.stat().st_size > SMALL_MAX_BYTES:
        raise ValueError("It is too large.")
    if not path.is_file():
        raise ValueError("It isn't a plain file.")
    return path.read_bytes()


def sha256(path: Path) -> str:
    """The digest of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
