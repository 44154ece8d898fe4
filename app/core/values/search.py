"""Search a list of named things, such as muscles, by any of their names. Typing errors are allowed.

A search ranks what it finds. `nearest` always finds something similar, for a suggestion.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from app.core.values.text import word_key

NEAREST: Final = 5
"""How many names a fault suggests at most."""
SIMILAR: Final = 50
"""How similar a suggested name is at least, from 0 to 100."""
LESS_SIMILAR: Final = 15
"""How much less similar than the nearest name another suggested name may be."""
_WORD: Final = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Return the words of a name or a query: lower case, without accents or punctuation."""
    plain = _plain(text)
    # Again, because one step may make work for another, as in `core.values.text`.
    while plain != (further := _plain(plain)):
        plain = further
    return _WORD.findall(plain)


def _plain(text: str) -> str:
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def joined(text: str) -> str:
    """Return the words joined, so that a forgotten space or hyphen doesn't matter."""
    return "".join(words(text))


def slips(length: int) -> int:
    """Return how many typing errors a word of this length may have and still match."""
    return 0 if length < 4 else 1 if length < 8 else 2  # noqa: PLR2004 - the rule itself


class Match(IntEnum):
    """How well a thing matches a query, best first."""

    VERBATIM = 0  # case matters: RCPM is the major and RCPm the minor
    EXACT = 1
    PREFIX = 2
    WORDS = 3  # each word of the query begins one of the thing's words
    MISSPELT = 4


class _Entry(NamedTuple):
    written: frozenset[str]
    names: tuple[str, ...]
    words: frozenset[str]


class Index:
    """The names of things, each known by its position in the list."""

    def __init__(self, names: Iterable[Sequence[str]], also: Sequence[str] | None = None) -> None:
        """`names` has the names of each thing, and `also` further words that find it."""
        listed = list(names)
        more = also or [""] * len(listed)
        self._entries = [_entry(one, words_) for one, words_ in zip(listed, more, strict=True)]
        self._names = {
            (position, number): name
            for position, entry in enumerate(self._entries)
            for number, name in enumerate(entry.names)
        }
        known = frozenset().union(*(entry.words for entry in self._entries))
        self._words = {word: word for word in sorted(known)}
        self._keys: dict[str, set[int]] = {}
        for position, entry in enumerate(self._entries):
            for name in entry.written:
                self._keys.setdefault(word_key(name), set()).add(position)

    def search(self, q: str) -> list[int]:
        """Return the positions of all that matches, best first. Any text is allowed.

        Equal matches keep the order of the list, so the same query always gets the same answer.
        """
        asked = joined(q)
        if not asked:
            return []
        names = self._misspelt_names(asked)
        readings = [self._readings(word) for word in dict.fromkeys(words(q))]
        ranked = []
        for position, entry in enumerate(self._entries):
            match = _match(entry, q.strip(), asked)
            errors = None if match is not None else _errors(entry, readings, names.get(position))
            if match is not None:
                ranked.append((match, 0, position))
            elif errors is not None:
                ranked.append((Match.MISSPELT if errors else Match.WORDS, errors, position))
        return [position for *_, position in sorted(ranked)]

    def named(self, word: str) -> int | None:
        """Return the position of the one thing with this name; None if none or several have it.

        A name in the same case goes before the others.
        """
        alike = self._keys.get(word_key(word), set())
        same = {position for position in alike if word in self._entries[position].written} or alike
        return next(iter(same)) if len(same) == 1 else None

    def nearest(self, q: str) -> list[int]:
        """Return the positions of what a refused text may have meant, the likeliest first.

        It is what the search finds, or else what is spelt similarly. Empty if nothing is.
        """
        found = self.search(q)[:NEAREST]
        if found:
            return found
        scored: dict[int, float] = {}
        for _, score, (position, _number) in process.extract(
            joined(q), self._names, scorer=fuzz.WRatio, score_cutoff=SIMILAR, limit=None
        ):
            scored[position] = max(score, scored.get(position, 0))
        least = max(scored.values(), default=0) - LESS_SIMILAR
        near = [position for position, score in scored.items() if score >= least]
        return sorted(near, key=lambda position: (-scored[position], position))[:NEAREST]

    def _readings(self, word: str) -> dict[str, int]:
        """Return the known words that a typed word may stand for, with their typing errors."""
        begun = {known: known[: len(word)] for known in self._words}
        found: dict[str, int] = {}
        for choices in (begun, self._words):
            for _, errors, known in process.extract(
                word, choices, scorer=OSA.distance, score_cutoff=slips(len(word)), limit=None
            ):
                found[known] = min(errors, found.get(known, errors))
        return found

    def _misspelt_names(self, asked: str) -> dict[int, int]:
        """Return the things with a whole name close to the query, with their typing errors."""
        found: dict[int, int] = {}
        for _, errors, (position, _number) in process.extract(
            asked, self._names, scorer=OSA.distance, score_cutoff=slips(len(asked)), limit=None
        ):
            found[position] = min(errors, found.get(position, errors))
        return found


def _entry(names: Sequence[str], also: str) -> _Entry:
    return _Entry(
        frozenset(names),
        tuple(dict.fromkeys(joined(name) for name in names)),
        frozenset(words(" ".join((*names, also)))),
    )


def _match(entry: _Entry, q: str, asked: str) -> Match | None:
    if q in entry.written:
        return Match.VERBATIM
    if asked in entry.names:
        return Match.EXACT
    if any(name.startswith(asked) for name in entry.names):
        return Match.PREFIX
    return None


def _errors(entry: _Entry, readings: list[dict[str, int]], in_name: int | None) -> int | None:
    """Return the fewest typing errors with which the query matches an entry; None if it doesn't.

    `in_name` are the errors against the entry's closest whole name. Word by word, each word of
    the query must match a word of the entry.
    """
    in_words = 0
    for reading in readings:
        errors = [reading[word] for word in entry.words & reading.keys()]
        if not errors:
            return in_name
        in_words += min(errors)
    return in_words if in_name is None else min(in_name, in_words)
