"""What is left of a record where nobody is to know who somebody is. Pure.

It follows the Safe Harbor of HIPAA, 45 CFR 164.514(b)(2)(i): names, numbers, addresses and free
text go, ids become keyed pseudonyms (164.514(c)), and no age above 89 can be told. It goes further
with what few share, and not as far with dates, which are moved instead of cut to the year, so that
intervals stay: whether that will do is for an expert to say (164.514(b)(1)).
"""

import hmac
from collections import defaultdict
from collections.abc import Hashable, Iterable
from datetime import date, timedelta
from typing import Final, TypeVar

ENOUGH_PATIENTS: Final = 5
"""How many have to share a word for it to be told."""
RARE: Final = "(rare)"
"""What stands for any word that fewer share."""
BAND_YEARS: Final = 5
OLDEST_YEARS: Final = 90
_DAY_US: Final = 86_400_000_000
_SPAN_US: Final = 365 * _DAY_US

W = TypeVar("W", bound=Hashable)


def _number(key: bytes, what: str, id: str) -> bytes:
    return hmac.digest(key, f"{what}/{id}".encode(), "sha256")


def pseudonym(key: bytes, noun: str, id: str) -> str:
    """32 hexadecimal digits in place of an id: the same for the same key, else nothing like it."""
    return _number(key, noun, id)[:16].hex()


def moved(key: bytes, patient_id: str) -> timedelta:
    """How far all times of a patient are moved: back by one day to 366, to the microsecond.

    So no two patients' times of day tell that they were seen at the same moment.
    """
    drawn = int.from_bytes(_number(key, "moved", patient_id)[:8]) % _SPAN_US
    return -timedelta(microseconds=_DAY_US + drawn)


def birth_band(born: date, by: timedelta, exported: date) -> int:
    """The first of the five years in one of which, moved like all else, somebody was born.

    Whoever may be over 89 at the time of the export is in the same five years as all who are.
    """
    year = max((born + by).year, exported.year - OLDEST_YEARS)
    return year - year % BAND_YEARS


class Shared:
    """Which words enough patients share; of those it remembers no more patients than that."""

    def __init__(self) -> None:
        self._patients: dict[Hashable, set[str]] = defaultdict(set)

    def add(self, word: Hashable, patient_id: str) -> None:
        """Note that a patient has this word."""
        patients = self._patients[word]
        if len(patients) < ENOUGH_PATIENTS:
            patients.add(patient_id)

    def __contains__(self, word: object) -> bool:
        return len(self._patients.get(word, ())) >= ENOUGH_PATIENTS


def common(words: Iterable[str], shared: Iterable[bool]) -> list[str]:
    """Words with one word in place of all that are not shared."""
    told = (word if is_shared else RARE for word, is_shared in zip(words, shared, strict=True))
    return list(dict.fromkeys(told))
