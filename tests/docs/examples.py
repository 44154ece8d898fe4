"""The examples of a page, and whether the real output matches the output that it shows."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FORMS = frozenset({"http", "json", "text"})
MORE = "…"
"""In shown output: any text; or as the last of several members, any other members."""


class Example(NamedTuple):
    """Commands, with the output that the page shows for the last one, and its form."""

    commands: str
    form: str | None
    shown: str | None


def examples(page: Path) -> Iterator[Example]:
    """Each block of commands, with the block of output that follows it, if any."""
    blocks = [(form, text) for form, text in BLOCK.findall(page.read_text("utf-8"))]
    for number, (form, text) in enumerate(blocks):
        if form != "sh":
            continue
        following = blocks[number + 1] if number + 1 < len(blocks) else ("", "")
        yield Example(text, *(following if following[0] in FORMS else (None, None)))


def shows(example: Example, output: str) -> bool:
    """Whether the output matches the output that the page shows."""
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
    """Whether a text matches the shown one; `…` stands for any text within a line."""
    return re.fullmatch(re.escape(shown).replace(MORE, ".*"), real) is not None


def matches(shown: Any, real: Any) -> bool:
    """Whether a JSON value matches the shown one; `…` stands for anything."""
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
