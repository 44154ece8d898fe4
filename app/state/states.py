"""All states: the rows of every kind that the ledger states.

A new kind of record is a state by itself. Anything else whose rows the ledger records is declared
here, with the columns that its entries have.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import ColumnElement, Row, Select, Uuid, bindparam, func, select

from app.auth.models import Client, Device, Emergency, Identity
from app.clinics.models import Clinic
from app.clinics.service import BEFORE
from app.core.operation import Operation, rows
from app.core.values.problems import Unreadable
from app.credentials.service import CREDENTIALS, NOUN, credential
from app.kinds import KINDS
from app.ledger.statements import Statement
from app.records.kinds import Kind
from app.records.stored import Reader, reader
from app.retention.models import LegalHold, RetentionPolicy

Values = Mapping[str, Any]
UNREADABLE: Final = (Unreadable, AttributeError, KeyError, TypeError, ValueError)
"""What a row raises that somebody has put a wrong value into."""


def _body(statement: Statement) -> Values | None:
    return statement.body


@dataclass(frozen=True, slots=True)
class State:
    """The rows of one kind, and how they follow from the newest entry of each."""

    noun: str
    """The resource of their entries."""
    id: ColumnElement[UUID]
    """The column with the id of the entries' resource."""
    select: Select[Any]
    stored: Callable[[Row[Any]], Values]
    """Return the members of a row, as `expected` does. `id` is one of them."""
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
        bounds = {"after": after, "upto": upto}
        try:
            found = [self.stored(row) for row in op.all(self.select.where(*within), **bounds)]
            return {UUID(str(values["id"])): values for values in found}
        except UNREADABLE:
            ids = self.select.with_only_columns(self.id).where(*within)
            return {id_: self._one(op, id_) for (id_,) in op.all(ids, **bounds)}

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


def _is_after(id_: ColumnElement[UUID]) -> ColumnElement[bool]:
    return id_ > bindparam("after", type_=Uuid())


def _of_kind(kind: Kind[Any, Any]) -> State:
    id_ = kind.table.__table__.c.id
    return State(kind.noun, id_, kind.select, lambda row: _as_json(kind.view_of(row)))


def _as_json(view: Any) -> Values:
    values: Values = to_jsonable_python(view)
    return values


def _of_columns(
    noun: str,
    statement: Select[Any],
    id_: ColumnElement[UUID],
    *more: ColumnElement[Any],
    defaults: Values | None = None,
) -> State:
    """Return the state of rows whose entries have `id` and the values of these columns."""
    columns = {"id": id_, **{str(column.key): column for column in more}}
    labelled = [column.label(name) for name, column in columns.items()]
    read = {name: reader(column.type.python_type) for name, column in columns.items()}
    return State(
        noun,
        id_,
        statement.with_only_columns(*labelled),
        lambda row: {name: getattr(row, name) for name in columns},
        lambda statement: statement.body and _read(statement.body, read),
        defaults or {},
    )


def _read(body: Values, readers: Mapping[str, Reader | None]) -> Values:
    """Return a body's members as the values of the columns."""
    read = dict(body)
    for name, convert in readers.items():
        if convert is not None and read.get(name) is not None:
            read[name] = convert(read[name])
    return read


_CLIENT: Final = Client.__table__.c
_KEPT: Final = (_CLIENT.name, _CLIENT.scopes, _CLIENT.created_at, _CLIENT.revoked_at)
_DEVICE: Final = Device.__table__.c
_EMERGENCY: Final = Emergency.__table__.c
_CLINIC: Final = Clinic.__table__.c
_POLICY: Final = RetentionPolicy.__table__.c
_HOLD: Final = LegalHold.__table__.c


def _of(table: type[Device | Identity]) -> Select[Any]:
    joined = rows(Client).join(table, table.client_id == Client.id)
    return joined.where(table.clinic_id == Client.clinic_id)


def _hold(statement: Statement) -> Values | None:
    """The entry of a hold says in its reason why, and when it was put on the record."""
    if statement.body is None or not statement.body["held"]:
        return None
    return {"id": statement.resource_id, "reason": statement.reason, "since": statement.at}


STATES: Final[tuple[State, ...]] = (
    *map(_of_kind, KINDS),
    _of_columns(
        "clients",
        rows(Client).where(Client.kind.in_(("api_key", "backend"))),
        _CLIENT.id,
        *_KEPT,
        *(_CLIENT.kind, _CLIENT.jwks, _CLIENT.jwks_url, _CLIENT.expires_at),
    ),
    _of_columns(
        "devices",
        _of(Device),
        _CLIENT.id,
        *_KEPT,
        *(_DEVICE.practitioner_id, _DEVICE.code_expires_at, _DEVICE.enrolled_at),
    ),
    _of_columns(
        "identities", _of(Identity), _CLIENT.id, *_KEPT, Identity.__table__.c.practitioner_id
    ),
    _of_columns("owners", rows(Client).where(Client.kind == "owner"), _CLIENT.id, *_KEPT),
    State(NOUN, _CLIENT.id, CREDENTIALS, lambda row: _as_json(credential(row))),
    _of_columns(
        "emergencies",
        rows(Emergency),
        _EMERGENCY.id,
        *(_EMERGENCY.client_id, _EMERGENCY.practitioner_id, _EMERGENCY.reason),
        *(_EMERGENCY.opened_at, _EMERGENCY.ends_at, _EMERGENCY.ended_at),
    ),
    _of_columns(
        "clinics",
        rows(Clinic),
        _CLINIC.clinic_id,
        *(_CLINIC.name, _CLINIC.created_at, _CLINIC.whose_sessions, _CLINIC.version),
        defaults=BEFORE,
    ),
    _of_columns(
        "retention_policies",
        rows(RetentionPolicy),
        _POLICY.clinic_id,
        *(_POLICY.years, _POLICY.majority_years),
    ),
    State(
        "legal_holds",
        _HOLD.patient_id,
        rows(LegalHold, _HOLD.patient_id.label("id"), _HOLD.reason, _HOLD.since),
        lambda row: {"id": row.id, "reason": row.reason, "since": row.since},
        _hold,
    ),
)
BY_NOUN: Final = {state.noun: state for state in STATES}
