"""Having the press print, in a process of its own."""

import subprocess
import sys
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from pydantic_core import from_json, to_json

from app.core.values.problems import Unavailable
from app.settings import settings
from app.summaries.errors import ChartTooLong, PressMissing
from app.summaries.rules.words import breakable

PRESS: Final = Path(__file__).with_name("press.py")
UNPRINTABLE: Final = 3
"""How the press ends where a character has no glyph."""
CONTENT_MAX_BYTES: Final = 3 * 1024 * 1024
"""Of JSON; to print it takes the press about two hundred times as much memory."""
PRINT_MAX_S: Final = 30.0


class NoGlyph(Exception):
    """There is a character in what was to be printed that no font has."""

    def __init__(self, character: str) -> None:
        super().__init__()
        self.character = character


def check_installed() -> None:
    """`PressMissing` where the extra is not installed."""
    if find_spec("typst") is None:
        raise PressMissing


def pdf(content: bytes, digest: str, at: datetime) -> bytes:
    """The summary as a tagged PDF: the same content, as JSON, at the same instant is the same.

    `NoGlyph`, `ChartTooLong`, or `Unavailable` where the machine is too busy to print.
    """
    if len(content) > CONTENT_MAX_BYTES:
        raise ChartTooLong([])
    given = {
        "paper": settings().paper,
        "system_fonts": settings().system_fonts,
        "digest": digest,
        "at": int(at.timestamp()),
        # Only here, for what the digest is of has each word as it was written.
        "content": breakable(from_json(content)),
    }
    try:
        printed = subprocess.run(  # noqa: S603 - this Python, a file of ours, and data by its input
            [sys.executable, "-I", PRESS, str(UNPRINTABLE)],
            input=to_json(given),
            capture_output=True,
            timeout=PRINT_MAX_S,
            env={},  # it needs no secret of ours
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unavailable from None
    if printed.returncode == UNPRINTABLE:
        raise NoGlyph(printed.stdout.decode())
    if printed.returncode != 0:
        raise RuntimeError("the press failed")
    return printed.stdout
