"""The vocabularies, loaded and checked at import, and a word's code."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic import ConfigDict, TypeAdapter
from sqlalchemy import bindparam

from app.core.operation import Operation, rows
from app.core.values.faults import Fault, RuleBroken
from app.core.values.search import Index
from app.core.values.text import word_key
from app.vocabularies.models import Term
from app.vocabularies.rules import ScreeningAnswer, VocabularyName, own_code
from app.vocabularies.schemas import VOCABULARIES, Vocabulary, WordView

LISTS: Final = frozenset({"synonyms", "concern"})
OWN_MEMBERS: Final = (
    *("id", "vocabulary", "code", "name", "synonyms", "parent", "severity", "attribution_days"),
    *("concern", "note", "source", "status"),
)
"""The members of a term that its row is made of."""
ATTRIBUTION_DAYS: Final = 14
CONCERN: Final[tuple[ScreeningAnswer, ...]] = ("yes", "unknown")


def read(vocabulary: Vocabulary, text: str) -> tuple[WordView, ...]:
    """Parse the rows of a CSV text; pydantic's `ValidationError` names each wrong line.column.

    Raises `RuleBroken` if two rows share a word, or if a parent is unknown.
    """
    lines = csv.DictReader(io.StringIO(text))
    cells: dict[int, dict[str, Any]] = {}
    for line in lines:
        cells[lines.line_num] = {
            column: (cell.split(";") if cell else []) if column in LISTS else cell or None
            for column, cell in line.items()
        } | {"own": False}
    config = ConfigDict(title=f"{vocabulary.noun}.csv (line.column)")
    rows = TypeAdapter(dict[int, vocabulary.view], config=config).validate_python(cells)  # type: ignore[name-defined]
    found = tuple(rows.values())
    check_words(found)
    parents = {getattr(row, "parent", None) for row in found} - {None}
    if not parents <= {row.code for row in found}:
        raise RuleBroken("unknown", f"{vocabulary.noun}.csv, column parent: unknown code.")
    return found


@lru_cache(maxsize=4096)
def words_of(row: WordView) -> tuple[str, ...]:
    """Return the words that are taken for a row, as they are compared, each once."""
    words = dict.fromkeys(map(word_key, (row.code, row.name, *row.synonyms)))
    return tuple(word for word in words if word)


def check_words(rows: Iterable[WordView]) -> None:
    """Raise `RuleBroken` if a word belongs to two rows of one vocabulary."""
    owners: dict[str, str] = {}
    for row in rows:
        for word in words_of(row):
            if owners.setdefault(word, row.code) != row.code:
                raise RuleBroken("repeated", f"{row.code} and {owners[word]} share a word.")


def _text(noun: str) -> str:
    return (files("app.vocabularies") / "data" / f"{noun}.csv").read_text(encoding="utf-8")


ROWS: Final[Mapping[VocabularyName, tuple[WordView, ...]]] = {
    noun: read(vocabulary, _text(noun)) for noun, vocabulary in VOCABULARIES.items()
}
_CODES: Final[Mapping[VocabularyName, Mapping[str, str]]] = {
    noun: {word: row.code for row in rows for word in words_of(row)} for noun, rows in ROWS.items()
}


@lru_cache(maxsize=4096)
def published_code(noun: VocabularyName, word: str) -> str | None:
    """Return the code of the published row for a word; None if no published row has it."""
    return _CODES[noun].get(word_key(word))


@lru_cache(maxsize=4096)
def compared_code(noun: VocabularyName, stored: str | None) -> str | None:
    """Return the code by which a stored word is compared.

    Records keep what was stored before the vocabulary existed. Such a word stands for the row that
    has it, or for the own row that the migration made of it.
    """
    if stored is None:
        return None
    return published_code(noun, stored) or own_code(stored)


class OwnRow(NamedTuple):
    """A clinic's own row of a vocabulary."""

    id: UUID
    view: WordView
    active: bool
    """Whether records may have its code."""


_OWN = rows(Term, *(getattr(Term, name) for name in OWN_MEMBERS)).where(
    Term.vocabulary == bindparam("vocabulary")
)
_IN_ORDER: Final = _OWN.order_by(Term.id)


def own_row(members: Mapping[str, Any]) -> OwnRow:
    """Return the own row with these members of a term, as the vocabulary lists it."""
    view = VOCABULARIES[members["vocabulary"]].view
    whole = {**members, "own": True}
    if whole["attribution_days"] is None:
        whole["attribution_days"] = ATTRIBUTION_DAYS
    if whole["concern"] is None:
        whole["concern"] = CONCERN
    row = view.model_validate({name: whole[name] for name in view.model_fields})
    return OwnRow(members["id"], row, members["status"] == "active")


class Words:
    """The words that a clinic takes: those of the published rows, and of its own.

    Own rows are only read for a word that no published row has.
    """

    def __init__(self, op: Operation, *, inactive: bool = False) -> None:
        """`inactive` own rows count only where records are looked for."""
        self._op, self._inactive = op, inactive
        self._own: dict[VocabularyName, list[OwnRow]] = {}

    def code(self, noun: VocabularyName, word: str) -> str | None:
        """Return the code of the row that has a word; None if no row has it."""
        published = published_code(noun, word)
        if published is not None:
            return published
        found = self._find(noun, word)
        taken = found is not None and (found.active or self._inactive)
        return found.view.code if found is not None and taken else None

    def row(self, noun: VocabularyName, word: str) -> WordView | None:
        """Return the row that has a word; None if no row has it."""
        code = self.code(noun, word)
        return next((row for row in rows_of(noun, self._listed(noun)) if row.code == code), None)

    def owner(self, noun: VocabularyName, word: str) -> UUID | None:
        """Return the id of the own row that has a word, active or not; None if none has it."""
        found = self._find(noun, word)
        return None if found is None else found.id

    def unknown(self, vocabulary: Vocabulary, place: str, word: str) -> Fault:
        """Return the fault for a word that no active row has."""
        fault = unknown(vocabulary, place, word, self.active(vocabulary.noun))
        if self._find(vocabulary.noun, word) is None:
            return fault
        detail = f"This {vocabulary.words} is inactive. GET /v1/terms lists such rows."
        return fault._replace(detail=detail)

    def active(self, noun: VocabularyName) -> tuple[WordView, ...]:
        """Return the active own rows, the oldest first."""
        return tuple(row.view for row in self._rows(noun) if row.active)

    def _listed(self, noun: VocabularyName) -> tuple[WordView, ...]:
        return tuple(row.view for row in self._own.get(noun, ()))

    def add(self, noun: VocabularyName, row: OwnRow) -> None:
        """Take the words of a new row, which isn't stored yet."""
        self._rows(noun).append(row)

    def _find(self, noun: VocabularyName, word: str) -> OwnRow | None:
        wanted = word_key(word)
        return next((row for row in self._rows(noun) if wanted in words_of(row.view)), None)

    def _rows(self, noun: VocabularyName) -> list[OwnRow]:
        if noun not in self._own:
            found = self._op.all(_IN_ORDER, vocabulary=noun)
            self._own[noun] = [own_row(row._asdict()) for row in found]
        return self._own[noun]


def rows_of(noun: VocabularyName, own: tuple[WordView, ...] = ()) -> tuple[WordView, ...]:
    """Return the published rows of a vocabulary, and after them a clinic's own."""
    return ROWS[noun] + own


def search(
    noun: VocabularyName, q: str | None, own: tuple[WordView, ...] = ()
) -> Sequence[WordView]:
    """Return the rows that match `q`, best match first; without `q` all, in their order."""
    rows = rows_of(noun, own)
    return rows if q is None else [rows[position] for position in _index(noun, own).search(q)]


def unknown(vocabulary: Vocabulary, place: str, word: str, own: tuple[WordView, ...] = ()) -> Fault:
    """Return the fault for a word that no row has, with the codes of the nearest rows."""
    rows = rows_of(vocabulary.noun, own)
    nearest = (rows[position].code for position in _index(vocabulary.noun, own).nearest(word))
    detail = f"No {vocabulary.words} has this name. GET /v1/{vocabulary.path} lists them."
    return Fault(place, vocabulary.unknown, detail, tuple(nearest))


@lru_cache(maxsize=64)
def _index(noun: VocabularyName, own: tuple[WordView, ...]) -> Index:
    return Index((row.code, row.name, *row.synonyms) for row in rows_of(noun, own))
