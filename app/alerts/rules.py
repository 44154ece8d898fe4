"""Rules of alerts. Pure."""

from collections.abc import Iterable
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
