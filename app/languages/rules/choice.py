"""Which language a person gets. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

SOURCE: Final = "en"
"""The language in which every message is written first."""


class Language(NamedTuple):
    """A language in which messages exist."""

    tag: str
    """Its tag by BCP 47, such as `fr`."""
    name: str
    """Its name, in the language itself."""
    direction: str
    """Where lines begin: `ltr` or `rtl`."""
    reviewed: bool
    """Whether a clinician who speaks it has read the messages."""


def look_up(wanted: str | None, tags: Collection[str]) -> str | None:
    """Return the tag that fits best what somebody wants; None if none does.

    This is the look-up of RFC 4647, section 3.4: the wanted tag loses its last part until it is one
    of `tags`. A part of one letter belongs to the part after it, and goes with it.
    """
    folded: Mapping[str, str] = {tag.lower(): tag for tag in tags}
    parts = wanted.lower().split("-") if wanted else []
    while parts:
        found = folded.get("-".join(parts))
        if found is not None:
            return found
        parts.pop()
        if parts and len(parts[-1]) == 1:
            parts.pop()
    return None


def offered(languages: Sequence[Language], switched_on: Collection[str]) -> list[Language]:
    """Return the languages that patients are offered: reviewed ones, and those switched on."""
    return [each for each in languages if each.reviewed or look_up(each.tag, switched_on)]


def chosen(wanted: Sequence[str | None], languages: Sequence[Language]) -> Language:
    """Return the first language that fits what is wanted, in order of preference; else English."""
    by_tag = {each.tag: each for each in languages}
    for tag in wanted:
        found = look_up(tag, by_tag)
        if found is not None:
            return by_tag[found]
    return by_tag[SOURCE]
