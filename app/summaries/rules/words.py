"""Codes, times and texts as a reader sees them. Pure."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, Final, NamedTuple, TypeVar, cast
from uuid import UUID

from app.progress.rules.wording import MINUS, NOTHING

T = TypeVar("T")
Pair = list[str]
"""A label and a value."""

SPELT: Final = {
    "gunn_ims": "Gunn IMS",
    "no_show": "no-show",
    "follow_up": "follow-up",
    "peau_dorange": "peau d'orange",
    "side_lying": "side-lying",
}
# They order text: what follows could be read as something else. And PDF/UA has no U+FEFF.
UNSEEN: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
LEFTWARD: Final = frozenset({"R", "AL", "AN"})
ISOLATE, ISOLATED = "\u2068", "\u2069"
# As many letters without a space as a line of the narrowest column holds.
LONG: Final = re.compile(r"\S{40}(?=\S)")
BREAK: Final = "\\g<0>\u200b"
ENDS: Final = str.maketrans(dict.fromkeys("\u0085\u2028\u2029", "\n"))


class Names(NamedTuple):
    """What things are called outside of the record."""

    muscle: Callable[[str], str]
    """Of a slug."""
    instrument: Callable[[str], str]
    """Of a code."""
    practitioner: Callable[[UUID], str]
    """Of an id."""
    actor: Callable[[str], str]
    """Of who did something, as the ledger writes it."""
    episode: Callable[[UUID], str]
    """Of an id."""
    patient: Callable[[UUID], str]
    """Of an id: whether it is the one whose chart this is."""


def spelt(code: str | None) -> str:
    """A code as words."""
    return NOTHING if code is None else SPELT.get(code, code.replace("_", " "))


def listed(codes: Iterable[str]) -> str:
    """Codes as a list of words."""
    return ", ".join(spelt(code) for code in codes)


def moment(at: datetime) -> str:
    """An instant where it happened, to the minute."""
    hours = at.strftime("%z")
    zone = "UTC" if at.utcoffset() in {None, at.resolution * 0} else f"UTC{hours[:3]}:{hours[3:5]}"
    return f"{at:%Y-%m-%d %H:%M} ({zone})".replace("UTC-", f"UTC{MINUS}")


def day(on: date | None) -> str:
    """A date."""
    return NOTHING if on is None else on.isoformat()


def counted(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def pairs(*given: tuple[str, str | None]) -> list[Pair]:
    """Those of the labels that have a value."""
    return [[label, value] for label, value in given if value]


def printable(value: T) -> T:
    """What was written by somebody, so that it can stand on paper and is what it seems to be.

    In every text of a record, a control character, one without a meaning, and one that orders
    others are written as their code points; line ends of every kind are one kind; and a line with
    letters that run from right to left is kept from turning round what stands beside it.
    """
    return cast("T", _printable(value))


def _printable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _printable(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_printable(item) for item in value]
    if not isinstance(value, str) or (value.isascii() and value.isprintable()):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n").translate(ENDS)
    plain = "".join(character if _is_plain(character) else _code(character) for character in text)
    return "\n".join(map(_isolated, plain.split("\n")))


def breakable(value: Any) -> Any:
    """The same texts, in which a word too long for a line may go on in the next one.

    The picture of a summary is no text, and stays as it is.
    """
    if isinstance(value, dict):
        return {
            name: member if name == "picture" else breakable(member)
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [breakable(item) for item in value]
    return LONG.sub(BREAK, value) if isinstance(value, str) else value


def _is_plain(character: str) -> bool:
    if character in "\n\t":
        return True
    return character not in UNSEEN and unicodedata.category(character) not in {"Cc", "Cn", "Co"}


def _code(character: str) -> str:
    return f"[U+{ord(character):04X}]"


def _isolated(line: str) -> str:
    turns = any(unicodedata.bidirectional(character) in LEFTWARD for character in line)
    return f"{ISOLATE}{line}{ISOLATED}" if turns else line
