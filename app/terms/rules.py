"""Rules of a clinic's own rows. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final

from app.core.values.faults import Fault, pointer
from app.core.values.text import word_key
from app.vocabularies.rules import OWN, WORD_MAX

EXTRAS: Final = ("parent", "severity", "attribution_days", "concern")
"""The members that only the rows of some vocabularies have."""


def member_faults(given: Mapping[str, object], known: Collection[str]) -> Iterator[Fault]:
    """Yield a fault for each member that the rows of the vocabulary don't have."""
    for name in EXTRAS:
        if given[name] is not None and name not in known:
            detail = "The rows of this vocabulary don't have this member."
            yield Fault(pointer(name), "not_of_vocabulary", detail)


def parent_faults(parent: str | None) -> Iterator[Fault]:
    """Yield a fault if a parent, by its code, is another own row: so no row is its own ancestor."""
    if parent is not None and parent.startswith(OWN):
        yield Fault(pointer("parent"), "own_parent", "A parent can't be a row of the clinic.")


def word_faults(words: Iterable[tuple[str, str]], taken: Callable[[str], bool]) -> Iterator[Fault]:
    """Yield a fault for each word, with its pointer, that can't be compared or is another row's."""
    for place, word in words:
        compared = word_key(word)
        if not compared:
            yield Fault(place, "nothing_asked", "Give a letter or a digit.")
        elif len(compared) > WORD_MAX:
            yield Fault(place, "string_too_long", f"Give at most {WORD_MAX} characters.")
        elif taken(word):
            yield Fault(place, "word_taken", "Another row of this vocabulary has this word.")
