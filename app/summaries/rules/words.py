"""Codes, times and texts as a reader sees them. Pure."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date, datetime, tzinfo
from typing import Any, Final, NamedTuple, TypeVar, cast
from uuid import UUID

from app.notes.rules.words import Words
from app.progress.rules.wording import MINUS, NOTHING

T = TypeVar("T")
Pair = list[str]
"""A label and a value."""

# Direction controls can make text look like other text. PDF/UA does not allow U+FEFF.
UNSEEN: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
LEFTWARD: Final = frozenset({"R", "AL", "AN"})
ISOLATE, ISOLATED = "\u2068", "\u2069"
# As many characters without a space as fit on a line of the narrowest column.
LONG: Final = re.compile(r"\S{40}(?=\S)")
BREAK: Final = "\\g<0>\u200b"
ENDS: Final = str.maketrans(dict.fromkeys("\u0085\u2028\u2029", "\n"))


class Names(NamedTuple):
    """Functions that turn codes and ids into names for a reader."""

    words: Words
    """The words of notes, with sides in full: for every code that is none of these."""

    muscle: Callable[[str], str]
    """By slug."""
    instrument: Callable[[str], str]
    """By code."""
    practitioner: Callable[[UUID], str]
    """By id."""
    actor: Callable[[str], str]
    """By actor, as the ledger writes it."""
    episode: Callable[[UUID], str]
    """By id."""
    patient: Callable[[UUID], str]
    """By id; says only whether it is the patient of this chart."""


def plainly(name: str) -> str:
    """The name of a member, or of a kind of record, as words. Codes have words of their own."""
    return name.replace("_", " ")


def listed_texts(texts: Iterable[str | None]) -> str:
    """The texts that there are, separated by commas."""
    return ", ".join(filter(None, texts))


def local(value: T, zone: tzinfo) -> T:
    """A value whose times are in the clinic's time zone."""
    return cast("T", _local(value, zone))


def _local(value: Any, zone: tzinfo) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(zone)
    if isinstance(value, dict):
        return {name: _local(member, zone) for name, member in value.items()}
    return [_local(item, zone) for item in value] if isinstance(value, list) else value


def moment(at: datetime) -> str:
    """A time to the minute, in its own UTC offset."""
    hours = at.strftime("%z")
    zone = "UTC" if at.utcoffset() in {None, at.resolution * 0} else f"UTC{hours[:3]}:{hours[3:5]}"
    return f"{at:%Y-%m-%d %H:%M} ({zone})".replace("UTC-", f"UTC{MINUS}")


def day(on: date | None) -> str:
    """A date, or a dash."""
    return NOTHING if on is None else on.isoformat()


def counted(number: int, noun: str) -> str:
    """A number with its noun, singular or plural."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def pairs(*labelled: tuple[str, str | None]) -> list[Pair]:
    """The labels that have a value, each with it."""
    return [[label, value] for label, value in labelled if value]


def printable(value: T) -> T:
    """A value whose texts can be printed, and read on paper as they are.

    In every text:

    - a control character, an unassigned one or a direction control becomes its code point;
    - line ends of every kind become a newline;
    - a line with right-to-left letters is isolated, so that it does not reorder its neighbours.
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


def isolated_whole(text: str) -> str:
    """A line of several `printable` texts in one isolate, whose order is that of its first letter.

    Isolates of their own would put the parts of a right-to-left name into left-to-right order.
    """
    return _isolated(text.translate(dict.fromkeys(map(ord, (ISOLATE, ISOLATED)))))


def breakable(value: Any) -> Any:
    """The same texts, in which a word longer than a line may break.

    The picture of a summary is SVG, not text, so it is left alone.
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
