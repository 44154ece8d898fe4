"""The manifest of an audit export: what it holds, and the hash of every file. Pure."""

import re
from typing import Final, NamedTuple

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
    """Read what `Manifest.text` wrote. Raises `ValueError` for every other text."""
    head = MANIFEST_HEAD.match(text)
    if head is None:
        raise ValueError("its first four lines are not those of a manifest")
    first, last = int(head["first"]), int(head["last"])
    files = []
    for line in text[head.end() :].splitlines(keepends=True):
        found = MANIFEST_FILE.fullmatch(line)
        if found is None:
            raise ValueError("a line of it is not that of a file")
        files.append(ListedFile(found[3], int(found[2]), found[1]))
    paths = [file.path for file in files]
    if last < first - 1 or paths != sorted(set(paths)):
        raise ValueError("it is not in order")
    return Manifest(head["origin"], first, last, head["made"], tuple(files))
