"""Rules of patients. Pure."""

import unicodedata
from datetime import date, timedelta

from app.core.values.faults import RuleBroken

APOSTROPHES = "\u02bb\u02bc"
"""Apostrophes that Unicode classifies as letters, in Hawaiian and Ukrainian names."""


def check_birth_date(birth_date: date, today: date) -> None:
    """Refuse a birth date in the future. Tomorrow in UTC is allowed: it is today somewhere."""
    if birth_date > today + timedelta(days=1):
        raise RuleBroken("in_the_future", "The birth date is in the future.")


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
