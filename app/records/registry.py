"""The registry: all kinds of record, by noun.

A feature declares its kind, and `app.kinds` lists all kinds. Each program fills the registry with
that list when it starts. So packages below the features can find the kinds that refer to a record.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from app.core.operation import Operation
from app.records.kinds import Kind, Reaction, V

T = TypeVar("T")


class Registry(Mapping[str, Kind[Any, Any]]):
    """Kinds by noun, each after the kinds that it refers to."""

    def __init__(self) -> None:
        self._kinds: dict[str, Kind[Any, Any]] = {}
        self._reactions: dict[str, list[Reaction]] = {}

    def fill(self, kinds: Iterable[Kind[Any, Any]]) -> None:
        """Set all kinds. `ValueError` if one comes before a kind that it refers to."""
        self._kinds, self._reactions = {}, {}
        for kind in kinds:
            for reference in kind.references:
                if reference.noun not in self._kinds:
                    raise ValueError(
                        f"List {reference.noun} before {kind.noun}, which refer to them."
                    )
            self._kinds[kind.noun] = kind
            for noun, reaction in kind.reactions.items():
                self._reactions.setdefault(noun, []).append(reaction)

    def react(self, op: Operation, kind: Kind[Any, V], current: V | None, view: V) -> None:
        """Do what other kinds do about a write of this kind, in the order of the kinds."""
        for reaction in self._reactions.get(kind.noun, ()):
            reaction(op, current, view)

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


def by_kind(place: str, kinds: Iterable[Kind[Any, Any]], shows: Mapping[str, T]) -> Mapping[str, T]:
    """Return what a place declares for each kind that appears there, in the order of `kinds`.

    `ValueError` if a kind is missing from `shows`, or is in it without appearing in the place.
    """
    nouns = [kind.noun for kind in kinds]
    for noun in nouns:
        if noun not in shows:
            raise ValueError(f"Declare how {place} shows {noun}, or why it leaves them out.")
    for noun in shows:
        if noun not in nouns:
            raise ValueError(
                f"{place} shows {noun}, but their kind declares that it leaves them out."
            )
    return {noun: shows[noun] for noun in nouns}
