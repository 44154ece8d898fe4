"""The press: a separate program that reads JSON from stdin and writes a PDF to stdout.

Typst caches what it has typeset, so a long-lived server would hold hundreds of megabytes of
patients' charts. A separate process keeps nothing after it ends, can be killed when it takes too
long, and has access to no key and no database.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typst

PAPER = Path(__file__).with_name("paper")

# The probe names a font, because Typst reports a missing glyph only where one is set.
PROBE = b"""
#set document(title: "-")
#set text(font: "Noto Sans")
#for each in json(bytes(sys.inputs.characters)) [#each \\ ]
"""


def _fonts(*, system: bool) -> typst.Fonts:
    """The fonts of this package, and those of the system if `system` is true."""
    return typst.Fonts(
        include_system_fonts=system, include_embedded_fonts=False, font_paths=[PAPER / "fonts"]
    )


def _pdf(job: dict[str, Any], at: int, *, system_fonts: bool) -> bytes:
    """The tagged PDF (PDF/UA-1). Raises `TypstError`, also where a character has no glyph."""
    return typst.compile(
        PAPER / "chart.typ",
        root=PAPER,
        font_paths=_fonts(system=system_fonts),
        sys_inputs={"job": json.dumps(job, ensure_ascii=False)},
        pdf_standards=["ua-1"],
        timestamp=at,
        # The template imports no package. These paths keep Typst from ever downloading one.
        package_path=PAPER,
        package_cache_path=PAPER,
    )


def _texts(value: Any) -> Iterator[str]:
    """Every string in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _unprintable(job: dict[str, Any], *, system_fonts: bool) -> str:
    """A character that no font has, found by bisection; empty if each can be printed alone."""
    suspects: list[str] = sorted({*"".join(_texts(job["content"]))})
    if _can_print(suspects, system_fonts=system_fonts):
        return ""
    while len(suspects) > 1:
        half = suspects[: len(suspects) // 2]
        suspects = suspects[len(half) :] if _can_print(half, system_fonts=system_fonts) else half
    return suspects[0]


def _can_print(characters: list[str], *, system_fonts: bool) -> bool:
    try:
        typst.compile(
            PROBE,
            font_paths=_fonts(system=system_fonts),
            sys_inputs={"characters": json.dumps(characters)},
            pdf_standards=["ua-1"],
            timestamp=0,
        )
    except typst.TypstError:
        return False
    return True


def main() -> int:
    """Print one document and return the exit code.

    The only command-line argument is the exit code for a character without a glyph. In that case
    the character is the only output.
    """
    job = json.load(sys.stdin.buffer)
    at, system_fonts = job.pop("at"), job.pop("system_fonts")
    try:
        try:
            pdf = _pdf(job, at, system_fonts=False)  # faster, and the same on every machine
        except typst.TypstError:
            if not system_fonts:
                raise
            pdf = _pdf(job, at, system_fonts=True)
    except typst.TypstError as error:
        if not error.message.startswith("PDF/UA-1"):
            raise  # the error is not about the text
        sys.stdout.buffer.write(_unprintable(job, system_fonts=system_fonts).encode())
        return int(sys.argv[1])
    sys.stdout.buffer.write(pdf)
    return 0


if __name__ == "__main__":
    sys.exit(main())
