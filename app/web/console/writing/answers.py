"""The answers to a questionnaire: one line of numbers, or a numbered box for each. Pure.

The questions themselves are under copyright, so no page shows them.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

MISSING: Final = frozenset({"-", "\u2013", "\u2014", "\u2212"})
"""What stands for a question without an answer."""
BOXES_MAX: Final = 60
"""So many boxes are read at most: twice those of the longest questionnaire."""
_NUMBER: Final = re.compile(r"[+\u2212\u2013-]?\d{1,9}([.,]\d{1,9})?", re.ASCII)
_MINUS: Final = str.maketrans({"\u2212": "-", "\u2013": "-", ",": "."})
"""The minus of a telephone's keyboard, and the decimal comma."""


def number(typed: str) -> Any:
    """Return a number as a person may write it; as typed if it is none."""
    if not _NUMBER.fullmatch(typed):
        return typed
    read = float(typed.translate(_MINUS))
    return int(read) if read.is_integer() else read


def answers(typed: str) -> list[Any]:
    """Return the answers, None for a missing one; as typed what isn't clear.

    A comma inside a number may divide two answers, or be a decimal comma. Several commas without a
    blank only divide.
    """
    words = re.sub(r"[,;](?=\s|$)", " ", typed).split()
    parts = [part for word in words for part in _divided(word)]
    return [None if part in MISSING else _clear(part) for part in parts]


def _divided(word: str) -> Sequence[str]:
    parts = re.split("[,;]", word)
    is_clear = ";" in word or parts[2:] or any(part in MISSING for part in parts)
    return parts if is_clear else [word]


def _clear(part: str) -> Any:
    return part if "," in part else number(part)


def in_boxes(form: Mapping[str, str], name: str) -> str | None:
    """Return the answers in the boxes of a field, as one line; None if the form has no boxes.

    An empty box is a missing answer. Those at the end are left out.
    """
    boxes = [form.get(f"{name}.{box}") for box in range(BOXES_MAX)]
    if all(box is None for box in boxes):
        return None
    texts = ("_".join((box or "").split()).replace(",", ".") for box in boxes)
    return without_last(" ".join(text or "-" for text in texts))


def without_last(line: str) -> str:
    """Return a line of answers without the missing ones at its end, which change no score."""
    words = line.split()
    while words and words[-1] in MISSING:
        words.pop()
    return " ".join(words)


def each_box(line: str, boxes: int) -> list[str]:
    """Return what each box holds. There are further ones for what a line has besides."""
    held = ["" if one is None else str(one) for one in answers(line)]
    return held + [""] * (boxes - len(held))
