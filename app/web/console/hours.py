"""Weekly hours as people type them: a line for each rule, such as `Mon-Fri 08:00-17:00`. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from app.clinics.rules import WEEK

HOW: Final = (
    "Write each line as: Mon-Fri 08:00-17:00, or: Mon, Thu 18:00-22:00, or for whole days:"
    " Sat-Sun 00:00-24:00."
)
MIDNIGHT: Final = "00:00"
END_OF_DAY: Final = "24:00"
"""What people write for the midnight at which hours end."""
_DASH: Final = r"\s*[-\u2013]\s*"
_TIME: Final = "(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
_LINE: Final = re.compile(
    rf"(?P<days>[a-z][a-z ,\u2013-]*?)\s+(?P<from>{_TIME}){_DASH}(?P<to>{_TIME}|24:00)",
    re.ASCII | re.IGNORECASE,
)


def as_text(hours: Iterable[Mapping[str, Any]]) -> str:
    """Return hours as a person types them, a line for each."""
    return "\n".join(f"{_named(each['days'])} {each['from']}-{_end(each['to'])}" for each in hours)


def _end(time: str) -> str:
    return END_OF_DAY if time == MIDNIGHT else time


def _named(days: Iterable[str]) -> str:
    """Return days in words: a row of three or more is joined."""
    runs: list[list[int]] = []
    for day in sorted(map(WEEK.index, days)):
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    parts: list[str] = []
    for run in runs:
        names = [WEEK[day].title() for day in run]
        parts += [f"{names[0]}-{names[-1]}"] if run[1:-1] else names
    return ", ".join(parts)


def parsed(text: str) -> list[dict[str, Any]] | None:
    """Return the hours that a text says; None if a line says none."""
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        said = _LINE.fullmatch(line)
        days = list(_days(said["days"])) if said else []
        if said is None or not days or None in days:
            return None
        end = MIDNIGHT if said["to"] == END_OF_DAY else _clock(said["to"])
        found.append({"days": days, "from": _clock(said["from"]), "to": end})
    return found


def _clock(time: str) -> str:
    return time.zfill(len("08:00"))


def _days(text: str) -> Iterator[str | None]:
    """Yield the days that a text names, and None for a word that is no day."""
    for part in filter(None, re.split(r"[,\s]+", re.sub(_DASH, "-", text.casefold()))):
        ends = [_day(word) for word in part.split("-")]
        if ends[2:] or None in ends:
            yield None
        else:
            first, last = WEEK.index(str(ends[0])), WEEK.index(str(ends[-1]))
            yield from (WEEK[(first + n) % 7] for n in range((last - first) % 7 + 1))


def _day(word: str) -> str | None:
    return word[:3] if word[:3] in WEEK and word.isalpha() else None
