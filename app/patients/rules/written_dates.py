"""Birth dates as people write them in a search. Pure."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final

from app.core.values.faults import RuleBroken
from app.patients.rules.birth_dates import check_birth_date

_BETWEEN: Final = re.compile(r"[\s,./-]+")
_DOTTED: Final = re.compile(r"(\d\d?)\.(0?[1-9]|1[0-2])\.(\d{4})", re.ASCII)
"""With dots, the day comes first: nobody writes the month so."""
_COMPACT: Final = re.compile(r"\d{8}", re.ASCII)
_DAYS: Final = ("%Y %m %d", "%d %m %Y", "%m %d %Y", "%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y")
_MONTHS: Final = ("%Y %m", "%m %Y", "%B %Y", "%b %Y")
_FORMS: Final = {
    **dict.fromkeys(_DAYS, "%Y-%m-%d"),
    **dict.fromkeys(_MONTHS, "%Y-%m"),
    "%Y": "%Y",
}
WORDS_MAX: Final = 3
"""So many words a date has: `12 April 1988`."""


def written_date(text: str) -> str | None:
    """Return the birth date that a text states: YYYY-MM-DD, or as much of it as the text has.

    None if it states none, or if it may be two dates, as 03/04/1988.
    """
    found = readings(text)
    return found[0] if len(found) == 1 else None


def readings(text: str) -> list[str]:
    """Return the birth dates that a text may state, in order: two for 03/04/1988."""
    if _COMPACT.fullmatch(text):
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    text = _DOTTED.sub(r"\3-\2-\1", text) if _DOTTED.fullmatch(text) else text
    return sorted(set(_readings(_BETWEEN.sub(" ", text).strip())))


def split_date(text: str) -> tuple[str, str | None]:
    """Return a search without the birth date at its beginning or end, and that date."""
    words = text.split()
    for count in range(min(WORDS_MAX, len(words)), 0, -1):
        for dated, rest in ((words[-count:], words[:-count]), (words[:count], words[count:])):
            date = written_date(" ".join(dated))
            if date is not None:
                return " ".join(rest), date
    return text, None


def _readings(text: str) -> Iterator[str]:
    for form, kept in _FORMS.items():
        with suppress(ValueError, RuleBroken):
            written = datetime.strptime(text, form)  # noqa: DTZ007 - its time is not used
            date = written.strftime(kept)
            check_birth_date(date)
            yield date
