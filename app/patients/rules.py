"""Rules of patients. Pure."""

import unicodedata
from collections.abc import Iterator
from datetime import date

from app.core.values.faults import Fault, RuleBroken

APOSTROPHES = "\u02bb\u02bc"
"""Apostrophes that Unicode classifies as letters, in Hawaiian and Ukrainian names."""


def birth_faults(birth_date: date | None, today: date) -> Iterator[Fault]:
    """Yield a fault if a birth date is in the future."""
    if birth_date is not None and birth_date > today:
        yield Fault("/birth_date", "in_the_future", "The birth date is in the future.")


def check_searchable(name: str) -> None:
    """Require a letter or digit in a searched name: nothing else is compared."""
    if not folded(name):
        raise RuleBroken("nothing_asked", "Give a letter or a digit.")


def folded(name: str | None) -> str | None:
    """Return a name's letters and digits, without case and accents.

    A search for `nunez` finds `"Núñez"`, `obrien` finds `"O'Brien"`, and `anne marie` finds
    `"Anne-Marie"`.
    """
    if name is None:
        return None
    # Twice, because a compatibility letter has no lower case until NFKD has replaced it.
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return "".join(c for c in parts if not unicodedata.combining(c) and not _is_ignored(c))


def _is_ignored(character: str) -> bool:
    """Return whether a character is ignored: punctuation, symbols, spaces and controls.

    Marks are kept, because they are vowels in some scripts.
    """
    category = unicodedata.category(character)
    return category[0] in "PSZ" or category in {"Cc", "Cf"} or character in APOSTROPHES
