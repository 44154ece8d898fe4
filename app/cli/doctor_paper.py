"""The check of `doctor` about the fonts of charts and letters on paper."""

from collections.abc import Iterator
from typing import Final

from app.cli.findings import Finding
from app.summaries import printing

NAMES: Final = {"Chinese": "\u5f35\u5f20", "Japanese": "\u3055\u30b5", "Korean": "\uae40"}
"""Characters of names in each script: Chinese as in Taiwan and as in Beijing."""


def check_paper() -> Iterator[Finding]:
    """Whether charts can be printed, also with Chinese, Japanese and Korean names."""
    if not printing.is_installed():
        yield Finding("paper", "ok", "the extra pdf isn't installed, so nothing is printed as PDF")
        return
    missing = []
    if printing.unprintable([*NAMES.values()]) is not None:
        missing = [name for name, text in NAMES.items() if printing.unprintable([text])]
    if missing:
        found = f"no font for names in {', '.join(missing)}: their charts are refused as PDF"
        remedy = "Install the extra cjk, or the system's package fonts-noto-cjk."
        yield Finding("paper", "warning", found, remedy)
    else:
        yield Finding("paper", "ok", "has fonts for Chinese, Japanese and Korean names, too")
