"""All states: the rows of every kind that the ledger states.

A new kind of record is a state by itself. Anything else whose rows the ledger records is declared
here, with the view that its feature puts into the entries.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    SQLColumnExpression,
    Uuid,
    bindparam,
    func,
    select,
)

from app.auth.models import Client, Emergency
from app.clinics import queries as clinics
from app.clinics.models import Clinic
from app.clinics.service import BEFORE
from app.core.db.dialects import among
from app.core.operation import Operation, rows
from app.core.values.problems import MALFORMED, Unreadable
from app.core.values.vocabularies import words_of
from app.credentials.queries import CLIENTS, STATED
from app.credentials.service import CREDENTIALS, NOUN, credential
from app.credentials.views import ClientKind
from app.emergencies import queries as emergencies
from app.kinds import KINDS
from app.ledger.statements import Statement
from app.records.kinds import Kind
from app.retention import service as retention
from app.retention.models import LegalHold, RetentionPolicy

Values = Mapping[str, Any]
UNREADABLE: Final = (Unreadable, *MALFORMED)
"""What a row raises that somebody has put a wrong value into."""


def _body(statement: Statement) -> Values | None:
    return statement.body


@dataclass(frozen=True, slots=True)
class State:
    """The rows of one kind, and how they follow from the newest entry of each."""

    noun: str
    """The resource of their entries."""
    id: SQLColumnExpression[UUID]
    """The column with the id of the entries' resource."""
    select: Select[Any]
    stored: Callable[[Row[Any]], Values]
    """Return the members of a row as JSON values, as `expected` does. `id` is one of them."""
    expected: Callable[[Statement], Values | None] = _body
    """Return the members that the row must have, or None if there must be no row."""
    defaults: Values = field(default_factory=dict)
    """What a migration gave to the members that older entries don't know, if that isn't null."""

    def ids_after(self, op: Operation, after: UUID, wanted: int) -> list[UUID]:
        """Return the next ids of its rows, in order, at most `wanted`."""
        statement = self.select.with_only_columns(self.id).where(_is_after(self.id))
        ordered = statement.order_by(None).order_by(self.id).limit(bindparam("wanted"))
        return [id_ for (id_,) in op.all(ordered, after=after, wanted=wanted)]

    def between(self, op: Operation, after: UUID, upto: UUID) -> dict[UUID, Values | None]:
        """Return the members of the rows with an id after `after`, up to `upto`, by id.

        The members of a row that can't be read are None.
        """
        within = (_is_after(self.id), self.id <= bindparam("upto", type_=Uuid()))
        return self._found(op, self.select.where(*within), after=after, upto=upto)

    def among(self, op: Operation, ids: Collection[UUID]) -> dict[UUID, Values | None]:
        """Return the members of the rows with these ids, as `between` does."""
        return self._found(op, self.select.where(among(self.id, "ids")), ids=list(ids))

    def _found(self, op: Operation, chosen: Select[Any], **values: object) -> dict[UUID, Any]:
        try:
            found = [self.stored(row) for row in op.all(chosen, **values)]
            return {UUID(str(one["id"])): one for one in found}
        except UNREADABLE:
            ids = op.all(chosen.with_only_columns(self.id), **values)
            return {id_: self._one(op, id_) for (id_,) in ids}

    def _one(self, op: Operation, id_: UUID) -> Values | None:
        one = self.select.where(self.id == bindparam("one", type_=Uuid()))
        try:
            return self.stored(op.one(one, one=id_))
        except UNREADABLE:
            return None

    def count(self, op: Operation) -> int:
        """Return how many rows there are."""
        counted = select(func.count()).select_from(
            self.select.with_only_columns(self.id).order_by(None).subquery()
        )
        return int(op.all(counted)[0][0])


def _is_after(id_: SQLColumnExpression[UUID]) -> ColumnElement[bool]:
    return id_ > bindparam("after", type_=Uuid())


def _of_kind(kind: Kind[Any, Any]) -> State:
    return State(
        kind.noun,
        kind.table.id,
        kind.select,
        lambda row: _as_json(kind.view_of(row)),
        defaults=kind.before,
    )


def _as_json(view: Any) -> Values:
    values: Values = to_jsonable_python(view)
    return values


def _of_clients(kinds: Collection[str]) -> State:
    resource, stated = STATED[next(iter(kinds))]
    chosen = CLIENTS.where(Client.kind.in_(kinds))
    return State(resource, Client.id, chosen, lambda row: _as_json(stated(row)))


def _hold(statement: Statement) -> Values | None:
    """The entry of a hold says in its reason why, and when it was put on the record."""
    if statement.body is None or not statement.body["held"]:
        return None
    held = {"id": statement.resource_id, "reason": statement.reason, "since": statement.at}
    return _as_json(held)


STATES: Final[tuple[State, ...]] = (
    *map(_of_kind, KINDS),
    _of_clients(words_of(ClientKind)),
    _of_clients(("device",)),
    _of_clients(("identity",)),
    _of_clients(("account",)),
    State(NOUN, Client.id, CREDENTIALS, lambda row: _as_json(credential(row))),
    State(
        "emergencies", Emergency.id, rows(Emergency), lambda row: _as_json(emergencies.view(row))
    ),
    State(
        "clinics",
        Clinic.clinic_id,
        rows(Clinic),
        lambda row: _as_json(clinics.view(row)),
        defaults=BEFORE,
    ),
    State(
        "retention_policies",
        RetentionPolicy.clinic_id,
        rows(RetentionPolicy),
        lambda row: _as_json(retention.view(row)),
    ),
    State(
        "legal_holds",
        LegalHold.patient_id,
        rows(LegalHold, LegalHold.patient_id.label("id"), LegalHold.reason, LegalHold.since),
        lambda row: _as_json({"id": row.id, "reason": row.reason, "since": row.since}),
        _hold,
    ),
)
