"""Kinds of record: what `records` must know of a kind to store and answer its records."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from orjson import loads
from pydantic import TypeAdapter
from pydantic_core import from_json, to_jsonable_python
from sqlalchemy import JSON, ColumnElement, Row, Select, bindparam

from app.core.db.dialects import among, json_text
from app.core.db.nested import stored_as_json
from app.core.db.tables import OFFSET, ClinicOwned, Record, at_offset, minutes_east
from app.core.http.pages import Filters, Order
from app.core.operation import Operation, rows
from app.core.values.faults import Fault, pointer
from app.core.values.problems import MALFORMED, Unreadable
from app.core.values.wire import B, Body, merge_patch
from app.records import stored
from app.records.appearances import Appearances
from app.records.models import Identifier
from app.records.views import DuplicateView, RecordView
from app.vocabularies.queries import Words

V = TypeVar("V", bound=RecordView)
"""The view of a kind: a record with Python's dates, datetimes and UUIDs."""
Reaction = Callable[[Operation, Any, Any], None]
"""What a kind does about a write of another kind, in the same transaction.

It takes the operation, the other record before the change (None if it is new), and its view."""


class Fact(NamedTuple):
    """What rules may know of a record that is stored, or was accepted earlier in this operation."""

    patient_id: UUID | None = None
    at: datetime | None = None
    state: str | None = None
    detail: Any = None
    born: str | None = None
    """A patient's birth date, of which only the year or month may be known."""
    ends_on: date | None = None
    """The first day on which no other record may name it; None for no end."""
    created_from: bytes | None = None


class Facts(dict[tuple[str, UUID], Fact]):
    """Facts by noun and id. `holders` maps an identifier (noun, system, value) to its holder.

    `accepted` has the views of new records, by noun and id, whose ledger entries don't exist yet.
    `words` knows the clinic's vocabularies.
    """

    holders: dict[tuple[str, str, str], UUID]

    def __init__(self, op: Operation) -> None:
        super().__init__()
        self._op = op
        self.accepted: dict[tuple[str, UUID], Any] = {}
        self.words = Words(op)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the clinic counts days."""
        return self._op.zone

    def with_fact(self, noun: str, id: UUID, fact: Fact) -> "Facts":
        """Return these facts with another one of a record."""
        facts = Facts(self._op)
        facts.update(self)
        facts[noun, id] = fact
        facts.holders, facts.accepted, facts.words = self.holders, self.accepted, self.words
        return facts


class Reference(NamedTuple):
    """A field of a body that names another record."""

    field: str
    noun: str

    def fault(self, body: Body, facts: Facts, patient_id: UUID | None) -> Fault | None:
        """Return a fault if no such record exists, or if it is another patient's; else None."""
        id = getattr(body, self.field)
        if id is None:
            return None
        fact = facts.get((self.noun, id))
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
    """Return the rows' own columns from the record's view."""


class Kind(Generic[B, V]):
    """A kind of record. A feature makes one subclass and one instance; `app.kinds` lists it."""

    noun: ClassVar[str]
    """Plural: the resource in the ledger, and the first part of an operation's name."""
    singular: ClassVar[str]
    """The row type in an import."""
    table: ClassVar[type[Record]]
    body: type[B]
    finished: type[B] | None = None
    """The body in an import, for records that were finished in another system."""
    view: type[V]
    written: ClassVar[Any] = None
    """The view of the answer to a write, if it differs from `view`: see `answer_to_write`."""
    made: ClassVar[Any] = None
    """The view of the answer to `POST`, if it names possible duplicates: see `duplicates`."""
    filters: ClassVar[type[Filters]] = Filters
    references: ClassVar[tuple[Reference, ...]] = ()
    children: ClassVar[tuple[Child, ...]] = ()
    nested: ClassVar[Mapping[str, ColumnElement[Any]]] = {}
    """The members of the view that come from child rows."""
    conditions: ClassVar[Mapping[str, ColumnElement[bool]]] = {}
    """The SQL condition of each filter. The filter's value is bound under its name."""
    facts: ClassVar[Mapping[str, ColumnElement[Any]]] = {}
    """The columns that other kinds' rules may use, by field of `Fact`."""
    identified_by: ClassVar[type[Identifier] | None] = None
    """The table of its identifiers, if it has any."""
    appears: ClassVar[Appearances]
    before: ClassVar[Mapping[str, Any]] = {}
    """What a migration gave to the members that older entries don't know, if that isn't null."""
    reactions: ClassVar[Mapping[str, Reaction]] = {}
    """What it does about writes of other kinds, by their noun. Nobody reacts to an import."""

    # Hooks that a feature may override.

    def happened(self, body: B) -> Mapping[str, datetime | date | None]:
        """Return when something happened, as the body says, by member.

        It must not be ahead of the server's time, nor before the patient's birth.
        """
        del body
        return {}

    def check(self, body: B, facts: Facts, current: V | None) -> Iterator[Fault]:
        """Yield the faults that only the facts of other records show.

        `current` is the record before the change, or None for a new record.
        """
        del body, facts, current
        yield from ()

    def derive(
        self, op: Operation, body: B, current: V | None, facts: Facts
    ) -> Mapping[str, object]:
        """Return the members that the server adds to the body.

        `current` is the record before the change, or None for a new record. Members that neither
        the body nor this method gives keep their current value.
        """
        del op, body, current, facts
        return {}

    def refuse_change(self, current: V) -> None:
        """Raise a problem if this record must not be changed."""

    def accepted(self, facts: Facts, view: V) -> None:
        """Tell the facts of a new record, for later ones of the same operation."""

    def alarms(self, view: V) -> Sequence[str]:
        """Return the reasons why a person must look at a record with this view at once."""
        del view
        return ()

    def created(self, op: Operation, views: Sequence[V]) -> None:
        """React to new records, in the same transaction. Nobody reacts to an import."""

    def changed(self, op: Operation, current: V, view: V) -> None:
        """React to a change of a record from `current` to `view`, in the same transaction."""

    def answer_to_write(self, op: Operation, view: V) -> RecordView:
        """Return the answer to a create, replace or update, which has the type `written`."""
        del op
        return view

    def duplicates(self, op: Operation, view: V) -> list[DuplicateView]:
        """Return the stored records that a new one resembles, void ones apart."""
        del op, view
        return []

    def merged(self, op: Operation, current: V, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the content of a record after a merge patch, not validated yet."""
        del op
        merged: dict[str, Any] = merge_patch(self.content(current), changes)
        return merged

    def patient_of(self, view: V) -> UUID | None:
        """Return the id of the patient whose record it is, if it is a patient's."""
        members: Mapping[str, Any] = view
        patient_id: UUID | None = members.get("patient_id")
        return patient_id

    # Derived from the declarations above.

    @cached_property
    def order(self) -> Order:
        """The order of its lists: by id, which is by age, unless the kind overrides it."""
        return Order((self.table.id,))

    @cached_property
    def validated_against(self) -> tuple[str, ...]:
        """Fields that other records are checked against: patient, time, state and birth date.

        Changing one rechecks every record that refers to this one.
        """
        checked = ("patient_id", "at", "state", "born")
        return tuple(str(self.facts[name].key) for name in checked if name in self.facts)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The members of the view, in the order of the answer."""
        return tuple(self.view.__annotations__)

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the view."""
        return TypeAdapter(self.view).json_schema()

    @cached_property
    def readers(self) -> Mapping[str, stored.Reader]:
        """Functions that convert members from JSON, for types that JSON doesn't have."""
        return stored.members(self.view)

    @cached_property
    def moments(self) -> tuple[str, ...]:
        """The members whose UTC offset is kept in a second column."""
        columns = self.table.__table__.columns
        return tuple(column.key for column in columns if column.key + OFFSET in columns)

    @cached_property
    def select(self) -> Select[Any]:
        """Select rows for `view_of` and `answer_of`, with JSON columns as text."""
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
        """Select one record by `id`."""
        return self.select.where(self.table.id == bindparam("id"))

    @cached_property
    def select_among(self) -> Select[Any]:
        """Select records by `ids`."""
        return self.select.where(among(self.table.id, "ids"))

    @lru_cache(maxsize=256)  # noqa: B019 - kinds live as long as the process
    def select_list(self, present: frozenset[str], *, further: bool) -> Select[Any]:
        """Select a page of the records that meet the conditions named in `present`."""
        statement = self.select
        for name in sorted(present):
            statement = statement.where(self.conditions[name])
        return self.order.after(statement) if further else self.order.start(statement)

    def view_of(self, row: Row[Any]) -> V:
        """Return the view in a row of `select`, with all of its members decoded."""
        members = self._members(row, from_json)
        try:
            for name in self._read_further:
                members[name] = self.readers[name](members[name])
        except MALFORMED as error:
            raise Unreadable from error
        return cast("V", members)

    def answer_of(self, row: Row[Any]) -> V:
        """Return the view in a row of `select`, for an answer only.

        Dates and ids inside its lists and objects stay text. They are written as in every other
        answer: PostgreSQL stores members in another order, and SQLite whole numbers as 7.0.
        """
        members = self._members(row, loads)
        try:
            return cast("V", stored.written(members, self._row_writers))
        except MALFORMED as error:
            raise Unreadable from error

    def from_json(self, body: Mapping[str, object]) -> V:
        """Return the view of JSON from the ledger or from an answer.

        An older version lacks the members that were added later.
        """
        read = {name: self.readers[name](body[name]) for name in self.readers.keys() & body.keys()}
        return cast("V", {**body, **read})

    def view_from(self, members: Mapping[str, object]) -> V:
        """Return a view with its members in order. A missing member is a `KeyError`."""
        return self.in_one_form({name: members[name] for name in self.names})

    def answer_from(self, body: Mapping[str, Any]) -> V:
        """Return JSON from the ledger as an answer has it. An older version lacks newer members."""
        return self.in_one_form({name: body[name] for name in self.names if name in body})

    def in_one_form(self, members: dict[str, Any]) -> V:
        """Return a view as every answer has it, whatever it was read from: see `stored.writer`."""
        return cast("V", stored.written(members, self._writers))

    @cached_property
    def _writers(self) -> Mapping[str, stored.Reader]:
        return stored.writers(self.view)

    @cached_property
    def _row_writers(self) -> Mapping[str, stored.Reader]:
        built = {name: stored_as_json(part) for name, part in self.nested.items()}
        return stored.row_writers(self.view, built)

    @cached_property
    def _read_further(self) -> tuple[str, ...]:
        return tuple(name for name in self._json if name in self.readers)

    def _members(self, row: Row[Any], read: Callable[[str], Any]) -> dict[str, Any]:
        members = dict(zip(self.names, row, strict=False))
        if bytes in map(type, row):  # SQLite stores bytes in any column
            raise Unreadable
        try:
            for name in self._json:
                if members[name] is not None:
                    members[name] = read(members[name])
            for name, offset_min in zip(self.moments, row[len(self.names) :], strict=True):
                if offset_min is not None:
                    members[name] = at_offset(members[name], offset_min)
        except MALFORMED as error:
            raise Unreadable from error
        return members

    def row(self, op: Operation, view: V) -> dict[str, Any]:
        """Return the record's row, by column name, without `created_from`."""
        members: Mapping[str, Any] = view
        values: dict[str, Any] = {"clinic_id": op.clinic_id}
        for column in self._columns:
            values[column] = members[column]
        for name in self.moments:
            moment = members[name]
            values[name + OFFSET] = None if moment is None else minutes_east(moment)
            # PostgreSQL refuses offsets of sixteen hours or more, which RFC 3339 allows.
            values[name] = None if moment is None else moment.astimezone(UTC)
        return values

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        own = set(self.table.__table__.columns.keys())
        return tuple(name for name in self.names if name in own)

    def fact_of(self, view: V, created_from: bytes | None = None) -> Fact:
        """Return what rules may know of a record with this view."""
        members: Mapping[str, Any] = view
        known = {name: members[str(column.key)] for name, column in self.facts.items()}
        return Fact(**known, created_from=created_from)

    def content(self, view: V) -> dict[str, Any]:
        """Return the members of a view that a client sends, as JSON values."""
        members: Mapping[str, object] = view
        content: dict[str, Any] = to_jsonable_python(
            {name: members[name] for name in self.body.model_fields if name in members}
        )
        return content
