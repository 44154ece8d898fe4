"""The console's style sheet and picture, with the version by which a browser keeps each."""

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from app.core.http.answers import digest

STATIC: Final = Path(__file__).parent / "static"
FOR_A_YEAR: Final = "public, max-age=31536000, immutable"
MEDIA: Final = {"console.css": "text/css", "console.svg": "image/svg+xml"}
"""The files of the console, with their media types."""


class File(NamedTuple):
    """A file that never changes while the server runs. It is compressed once, as well as can be."""

    content: bytes
    version: str
    """The digest of the content."""
    packed: bytes
    """The content, compressed by gzip."""


def packed_file(content: bytes) -> File:
    """Return a file with its version, compressed."""
    return File(content, digest(content), gzip.compress(content, mtime=0))


FILES: Final[Mapping[str, File]] = {
    name: packed_file((STATIC / name).read_bytes()) for name in MEDIA
}


def address(name: str) -> str:
    """Return the name of a file of the console with its version, for a page's address of it."""
    return f"{name}?v={FILES[name].version}"
