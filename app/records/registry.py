"""The registry: every kind of record that this process keeps, by its noun.

A feature declares its kind, `app.kinds` lists all of them, and whoever starts a process fills the
registry with that list. So the rooms below the features can ask which kinds refer to a record.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from app.records.kinds import Kind

T = TypeVar("T")


class Registry(Mapping[str, Kind[Any, Any]]):
    """Kinds by noun, each behind those that it refers to."""

    def __init__(self) -> None:
        self._kinds: dict[str, Kind[Any, Any]] = {}

    def fill(self, kinds: Iterable[Kind[Any, Any]]) -> None:
        """Take in all kinds; `ValueError` names one that stands before a kind it refers to."""
        self._kinds = {}
        for kind in kinds:
            for reference in kind.references:
                if reference.noun not in self._kinds:
                    raise ValueError(f"List {reference.noun} before {kind.noun}, which names them.")
            self._kinds[kind.noun] = kind

    def __getitem__(self, noun: str) -> Kind[Any, Any]:
        return self._filled()[noun]

    def __iter__(self) -> Iterator[str]:
        return iter(self._filled())

    def __len__(self) -> int:
        return len(self._filled())

    def _filled(self) -> dict[str, Kind[Any, Any]]:
        if not self._kinds:
            raise RuntimeError("Call app.kinds.fill_registry() before any record is read.")
        return self._kinds


registry = Registry()


def shown_in(
    place: str, kinds: Iterable[Kind[Any, Any]], shows: Mapping[str, T]
) -> Mapping[str, T]:
    """What a place says of each kind that appears there, by noun, in the order of `kinds`.

    `ValueError` names a kind that the place says nothing of, or says something of in vain.
    """
    nouns = [kind.noun for kind in kinds]
    for noun in nouns:
        if noun not in shows:
            raise ValueError(f"Say how {place} shows {noun}, or why it leaves them out.")
    for noun in shows:
        if noun not in nouns:
            raise ValueError(f"{place} shows {noun}, which are declared to be left out.")
    return {noun: shows[noun] for noun in nouns}
