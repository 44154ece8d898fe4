"""How alike two people are, for whoever enters a patient: may they be one person? Pure.

It is wider than the API's `possible_duplicates`, which want a birth date or a number on both sides.
A person compares the two, and stores the new one all the same if they are not one.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple
from uuid import UUID

from app.patients.rules.birth_dates import covering
from app.patients.rules.misspellings import misspellings
from app.patients.rules.names import parts

Near = Literal["same", "similar", "in_part"]
"""The same parts in any order; the same but for one typing error; or one has what the other has.

A part that the other has may be mistyped or shortened there, if another part is the same.
"""
Dates = Literal["agree", "mistyped", "unknown"]
DAY_LENGTH: Final = 10
SHOWN_MAX: Final = 10


class Person(NamedTuple):
    """Whom a new patient is compared with."""

    id: UUID
    names: tuple[str | None, str | None]
    birth_date: str | None


class Resembling(NamedTuple):
    """A stored patient who may be the new one, and why."""

    id: UUID
    names: Near
    """How alike the names are."""
    dates: Dates
    """Whether one birth date may be the other, one is not recorded, or one digit differs."""


def resembling(new: Person, stored: Iterable[Person]) -> list[Resembling]:
    """Return those who may be the new patient, the most alike first, each once.

    Without two birth dates that agree, the names must be the same but for one typing error.
    """
    found = []
    for one in {one.id: one for one in stored}.values():
        near, dates = near_names(new.names, one.names), _dates(new.birth_date, one.birth_date)
        if dates is None or near is None or (near == "in_part" and dates == "unknown"):
            continue
        if dates == "mistyped" and near == "similar":
            continue
        found.append(Resembling(one.id, near, dates))
    order = ("same", "similar", "in_part")
    return sorted(found, key=lambda one: (order.index(one.names), one.dates, one.id))[:SHOWN_MAX]


def near_names(one: Iterable[str | None], other: Iterable[str | None]) -> Near | None:
    """Return how alike two people's names are; None if they are not."""
    mine, theirs = _parts(one), _parts(other)
    common = mine & theirs
    rest, others = sorted((mine - common).elements()), sorted((theirs - common).elements())
    if not rest and not others:
        return "same" if common else None
    if "".join(rest) == "".join(others):
        return "same"
    if len(rest) == len(others) == 1 and _misspelt(rest[0], others[0], alone=not common):
        return "similar"
    if not common:
        return None
    return "in_part" if _all_have_partners(*sorted((rest, others), key=len)) else None


def _parts(names: Iterable[str | None]) -> "Counter[str]":
    return Counter(part for name in filter(None, names) for part in parts(name))


def _misspelt(one: str, other: str, *, alone: bool) -> bool:
    return other in misspellings(one, alone=alone) or one in misspellings(other, alone=alone)


def _all_have_partners(fewer: Sequence[str], more: Sequence[str]) -> bool:
    """Return whether each of the fewer parts may be one of the others, each taken once."""
    left = list(more)
    for part in fewer:
        partner = next((one for one in left if _may_be(part, one)), None)
        if partner is None:
            return False
        left.remove(partner)
    return True


def _may_be(one: str, other: str) -> bool:
    """Return whether a part of a name begins like another, or has one typing error."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) or _misspelt(one, other, alone=False)


def _dates(one: str | None, other: str | None) -> Dates | None:
    if one is None or other is None:
        return "unknown"
    if one in covering(other) or other in covering(one):
        return "agree"
    return "mistyped" if _is_mistyped(one, other) else None


def _is_mistyped(one: str, other: str) -> bool:
    """Return whether two whole days differ in one digit, or in which is the day and the month."""
    if not len(one) == len(other) == DAY_LENGTH:
        return False
    year, month, day = one.split("-")
    return other == f"{year}-{day}-{month}" or sum(map(str.__ne__, one, other)) == 1
