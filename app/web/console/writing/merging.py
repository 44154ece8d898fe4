"""Two people changed one record: what each of them changed, and a form that has both. Pure.

What a person didn't touch is what is stored now. A row of a list is merged field by field as long
as it is about the same thing; else all of it is the person's, and what differs is shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from app.web.console.writing.fields import DROP, Field, row_of, typed_in

Texts = Mapping[str, str]
UNSEEN = frozenset(("hidden", "about"))


class Merged(NamedTuple):
    """A form after two changes of one record."""

    values: dict[str, str]
    differing: list[tuple[Field, str, str]]
    """Fields in which the person's text differs from what is stored now: both texts."""
    taken: list[tuple[Field, str]]
    """Fields that only the other one changed, and what they hold now."""


def merged(fields: Sequence[Field], form: Texts, opened: Texts, stored: Texts) -> Merged:
    """Merge a form, which was opened with some texts, with what was stored meanwhile."""
    mine = {field.name: typed_in(form, field) for field in fields}
    touched = {name for name, text in mine.items() if text != opened.get(name, "").strip()}
    whole = _whole(fields, form, touched, opened, stored)
    found = Merged(dict(form), [], [])
    for field in fields:
        name, theirs = field.name, stored.get(field.name, "").strip()
        if name in touched or row_of(name) in whole:
            if mine[name] != theirs and field.sort not in UNSEEN:
                found.differing.append((field, mine[name], theirs))
        elif mine[name] != theirs:
            _put(found.values, field, theirs)
            if field.sort not in UNSEEN:
                found.taken.append((field, theirs))
    return found


def _whole(
    fields: Sequence[Field], form: Texts, touched: Iterable[str], opened: Texts, stored: Texts
) -> set[str | None]:
    """Return the rows that stay as the person typed them, if they touched one of their fields.

    If the other one added or removed rows, the list stays as it was typed.
    """
    rows: dict[str, list[str]] = {}
    for field in fields:
        row = row_of(field.name)
        if row is not None:
            rows.setdefault(row, []).append(field.name)
    dropped = {row for row in rows if f"{row}.{DROP}" in form}
    changed = {row_of(name) for name in touched} | dropped
    lists = {row.partition(".")[0] for row in changed if row}
    moved = {one for one in lists if _filled(rows, one, opened) != _filled(rows, one, stored)}
    return {
        row
        for row, names in rows.items()
        if row.partition(".")[0] in moved
        or (row in changed and opened.get(names[0], "") != stored.get(names[0], ""))
    }


def _filled(rows: Mapping[str, Sequence[str]], member: str, texts: Texts) -> int:
    """Return how many rows of a list hold something."""
    return sum(
        row.startswith(f"{member}.") and any(texts.get(name) for name in names)
        for row, names in rows.items()
    )


def _put(values: dict[str, str], field: Field, text: str) -> None:
    """Put a text into a form, in place of the ticks that it had."""
    for name in [name for name in values if name.startswith(f"{field.name}.")]:
        del values[name]
    values[field.name] = text
