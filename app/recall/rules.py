"""When two lots are the same, and when one may be a mistyped other. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Final

from app.core.values.text import folded_code

OTHERS_MAX: Final = 50
LEAST_PART: Final = 3
"""So many characters of a lot, or more, may stand for the whole of it."""
_LABEL: Final = re.compile(r"(lot|batch)(no|nr|number)?(?=.)")
"""What a box prints before its lot, as it is compared."""


def key(folded: str) -> str:
    """Return a lot, folded by `folded_code`, as a recall compares it.

    Signs and a word such as "Lot" before it don't matter. A recall rather finds too many patients
    than too few, and says which spellings it counted.
    """
    kept = "".join(c for c in folded if unicodedata.category(c)[0] in "LMN")
    return _LABEL.sub("", kept, count=1) if _LABEL.match(kept) else kept or folded


def same(lot: str, known: Iterable[str]) -> list[str]:
    """Return the known lots that are this one. All are folded."""
    wanted = key(lot)
    return [each for each in known if key(each) == wanted]


def resembling(lot: str, known: Sequence[str]) -> list[str]:
    """Return the known lots that are near one that isn't known; if none is, any. All are folded."""
    return near(lot, known) or list(known)[:OTHERS_MAX]


def near(lot: str, known: Iterable[str]) -> list[str]:
    """Return other known lots that differ by one typing error, or contain this one, or it them.

    All are folded.
    """
    wanted = key(lot)
    found = [each for each in known if key(each) != wanted and _resembles(wanted, key(each))]
    return found[:OTHERS_MAX]


def grouped(lots: Iterable[str]) -> list[list[str]]:
    """Return lots, each as it is written, in groups of the spellings that count as one."""
    groups: dict[str, list[str]] = {}
    for lot in lots:
        groups.setdefault(key(folded_code(lot)), []).append(lot)
    return [groups[each] for each in sorted(groups)]


def _resembles(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return (len(short) >= LEAST_PART and short in long) or _is_one_error_away(one, other)


def _is_one_error_away(one: str, other: str) -> bool:
    """Whether one character was added, left out or another, or two changed places."""
    start = _alike(one, other)
    rest, others = one[start:], other[start:]
    end = _alike(rest[::-1], others[::-1])
    rest, others = rest[: len(rest) - end], others[: len(others) - end]
    return max(len(rest), len(others)) <= 1 or (len(rest) == 2 and rest == others[::-1])  # noqa: PLR2004 - they changed places


def _alike(one: str, other: str) -> int:
    """With how many of the same characters both begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
