"""Names as a search compares them. Pure.

A name's parts are its runs of letters and digits. A part is compared in lower case, without marks,
and with Latin letters in ASCII: `Łukasz` is `lukasz`, `Strauß` is `strauss`. Letters that Arabic
and Persian keyboards type apart, such as two forms of yeh and kaf, are one. Ideographs and
syllables are parts of their own, because no blank separates the words of their scripts. So the
default word boundaries of Unicode (UAX #29) treat most of them.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from anyascii import anyascii

from app.core.values.faults import RuleBroken
from app.core.values.text import folded_code

WORD_MAX: Final = 64
"""So many letters of a word are compared."""
TYPED_ALIKE: Final = {
    "\u0649": "\u064a",  # alef maksura, final yeh in much of the Arabic world
    "\u06cc": "\u064a",  # Persian yeh
    "\u06a9": "\u0643",  # Persian kaf
    "\u0671": "\u0627",  # alef wasla
    "\u0629": "\u0647",  # teh marbuta
    "\u06c1": "\u0647",  # heh goal
    "\u06be": "\u0647",  # heh doachashmee
    "\u06d5": "\u0647",  # ae
}
"""Letters that stand for others on another keyboard, as search engines for Arabic and Persian fold
them (Lucene's `ArabicNormalizer` and `PersianNormalizer`). Alef with hamza or madda loses it as any
mark."""
_ASCII_PART: Final = re.compile(r"[a-z0-9]+")


def parts(text: str) -> list[str]:
    """Return the parts of a name, folded, in order. Folding a folded part changes nothing."""
    found = _parts_once(text)
    # Again, because one step may make work for another.
    while found != (further := _parts_once(" ".join(found))):
        found = further
    return found


def folded(text: str) -> str:
    """Return the parts of a name as one word: `obrien` for `O'Brien`."""
    return "".join(parts(text))


def words(names: Iterable[str | None]) -> list[str]:
    """Return the words by which names are found: each name whole, and its parts.

    A name in another script is found by its letters in ASCII, too. The order is that of the names.
    """
    found: dict[str, None] = {}
    for name in filter(None, names):
        of_name = parts(name)
        for spelling in (of_name, [latin(part) for part in of_name]):
            found.update(dict.fromkeys(word[:WORD_MAX] for word in ("".join(spelling), *spelling)))
    found.pop("", None)
    return list(found)


def code_word(value: str) -> str:
    """Return an identifier's value as it is compared where no value is equal."""
    return folded_code(value)[:WORD_MAX]


def latin(word: str) -> str:
    """Return a folded word in ASCII. The person may spell it in another way."""
    return word if word.isascii() else folded(anyascii(word))


def check_searchable(name: str) -> None:
    """Require a letter or digit in a searched name: nothing else is compared."""
    if not parts(name):
        raise RuleBroken("nothing_asked", "Give a letter or a digit.")


def _parts_once(text: str) -> list[str]:
    if text.isascii():
        return _ASCII_PART.findall(text.lower())
    # Twice, because a compatibility letter has no lower case until NFKD has replaced it.
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    composed = unicodedata.normalize("NFC", "".join(map(_plain, letters)))
    return "".join(_spaced(composed)).split()


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """Return what is compared of one letter: nothing of a mark, a space for what separates parts.

    Marks without a combining class stay, because they are vowels in some scripts.
    """
    category = unicodedata.category(character)
    if unicodedata.combining(character) or category == "Cf":
        return ""
    if category[0] in "PSZ" or category == "Cc":
        return " "
    if character in TYPED_ALIKE:
        return TYPED_ALIKE[character]
    if category[0] == "M":
        return character if anyascii(character) else ""  # variation selectors have no sound
    if unicodedata.name(character, "").startswith("LATIN ") or _is_sign(character, category):
        return _in_ascii(character)
    return character


def _is_sign(character: str, category: str) -> bool:
    """Return whether a letter only lengthens or separates, as tatweel and the okina do."""
    has_sound = any(map(str.isalnum, anyascii(character)))
    return category == "Lm" and not has_sound and not _is_wide(character)


def _in_ascii(character: str) -> str:
    """Return a letter in ASCII; a space if it is like an apostrophe."""
    plain = anyascii(character).lower()
    return "".join(_ASCII_PART.findall(plain)) or (" " if plain else "")


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in {"W", "F"}


def _spaced(composed: str) -> Iterator[str]:
    """Yield the characters, with spaces around those that are a part by themselves."""
    for character in composed:
        alone = _is_wide(character) and unicodedata.category(character) == "Lo"
        yield f" {character} " if alone else character


def same_names(one: Iterable[str | None], other: Iterable[str | None]) -> bool:
    """Return whether two people have the same parts of names, in any order and spelling."""
    mine, theirs = (
        sorted(part for name in filter(None, each) for part in parts(name)) for each in (one, other)
    )
    return mine == theirs
