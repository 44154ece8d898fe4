"""Runs the press, which writes the PDF in a process of its own."""

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
"""The exit code of the press if no font has a character."""
CONTENT_MAX_BYTES: Final = 3 * 1024 * 1024
"""The largest content, as JSON. The press needs about two hundred times as much memory."""
PRINT_MAX_S: Final = 30.0


class NoGlyph(Exception):
    """The content has a character that no font has."""

    def __init__(self, character: str) -> None:
        super().__init__()
        self.character = character


def check_installed() -> None:
    """Raise `PressMissing` where the extra `pdf` is not installed."""
    if find_spec("typst") is None:
        raise PressMissing


def pdf(content: bytes, digest: str, at: datetime) -> bytes:
    """The summary as a tagged PDF, from its content as JSON and its digest.

    The same content at the same instant gives the same bytes. Raises `NoGlyph`, `ChartTooLong`,
    or `Unavailable` where the machine is too busy to print in time.
    """
    if len(content) > CONTENT_MAX_BYTES:
        raise ChartTooLong([])
    job = {
        "paper": settings().paper,
        "system_fonts": settings().system_fonts,
        "digest": digest,
        "at": int(at.timestamp()),
        # Only now: the digest covers each word as it was written.
        "content": breakable(from_json(content)),
    }
    try:
        printed = subprocess.run(  # noqa: S603 - this Python, our own file, data through stdin
            [sys.executable, "-I", PRESS, str(UNPRINTABLE)],
            input=to_json(job),
            capture_output=True,
            timeout=PRINT_MAX_S,
            env={},  # the press gets none of our secrets
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unavailable from None
    if printed.returncode == UNPRINTABLE:
        raise NoGlyph(printed.stdout.decode())
    if printed.returncode != 0:
        raise RuntimeError("the press failed")
    return printed.stdout
