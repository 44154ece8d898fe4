"""Text as it is stored, and as it is compared. Pure.

Two texts that look alike are stored alike (NFC), and compared without case, white space at the
ends, characters that nobody sees, and variants of one character (NFKC).
"""

import unicodedata
from typing import Final

from app.core.values.faults import RuleBroken

_FILLERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols without ink: the fillers of Hangul, and the empty cell of Braille."""
_EDGES: Final = " \u00ad\u200b\u2060\ufeff"
"""A space, and characters that nobody sees and no script needs at the end of a text."""
_UNSEEN: Final = frozenset({"Cc", "Cf", "Me", "Mn", "Zl", "Zp", "Zs"})
"""Categories of characters that show nothing when they stand alone."""

_SEPARATORS: Final = frozenset("_./,:;'()\u2019")
"""Signs that count as blanks in a word, as do hyphens and dashes."""
_LATIN_MARKS: Final = range(0x300, 0x370)
"""The combining marks of Latin, Greek and Cyrillic. In other scripts a mark changes the word."""


def nfc(text: str) -> str:
    """Return a text in the composed form (Unicode normalization form C)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """Return a one-line text as it is stored: NFC, trimmed, each run of white space one space.

    Characters of no width are trimmed, too. Files from Windows begin with one.
    """
    return " ".join(nfc(text).split()).strip(_EDGES)


def is_blank(text: str) -> bool:
    """Return whether a text shows nothing: it has only white space or invisible characters."""
    return not any(_is_seen(character) for character in text)


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) not in _UNSEEN and character not in _FILLERS


def check_not_blank(text: str) -> None:
    """Refuse a text that shows nothing. An empty one has a fault of its own."""
    if text and is_blank(text):
        raise RuleBroken("blank", "Give more than white space or invisible characters.")


def folded(text: str) -> str:
    """Return a one-line text as it is compared. Folding a folded text changes nothing."""
    folding = _folded_once(text)
    # Again, because one step may make work for another: a compatibility letter has no lower case
    # until NFKC has replaced it.
    while folding != (further := _folded_once(folding)):
        folding = further
    return folding


def _folded_once(text: str) -> str:
    if text.isascii():
        return one_line(text).lower()
    seen = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return one_line(unicodedata.normalize("NFKC", seen).casefold())


def folded_code(text: str) -> str:
    """Return a printed code, such as a lot's, as it is compared: without blanks and hyphens too."""
    plain = folded(text)
    joined = "".join(c for c in plain if not c.isspace() and unicodedata.category(c) != "Pd")
    return folded(joined) or plain


def word_key(text: str) -> str:
    """Return a word of a vocabulary as it is compared.

    Case, accents, blanks and hyphens don't matter. Other signs do: `?pneumothorax` is not a
    pneumothorax.
    """
    plain = folded(text)
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = folded("".join(c for c in decomposed if ord(c) not in _LATIN_MARKS))
    return "_".join("".join(" " if _separates(c) else c for c in plain).split())


def _separates(character: str) -> bool:
    return character in _SEPARATORS or unicodedata.category(character) == "Pd"
