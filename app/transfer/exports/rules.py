"""Rules for de-identifying records for research. Pure.

They follow the Safe Harbor of HIPAA, 45 CFR 164.514(b)(2)(i). Names, numbers, addresses and free
text are removed, ids become keyed pseudonyms (164.514(c)), and no age above 89 is visible. They
go further than Safe Harbor with values that few patients share, which are hidden. They do less
with dates, which are shifted instead of reduced to the year, so that intervals stay correct. An
expert has to decide whether that is enough (164.514(b)(1)).
"""

import hmac
from collections import defaultdict
from collections.abc import Hashable, Iterable
from datetime import date, timedelta
from typing import Final, TypeVar

ENOUGH_PATIENTS: Final = 5
"""The number of patients who must share a word before an export shows it."""
RARE: Final = "(rare)"
"""Replaces each word that fewer patients share."""
BAND_YEARS: Final = 5
OLDEST_YEARS: Final = 90
_DAY_US: Final = 86_400_000_000
_SPAN_US: Final = 365 * _DAY_US

W = TypeVar("W", bound=Hashable)


def _number(key: bytes, what: str, id: str) -> bytes:
    return hmac.digest(key, f"{what}/{id}".encode(), "sha256")


def pseudonym(key: bytes, noun: str, id: str) -> str:
    """The pseudonym of an id: 32 hexadecimal digits, the same only for the same key and id."""
    return _number(key, noun, id)[:16].hex()


def shift(key: bytes, patient_id: str) -> timedelta:
    """The shift of all times of a patient: back by 1 to 366 days, to the microsecond.

    With microseconds, the times of two patients do not show that they came at the same moment.
    """
    drawn = int.from_bytes(_number(key, "moved", patient_id)[:8]) % _SPAN_US
    return -timedelta(microseconds=_DAY_US + drawn)


def birth_band(born: date, by: timedelta, exported: date) -> int:
    """The first year of the five-year band with the shifted birth date.

    Everybody who may be over 89 at the time of the export is in the same band.
    """
    year = max((born + by).year, exported.year - OLDEST_YEARS)
    return year - year % BAND_YEARS


class Shared:
    """The words that enough patients share. It remembers at most that many patients per word."""

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
    """The words, with `RARE` once in place of all that are not shared."""
    visible = (word if is_shared else RARE for word, is_shared in zip(words, shared, strict=True))
    return list(dict.fromkeys(visible))
