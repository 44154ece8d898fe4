"""Reads what a bundle contains, some records at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam

from app.core.operation import Operation, rows
from app.kinds import KINDS
from app.languages.rules.choice import Language
from app.ledger import about
from app.ledger.schemas import ChangeView, DisclosureView
from app.notes.queries import note_of
from app.notes.rules.forms import FORMS
from app.patients.service import PATIENTS
from app.records.kinds import Kind
from app.records.queries import mark
from app.sessions.service import SESSIONS

AT_ONCE: Final = 50
"""Records in memory at once. One has at most a megabyte."""
Ids = Mapping[str, Sequence[UUID]]
"""The ids of records, by the noun of their kind, each in order of age."""


class Moved(NamedTuple):
    """A change that is left out: its record is another patient's, or none that a bundle has."""

    resource: str


class Source(NamedTuple):
    """How a patient's records of a kind are found, with the ids of records that they name."""

    statement: Select[Any]
    named: tuple[str, ...]
    """The nouns of the named records, in the order of the columns behind `id`."""


_PATIENT: Final[BindParameter[UUID]] = bindparam("patient_id")
_OWNERS: Final = {
    kind: own.id if kind is PATIENTS else own.patient_id
    for kind in KINDS
    if "patient_id" in (own := kind.table.__table__.c) or kind is PATIENTS
}
"""The column with the patient's id, by kind. Records of other kinds are no patient's."""
_NOUNS: Final = {kind.noun for kind in _OWNERS}


def _source(kind: Kind[Any, Any], owner: ColumnElement[Any]) -> Source:
    columns = kind.table.__table__.c
    named = [
        reference
        for reference in kind.references
        if reference.noun not in _NOUNS and reference.field in columns
    ]
    shown = [columns.id, *(columns[reference.field] for reference in named)]
    statement = rows(kind.table, *shown).where(owner == _PATIENT)
    return Source(statement, tuple(reference.noun for reference in named))


_SOURCES: Final = {kind.noun: _source(kind, owner) for kind, owner in _OWNERS.items()}
_NAMED: Final = {noun for source in _SOURCES.values() for noun in source.named}
_WHOLE: Final = [kind for kind in KINDS if kind.noun not in _NOUNS | _NAMED]
"""Kinds without a patient whose records explain words and figures. A clinic has few of them."""


def ids(op: Operation, patient_id: UUID) -> Ids:
    """Return the ids of everything that a bundle of this patient has, in the order of the kinds."""
    found: dict[str, set[UUID]] = {kind.noun: set() for kind in KINDS}
    for noun, source in _SOURCES.items():
        for id_, *named in op.all(source.statement, patient_id=patient_id):
            found[noun].add(id_)
            for other, name in zip(source.named, named, strict=True):
                found[other].update(() if name is None else (name,))
    for kind in _WHOLE:
        found[kind.noun] = {id_ for (id_,) in op.all(rows(kind.table, kind.table.id))}
    return {noun: sorted(some) for noun, some in found.items()}


def records(op: Operation, kind: Kind[Any, Any], ids: Sequence[UUID]) -> Iterator[Any]:
    """Yield records as every answer has them, in order of age, and mark those that differ."""
    for some in _parts(ids):
        views = [kind.answer_of(row) for row in op.all(kind.select_among, ids=some)]
        mark(op, kind, views)
        yield from sorted(views, key=lambda view: view["id"].bytes)


def _parts(ids: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    return (ids[first : first + AT_ONCE] for first in range(0, len(ids), AT_ONCE))


def changes(op: Operation, patient_id: UUID, ids: Ids) -> Iterator[ChangeView | Moved]:
    """Yield every version of the patient's records, oldest first, as far as it named the patient.

    A record that was entered for a wrong patient and moved is another person's. So its versions
    from before stay out, and so do changes of what is no record, such as a legal hold.
    """
    own = {(noun, id_) for noun in _NOUNS for id_ in ids[noun]}
    for change in about.changes(op, patient_id):
        if (change["resource"], change["resource_id"]) in own:
            yield change
        else:
            yield Moved(change["resource"])


def looks(op: Operation, patient_id: UUID) -> Iterator[DisclosureView]:
    """Yield every read of the patient's data, oldest first."""
    return about.disclosures(op, patient_id)


def note(op: Operation, session_id: UUID, language: Language) -> str:
    """Return the note of a session as plain text."""
    [session] = [SESSIONS.answer_of(row) for row in op.all(SESSIONS.select_one, id=session_id)]
    return FORMS["plain"](note_of(op, session, language))
