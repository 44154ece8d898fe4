"""Runs the press, which writes the PDF in a process of its own."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from pydantic_core import from_json, to_json

from app.core.values.problems import Unavailable
from app.settings import settings
from app.summaries.errors import ChartTooLong, PressMissing
from app.summaries.rules.words import breakable

PRESS: Final = Path(__file__).with_name("press.py")
CJK: Final = "noto_cjk_sans_otc"
"""The package of the extra `cjk`: a font for Chinese, Japanese and Korean, and nothing else."""
UNPRINTABLE: Final = 3
"""The exit code of the press if the fonts can't show the content."""
CONTENT_MAX_BYTES: Final = 3 * 1024 * 1024
"""The largest content, as JSON. The press needs about two hundred times as much memory."""
PRINT_MAX_S: Final = 30.0


class NoGlyph(Exception):
    """The content has a text that the fonts can't show."""


def is_installed() -> bool:
    """Whether the extra `pdf` is installed."""
    return find_spec("typst") is not None


def check_installed() -> None:
    """Raise `PressMissing` where the extra `pdf` is not installed."""
    if not is_installed():
        raise PressMissing


def pdf(content: bytes, digest: str, at: datetime, template: str = "chart") -> bytes:
    """The summary, or a document of another template, as a tagged PDF.

    `content` is JSON, and `digest` that of it.

    The same content at the same instant gives the same bytes. Raises `NoGlyph`, `ChartTooLong`,
    or `Unavailable` where the machine is too busy to print in time.
    """
    if len(content) > CONTENT_MAX_BYTES:
        raise ChartTooLong([])
    job = {
        "template": template,
        "paper": settings().paper,
        **_fonts(),
        "digest": digest,
        "at": int(at.timestamp()),
        # Only now: the digest covers each word as it was written.
        "content": breakable(from_json(content)),
    }
    printed = _pressed(job)
    if printed is None:
        raise NoGlyph
    return printed


def unprintable(texts: Sequence[str]) -> tuple[int, str] | None:
    """The place of the first text that the fonts can't show, and a character of it.

    The character is empty if each can be shown alone. None if every text can be shown, or if it
    takes too long to find one.
    """
    job = {"texts": breakable(list(texts)), **_fonts()}
    try:
        found = from_json(_pressed(job) or b"null")
    except Unavailable:
        return None
    return None if found is None else (found[0], found[1])


def _fonts() -> dict[str, Any]:
    """The fonts that the press may use beside its own: folders, and whether the system's."""
    found = find_spec(CJK)
    folders = () if found is None else found.submodule_search_locations or ()
    return {"fonts": list(folders), "system_fonts": settings().system_fonts}


def _pressed(job: object) -> bytes | None:
    """The output of the press; None if the fonts can't show the content."""
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
        return None
    if printed.returncode != 0:
        raise RuntimeError("the press failed")
    return printed.stdout
