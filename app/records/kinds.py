"""What the house must know of a kind of record to keep it."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeVar, cast
from uuid import UUID

from orjson import Fragment
from pydantic import TypeAdapter, with_config
from pydantic_core import from_json, to_jsonable_python
from sqlalchemy import JSON, ColumnElement, Row, Select, bindparam
from sqlalchemy.orm import InstrumentedAttribute

from app.core.db.dialects import among, json_text
from app.core.db.tables import OFFSET, ClinicOwned, Record, at_offset, minutes_east
from app.core.http.pages import Filters, Order
from app.core.operation import Operation, rows
from app.core.values.faults import Fault, pointer
from app.core.values.wire import B, Body
from app.records import stored
from app.records.models import Identifier
from app.records.views import RecordView

V = TypeVar("V", bound=RecordView)
"""The view of a kind: a record with Python's own dates, instants and ids."""


class Fact(NamedTuple):
    """What the rules may know of a record that is stored, or was accepted a moment ago."""

    patient_id: UUID | None = None
    at: datetime | None = None
    state: str | None = None
    detail: Any = None
    created_from: bytes | None = None


class Facts(dict[tuple[str, UUID], Fact]):
    """Facts by noun and id; `holders` says whose an identifier (noun, system, value) is."""

    holders: dict[tuple[str, str, str], UUID]


class Reference(NamedTuple):
    """A field of a body that names another record."""

    field: str
    noun: str

    def fault(self, body: Body, facts: Facts, patient_id: UUID | None) -> Fault | None:
        """What is wrong with it: it leads nowhere, or to a record of another patient."""
        given = getattr(body, self.field)
        if given is None:
            return None
        fact = facts.get((self.noun, given))
        if fact is None:
            return Fault(pointer(self.field), "unknown_reference", "No such record in this clinic.")
        if patient_id and fact.patient_id and fact.patient_id != patient_id:
            return Fault(pointer(self.field), "other_patient", "It belongs to another patient.")
        return None


class Child(NamedTuple):
    """Rows of another table that belong to a record, such as a session's needlings."""

    table: type[ClinicOwned]
    parent: str
    """The column that holds the record's id."""
    rows: Callable[[Any], Iterable[Mapping[str, object]]]
    """What they say, from the view of the record."""


class LeftOut(NamedTuple):
    """A place does not show a kind of record, or a field of one; the reason is a sentence."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearances:
    """Where the records of a kind appear beside their own routes.

    Each place makes its list of kinds from these declarations, and says itself how it shows each.
    The ledger, the change feed, restore and erasure take every kind.
    """

    rows: Literal[True] | LeftOut
    """As rows of an import, and of the export that an import takes."""
    table: Literal[True] | LeftOut
    """As a table of an export."""
    timeline: InstrumentedAttribute[datetime] | LeftOut
    """On the patient's timeline, at the instant in this column."""
    chart_summary: Literal[True] | LeftOut
    console: Literal[True] | LeftOut


class Kind(Generic[B, V]):
    """A kind of record. A feature makes one subclass and one instance; `app.kinds` lists it."""

    noun: ClassVar[str]
    """Plural: the resource in the ledger, and the first part of an operation's name."""
    singular: ClassVar[str]
    """The row type in an import."""
    table: ClassVar[type[Record]]
    body: type[B]
    finished: type[B] | None = None
    """The body of a record that was finished elsewhere and is brought in by an import."""
    view: type[V]
    filters: ClassVar[type[Filters]] = Filters
    references: ClassVar[tuple[Reference, ...]] = ()
    children: ClassVar[tuple[Child, ...]] = ()
    nested: ClassVar[Mapping[str, ColumnElement[Any]]] = {}
    """Members of the view that come from child rows."""
    conditions: ClassVar[Mapping[str, ColumnElement[bool]]] = {}
    """What each filter asks of a row, with the filter's value bound under its name."""
    facts: ClassVar[Mapping[str, ColumnElement[Any]]] = {}
    """Which columns other kinds' rules see: fields of a `Fact`."""
    identified_by: ClassVar[type[Identifier] | None] = None
    """Where its identifiers stand, if it has any."""
    appears: ClassVar[Appearances]

    def __init_subclass__(cls) -> None:
        """Let the API's document describe members by their docstrings."""
        super().__init_subclass__()
        for view in stored.views_in(cls.view):
            with_config(use_attribute_docstrings=True)(view)

    # What a feature may add.

    def check(self, body: B, facts: Facts) -> Iterator[Fault]:
        """Faults that need other records to be seen."""
        del body, facts
        yield from ()

    def derive(
        self, op: Operation, body: B, current: V | None, facts: Facts
    ) -> Mapping[str, object]:
        """Return the members that the server adds to what a client sent.

        `current` is the record before the change, None of a new one: what it has, and neither the
        body nor this gives, stays.
        """
        del op, body, current, facts
        return {}

    def refuse_change(self, current: V) -> None:
        """Raise the problem that stands against changing this record."""

    def created(self, op: Operation, views: Sequence[V]) -> None:
        """Do what follows from new records, in the same transaction."""

    def patient_of(self, view: V) -> UUID | None:
        """Whose record it is."""
        members: Mapping[str, Any] = view
        found: UUID | None = members.get("patient_id")
        return found

    # What follows from the declarations above.

    @cached_property
    def order(self) -> Order:
        """How its lists are sorted: by id, which is by age, unless the kind says otherwise."""
        return Order((self.table.id,))

    @cached_property
    def validated_against(self) -> tuple[str, ...]:
        """The members that other records are validated against: whose, when and whether."""
        checked = ("patient_id", "at", "state")
        return tuple(str(self.facts[name].key) for name in checked if name in self.facts)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The members of the view, in the order in which a reader sees them."""
        return tuple(self.view.__annotations__)

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the view."""
        return TypeAdapter(self.view).json_schema()

    @cached_property
    def readers(self) -> Mapping[str, stored.Reader]:
        """How to read the members of the view that JSON doesn't have as they are."""
        return stored.members(self.view)

    @cached_property
    def moments(self) -> tuple[str, ...]:
        """The members that keep their sender's UTC offset, in a column beside them."""
        columns = self.table.__table__.columns
        return tuple(column.key for column in columns if column.key + OFFSET in columns)

    @cached_property
    def select(self) -> Select[Any]:
        """Rows for `view_of` and `answer_of`. What is JSON comes as its text."""
        columns = self.table.__table__.columns
        members = [
            self.nested[name] if name in self.nested else columns[name] for name in self.names
        ]
        texts = [
            json_text(member).label(name) if name in self._json else member
            for name, member in zip(self.names, members, strict=True)
        ]
        return rows(self.table, *texts, *(columns[name + OFFSET] for name in self.moments))

    @cached_property
    def _json(self) -> tuple[str, ...]:
        columns = self.table.__table__.columns
        return tuple(
            name
            for name in self.names
            if name in self.nested or isinstance(columns[name].type, JSON)
        )

    @cached_property
    def select_one(self) -> Select[Any]:
        """One view, by `id`."""
        return self.select.where(self.table.id == bindparam("id"))

    @cached_property
    def select_among(self) -> Select[Any]:
        """The views of some `ids`."""
        return self.select.where(among(self.table.id, "ids"))

    @lru_cache(maxsize=256)  # noqa: B019 - kinds live as long as the process
    def select_list(self, present: frozenset[str], *, further: bool) -> Select[Any]:
        """A page of the views that meet the conditions named in `present`."""
        statement = self.select
        for name in sorted(present):
            statement = statement.where(self.conditions[name])
        return self.order.after(statement) if further else self.order.start(statement)

    def view_of(self, row: Row[Any]) -> V:
        """The view in a row of `select`, to work with."""
        members = self._members(row, from_json)
        for name in self._read_further:
            members[name] = self.readers[name](members[name])
        return cast("V", members)

    def answer_of(self, row: Row[Any]) -> V:
        """The view in a row of `select`, to answer with and not to look into.

        Its lists and objects are JSON text (`orjson.Fragment`), which goes out as it is stored.
        """
        return cast("V", self._members(row, Fragment))

    def from_json(self, body: Mapping[str, object]) -> V:
        """The view in JSON: in a version that the ledger has, or in an answer.

        An older version lacks the members that were added since.
        """
        read = {name: self.readers[name](body[name]) for name in self.readers.keys() & body.keys()}
        return cast("V", {**body, **read})

    def view_from(self, members: Mapping[str, object]) -> V:
        """A whole view in its order; a forgotten member is an error."""
        return cast("V", {name: members[name] for name in self.names})

    @cached_property
    def _read_further(self) -> tuple[str, ...]:
        return tuple(name for name in self._json if name in self.readers)

    def _members(self, row: Row[Any], read: Callable[[str], Any]) -> dict[str, Any]:
        members = dict(zip(self.names, row, strict=False))
        for name in self._json:
            if members[name] is not None:
                members[name] = read(members[name])
        for name, offset_min in zip(self.moments, row[len(self.names) :], strict=True):
            if offset_min is not None:
                members[name] = at_offset(members[name], offset_min)
        return members

    def row(self, op: Operation, view: V) -> dict[str, Any]:
        """The record's own row, but for `created_from`."""
        members: Mapping[str, Any] = view
        values: dict[str, Any] = {"clinic_id": op.clinic_id}
        for column in self._columns:
            values[column] = members[column]
        for name in self.moments:
            moment = members[name]
            values[name + OFFSET] = None if moment is None else minutes_east(moment)
            # PostgreSQL reads no offset of sixteen hours or more, and RFC 3339 has them.
            values[name] = None if moment is None else moment.astimezone(UTC)
        return values

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        own = set(self.table.__table__.columns.keys())
        return tuple(name for name in self.names if name in own)

    def content(self, view: V) -> dict[str, Any]:
        """The part of a view that its client sends, as JSON values."""
        members: Mapping[str, object] = view
        sent = {name: members[name] for name in self.body.model_fields if name in members}
        content: dict[str, Any] = to_jsonable_python(sent)
        return content


def digest(body: Body) -> bytes:
    """SHA-256 of a body's content: equal for the same content, however it was written.

    What equals its default counts as absent, so that a field which is added later, behind the
    others, leaves the digests of older records as they are.
    """
    content = body.model_dump_json(exclude={"id"}, exclude_defaults=True)
    return hashlib.sha256(content.encode()).digest()
