"""Rules of alerts. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from app.core.values.faults import RuleBroken

NOTES_MAX: Final = 50
REASONS_MAX: Final = 20


def check_said(action: str | None, note: str | None) -> None:
    """Require a note for the action `other`, which says nothing by itself."""
    if action == "other" and note is None:
        raise RuleBroken("note_missing", "Say in a note what was done.")


def joined(reasons: Iterable[str], more: Iterable[str]) -> list[str]:
    """Return the reasons of an alert with those that join it, each once."""
    return list(dict.fromkeys([*reasons, *more]))


def source_key(resource: str, id_: object) -> str:
    """Return a source as one text."""
    return f"{resource}:{id_}"


def nobody_told(opening: datetime | None, emergency_number: str | None, *, is_open: bool) -> str:
    """Return what whoever raises an alert must know if nobody is told of it.

    `opening` is when the clinic opens next, on its own clock; None if it isn't known.
    """
    when = f", {opening:%A %Y-%m-%d %H:%M}" if opening is not None else ""
    until = "somebody opens the console" if is_open else f"opening time{when}"
    number = "the local emergency number" if emergency_number is None else emergency_number
    return (
        "No message goes to anybody about this alert, so nobody may read it before"
        f" {until}. In an emergency, call {number}."
    )
