"""Rules of patients. Pure."""

import unicodedata
from datetime import date, timedelta

from app.core.values.faults import RuleBroken

APOSTROPHES = "\u02bb\u02bc"
"""Those that Unicode takes for letters: in Hawaiian names, and in Ukrainian ones."""


def check_born(birth_date: date, today: date) -> None:
    """Nobody is born tomorrow; the day after UTC's is today somewhere."""
    if birth_date > today + timedelta(days=1):
        raise RuleBroken("in_the_future", "The birth date is in the future.")


def check_asked(name: str) -> None:
    """A search by a name asks for something that a name is compared by."""
    if not folded(name):
        raise RuleBroken("nothing_asked", "Give a letter or a digit.")


def folded(name: str | None) -> str | None:
    """A name as its letters and digits, without case and accents.

    `"Núñez"` is found as `nunez`, `"O'Brien"` as `obrien`, `"Anne-Marie"` as `anne marie`.
    """
    if name is None:
        return None
    # Twice, for a letter in another shape has no lower case before it is taken apart.
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return "".join(c for c in parts if not unicodedata.combining(c) and not _aside(c))


def _aside(character: str) -> bool:
    """Whether it only stands between letters. Marks that are vowels in some scripts do not."""
    category = unicodedata.category(character)
    return category[0] in "PSZ" or category in {"Cc", "Cf"} or character in APOSTROPHES
