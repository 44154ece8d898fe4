"""What a search for patients asks. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from app.core.values.faults import RuleBroken
from app.patients.rules.birth_dates import covering
from app.patients.rules.names import WORD_MAX, check_searchable, code_word, parts
from app.patients.rules.written_dates import split_date

WORDS_MAX: Final = 12


class Asked(NamedTuple):
    """One text that asks for a patient: a name, a birth date, both, or an identifier's value."""

    text: str
    names: tuple[str, ...]
    """The folded words of the name, in order. The patient has a word that begins like each."""
    birth_date: str | None
    """YYYY-MM-DD, or as much of it as is asked."""

    @property
    def whole(self) -> str:
        """The name as one word: a blank may be one too many."""
        return "".join(self.names)[:WORD_MAX]

    @property
    def code(self) -> str:
        """The text as an identifier's value is compared."""
        return code_word(self.text)


def check_asked(text: str) -> None:
    """Require a letter or a digit, and not too many words."""
    check_searchable(text)
    if len(parts(text)) > WORDS_MAX:
        raise RuleBroken("too_many_words", f"Give at most {WORDS_MAX} words.")


def asked(text: str) -> Asked:
    """Read a search field. A date at its beginning or end is a birth date."""
    name, birth_date = split_date(text)
    return Asked(text, named([name]), birth_date)


def named(names: Iterable[str | None]) -> tuple[str, ...]:
    """Return the folded words of names, each once."""
    return tuple(dict.fromkeys(_words(names)))


def _words(names: Iterable[str | None]) -> Iterator[str]:
    for name in filter(None, names):
        yield from (word[:WORD_MAX] for word in parts(name))


def born(birth_date: str | None) -> dict[str, object]:
    """Return the parameters of a birth date: the dates that cover it, and how those in it begin."""
    if birth_date is None:
        return {}
    return {"birth_date": covering(birth_date), "birth_date_within": f"{birth_date}-"}
