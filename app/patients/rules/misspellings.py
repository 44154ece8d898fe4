"""Words that differ from a typed one by one typing error. Pure.

The errors are those of Damerau (1964): one letter too many, too few or wrong, or two neighbours
exchanged. Every word that is one error away is listed, so that an index finds them all.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from string import ascii_lowercase
from typing import Final

from app.patients.rules.names import latin, parts

ALONE_MIN: Final = 4
"""A shorter word may have an error only if other words of the search are right."""
BESIDE_MIN: Final = 2
LETTERS_MAX: Final = 32
"""No error is forgiven in a longer word: it would have too many neighbours."""
_BLOCK: Final = 128


def misspellings(word: str, *, alone: bool) -> set[str]:
    """Return the words that a folded word may stand for, if it has one typing error.

    For a word in another script they include those of its letters in ASCII.
    """
    found = {latin(word)}
    if (ALONE_MIN if alone else BESIDE_MIN) <= len(word) <= LETTERS_MAX:
        for spelling in (word, *found):
            found.update(_neighbours(spelling))
    found.discard(word)
    return found


def _neighbours(word: str) -> Iterator[str]:
    letters = _alphabet(word)
    for place in range(len(word) + 1):
        before, after = word[:place], word[place:]
        for letter in letters:
            yield before + letter + after
            if after:
                yield before + letter + after[1:]
        if after:
            yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]


def _alphabet(word: str) -> str:
    """Return the letters that a word of this script may have."""
    if word.isascii():
        return ascii_lowercase
    blocks = dict.fromkeys(ord(letter) // _BLOCK for letter in word if not letter.isascii())
    return "".join(map(_letters, blocks))


@lru_cache(maxsize=256)
def _letters(block: int) -> str:
    """Return the folded letters of one block of code points. Most alphabets lie in one or two."""
    points = map(chr, range(block * _BLOCK, (block + 1) * _BLOCK))
    return "".join(point for point in points if _is_letter(point))


def _is_letter(point: str) -> bool:
    # Ideographs and syllables aren't mistyped letter by letter.
    narrow = unicodedata.east_asian_width(point) not in {"W", "F"}
    return narrow and unicodedata.category(point)[0] in "LM" and parts(point) == [point]
