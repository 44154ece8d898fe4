"""The press: reads what to print as JSON, and writes it as a PDF. A program of its own.

Typst keeps what it has set, to set it faster again: a server would hold hundreds of megabytes of
patients' charts. A process that ends keeps nothing, can be ended when it takes too long, and
knows no key and no database.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typst

PAPER = Path(__file__).with_name("paper")

# Without a font to begin with, what no font has would not be missed.
PROBE = b"""
#set document(title: "-")
#set text(font: "Noto Sans")
#for each in json(bytes(sys.inputs.given)) [#each \\ ]
"""


def _fonts(*, system: bool) -> typst.Fonts:
    """The fonts that come along, and those of this machine if they are asked for."""
    return typst.Fonts(
        include_system_fonts=system, include_embedded_fonts=False, font_paths=[PAPER / "fonts"]
    )


def _pdf(given: dict[str, Any], at: int, *, system_fonts: bool) -> bytes:
    """The tagged PDF (PDF/UA-1). `TypstError`, also where a character has no glyph."""
    return typst.compile(
        PAPER / "chart.typ",
        root=PAPER,
        font_paths=_fonts(system=system_fonts),
        sys_inputs={"given": json.dumps(given, ensure_ascii=False)},
        pdf_standards=["ua-1"],
        timestamp=at,
        # Nothing is imported; if ever something were, it would not come over the network.
        package_path=PAPER,
        package_cache_path=PAPER,
    )


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _unprintable(given: dict[str, Any], *, system_fonts: bool) -> str:
    """A character that no font has, found by halving; none if each of them alone can be set."""
    found: list[str] = sorted({*"".join(_texts(given["content"]))})
    if _sets(found, system_fonts=system_fonts):
        return ""
    while len(found) > 1:
        half = found[: len(found) // 2]
        found = found[len(half) :] if _sets(half, system_fonts=system_fonts) else half
    return found[0]


def _sets(characters: list[str], *, system_fonts: bool) -> bool:
    try:
        typst.compile(
            PROBE,
            font_paths=_fonts(system=system_fonts),
            sys_inputs={"given": json.dumps(characters)},
            pdf_standards=["ua-1"],
            timestamp=0,
        )
    except typst.TypstError:
        return False
    return True


def main() -> int:
    """Print one document; the exit code.

    The only argument is the one for a text that can't be shown; then a character of it that has
    no glyph is all that is written.
    """
    sent = json.load(sys.stdin.buffer)
    at, system_fonts = sent.pop("at"), sent.pop("system_fonts")
    try:
        try:
            pdf = _pdf(sent, at, system_fonts=False)  # sooner, and the same on every machine
        except typst.TypstError:
            if not system_fonts:
                raise
            pdf = _pdf(sent, at, system_fonts=True)
    except typst.TypstError as error:
        if not error.message.startswith("PDF/UA-1"):
            raise  # it is not about what was to be printed
        sys.stdout.buffer.write(_unprintable(sent, system_fonts=system_fonts).encode())
        return int(sys.argv[1])
    sys.stdout.buffer.write(pdf)
    return 0


if __name__ == "__main__":
    sys.exit(main())
