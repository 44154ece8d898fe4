"""The words of a note: codes, names, numbers and times in its language. Pure."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from app.languages.rules.numbers import decimal, is_one
from app.notes.rules.codes import CODES
from app.records.views import Side
from app.vocabularies.rules import VocabularyName

TURNING: Final = frozenset(
    ("R", "AL", "AN", "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
)
"""The bidirectional classes of characters that can reorder what stands beside them."""
ISOLATE, ISOLATED = "\u2068", "\u2069"
LINE_END: Final = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
MINUTE: Final = "%Y-%m-%d %H:%M"


class Scale(NamedTuple):
    """The scale of an instrument."""

    unit: str
    """Its own unit (UCUM)."""
    least: float
    most: float


class Words(NamedTuple):
    """How a note says things in its language."""

    tag: str
    """The language, by its BCP 47 tag."""
    gettext: Callable[[str], str]
    zone: ZoneInfo
    """The clinic's time zone."""
    visit_at: datetime
    muscle: Callable[[str], str]
    """The name of a muscle, by its slug."""
    scale: Callable[[str], Scale | None]
    """The scale of an instrument, by its code."""
    term: Callable[[VocabularyName, str], str]
    """The name of a row of a vocabulary, by the vocabulary and the code."""
    actor: Callable[[str], str]
    """The name of who did something, as the ledger writes them."""

    def code(self, about: str, code: str) -> str:
        """Return the words for a code; of one that is unknown here, what it is made of."""
        text = CODES[about].get(code)
        return spelt(code) if text is None else self.gettext(text)

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number with at least so many decimals."""
        return decimal(value, self.tag, decimals)

    def counted(self, count: int, one: str, many: str) -> str:
        """Return a number with its noun. `one` and `many` are translated, and hold `%(n)s`."""
        return (one if is_one(count, self.tag) else many) % {"n": count}

    def moment(self, at: datetime) -> str:
        """Return a time on the clinic's clock, with its offset from UTC if the visit's differs."""
        local = at.astimezone(self.zone)
        written = local.strftime(MINUTE).rjust(len("0000-00-00 00:00"), "0")
        if local.utcoffset() == self.visit_at.astimezone(self.zone).utcoffset():
            return written
        return f"{written} ({offset(local)})"

    def labelled(self, label: str, value: str) -> str:
        """Return a label and its value."""
        _ = self.gettext
        return _("%(label)s: %(value)s") % {"label": label, "value": value}

    def flag(self, label: str, value: bool | None) -> str | None:  # noqa: FBT001 - it is the value
        """Return a label with yes or no; None for what is unknown."""
        if value is None:
            return None
        return self.labelled(label, self.code("answer", "yes" if value else "no"))

    def score(self, value: int) -> str:
        """Return what the patient says on a scale from 0 to 10."""
        return f"{value}/10"

    def placed(self, muscle: str, side: Side | None, level: str | None = None) -> str:
        """Return a muscle with its side before it, and its spinal level after it."""
        name = self.muscle(muscle)
        parts = [side and self.code("side", side), name[:1].lower() + name[1:]]
        return ", ".join(filter(None, (" ".join(filter(None, parts)), level)))


def spelt(code: str) -> str:
    """Return a code that has no words of its own as words, so that nobody reads an underscore."""
    return written(code.replace("_", " "))


def offset(local: datetime) -> str:
    """Return the offset of a local time from UTC, such as `UTC-08:00`."""
    hours = local.strftime("%z")
    return f"UTC{hours[:3]}:{hours[3:5]}"


def listed(parts: Iterable[str | None]) -> str:
    """Return the parts that there are, separated by commas."""
    return ", ".join(filter(None, parts))


def written(text: str) -> str:
    """Return what somebody wrote, so that it reorders nothing beside it.

    A line with letters from right to left, or with characters that control the direction, is
    isolated.
    """
    lines, ends = LINE_END.split(text), LINE_END.findall(text)
    isolated = [
        f"{ISOLATE}{line}{ISOLATED}"
        if TURNING & set(map(unicodedata.bidirectional, line))
        else line
        for line in lines
    ]
    return "".join(part for pair in zip(isolated, [*ends, ""], strict=True) for part in pair)
