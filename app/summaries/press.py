"""The press: a separate program that reads JSON from stdin and writes a PDF to stdout.

Typst caches what it has typeset, so a long-lived server would hold hundreds of megabytes of
patients' charts. A separate process keeps nothing after it ends, can be killed when it takes too
long, and has access to no key and no database.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import typst

PAPER = Path(__file__).with_name("paper")


class Fonts(NamedTuple):
    """Which fonts are used beside those of this package."""

    folders: Sequence[str]
    system: bool
    """Whether the fonts of the system are."""


def _typeset(template: str, inputs: dict[str, Any], at: int, fonts: Fonts) -> bytes:
    """The tagged PDF (PDF/UA-1). Raises `TypstError`, also where a character has no glyph."""
    return typst.compile(
        PAPER / template,
        root=PAPER,
        font_paths=typst.Fonts(
            include_system_fonts=fonts.system,
            include_embedded_fonts=False,
            font_paths=[PAPER / "fonts", *map(Path, fonts.folders)],
        ),
        sys_inputs={name: json.dumps(value, ensure_ascii=False) for name, value in inputs.items()},
        pdf_standards=["ua-1"],
        timestamp=at,
        # The templates import no package. These paths keep Typst from ever downloading one.
        package_path=PAPER,
        package_cache_path=PAPER,
    )


def _pdf(job: dict[str, Any]) -> bytes | None:
    """A chart summary or a letter as a PDF, or None if the fonts can't show all of it."""
    at, every, template = job.pop("at"), _every(job), f"{job.pop('template')}.typ"
    # The fonts of this package alone are faster, and the same on every machine.
    for fonts in dict.fromkeys((Fonts((), system=False), every._replace(system=False), every)):
        try:
            return _typeset(template, {"job": job}, at, fonts)
        except typst.TypstError as error:
            if not error.message.startswith("PDF/UA-1"):
                raise  # the error is not about the text
    return None


def _every(job: dict[str, Any]) -> Fonts:
    """All fonts that a job may use. Its members about fonts are taken out."""
    return Fonts(tuple(job.pop("fonts")), job.pop("system_fonts"))


def _unprintable(texts: list[str], fonts: Fonts) -> tuple[int, str] | None:
    """The place in the list of the first text that the fonts can't show, and a character of it.

    The character is empty if each can be shown alone. None if every text can be shown.
    """
    at = _first(texts, fonts)
    if at is None:
        return None
    characters = sorted(set(texts[at]))
    nth = _first(characters, fonts)
    return at, "" if nth is None else characters[nth]


def _first(texts: list[str], fonts: Fonts) -> int | None:
    """The place of the first text that can't be printed, found by bisection."""
    if _can_print(texts, fonts):
        return None
    begin, end = 0, len(texts)
    while end - begin > 1:
        middle = (begin + end) // 2
        if _can_print(texts[begin:middle], fonts):
            begin = middle
        else:
            end = middle
    return begin


def _can_print(texts: list[str], fonts: Fonts) -> bool:
    try:
        _typeset("probe.typ", {"texts": texts}, 0, fonts)
    except typst.TypstError:
        return False
    return True


def main() -> int:
    """Do one job, and return the exit code.

    A job with `texts` is to find one that can't be printed: the answer is JSON. Any other is to
    print a document. The only command-line argument is the exit code if the fonts can't show it.
    """
    job = json.load(sys.stdin.buffer)
    if "texts" in job:
        json.dump(_unprintable(job["texts"], _every(job)), sys.stdout)
        return 0
    pdf = _pdf(job)
    if pdf is None:
        return int(sys.argv[1])
    sys.stdout.buffer.write(pdf)
    return 0


if __name__ == "__main__":
    sys.exit(main())
