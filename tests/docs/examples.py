"""The examples of a page, and whether what really came is what the page shows."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FORMS = frozenset({"http", "json", "text"})
MORE = "…"
"""In what a page shows: anything, or as the last of several members, any others."""


class Example(NamedTuple):
    """Commands, and what the page shows of the last one's output: in which form, and what."""

    commands: str
    form: str | None
    shown: str | None


def examples(page: Path) -> Iterator[Example]:
    """Each block of commands, with the block of output that follows it, if one does."""
    blocks = [(form, text) for form, text in BLOCK.findall(page.read_text("utf-8"))]
    for number, (form, text) in enumerate(blocks):
        if form != "sh":
            continue
        following = blocks[number + 1] if number + 1 < len(blocks) else ("", "")
        yield Example(text, *(following if following[0] in FORMS else (None, None)))


def shows(example: Example, output: str) -> bool:
    """Whether the output is what the page shows."""
    if example.shown is None:
        return True
    if example.form == "text":
        return reads(example.shown, output)
    if example.form == "json":
        last = output.rstrip("\n").rpartition("\n")[2]
        return matches(json.loads(example.shown), json.loads(last))
    head, _, body = example.shown.partition("\n\n")
    real_head, _, real_body = output.replace("\r\n", "\n").partition("\n\n")
    lines = {line.lower() for line in real_head.splitlines()}
    heads_match = all(line.lower() in lines for line in head.splitlines())
    return heads_match and matches(json.loads(body), json.loads(real_body))


def reads(shown: str, real: str) -> bool:
    """Whether a text is the one shown; `…` stands for anything within a line."""
    return re.fullmatch(re.escape(shown).replace(MORE, ".*"), real) is not None


def matches(shown: Any, real: Any) -> bool:
    """Whether a value is the one shown, where the page shows it."""
    if shown == MORE:
        return True
    if isinstance(shown, str) and shown.endswith(MORE) and isinstance(real, str):
        return real.startswith(shown.removesuffix(MORE))
    if isinstance(shown, dict) and isinstance(real, dict):
        named = shown.keys() - {MORE}
        if not (named <= real.keys() if MORE in shown else named == real.keys()):
            return False
        return all(matches(shown[name], real[name]) for name in named)
    if isinstance(shown, list) and isinstance(real, list):
        first = shown[:-1] if shown and shown[-1] == MORE else shown
        enough = len(real) >= len(first) if len(first) < len(shown) else len(real) == len(first)
        return enough and all(map(matches, first, real))
    return bool(shown == real)
