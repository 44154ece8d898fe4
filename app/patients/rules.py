"""Rules of patients. Pure."""

import unicodedata
from datetime import date, timedelta

from app.core.faults import RuleBroken


def check_born(birth_date: date, today: date) -> None:
    """Nobody is born tomorrow; the day after UTC's is today somewhere."""
    if birth_date > today + timedelta(days=1):
        raise RuleBroken("in_the_future", "The birth date is in the future.")


def folded(name: str | None) -> str | None:
    """A name without case, accents and outer blanks: `" Núñez"` is found as `nunez`."""
    if name is None:
        return None
    # Twice, for a letter in another shape has no lower case before it is taken apart.
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return "".join(c for c in parts if not unicodedata.combining(c)).strip()
