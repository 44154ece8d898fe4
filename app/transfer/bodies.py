"""Turns a row into the body of a record, by its `type`."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any, Final, Literal, NamedTuple
from uuid import UUID

from jiter import from_json
from pydantic import Field, create_model
from pydantic_core import to_json

from app.core.values.clock import uuid7_at
from app.core.values.faults import Fault
from app.core.values.problems import Invalid, Problem
from app.core.values.wire import Body, decode, texts_in, validated
from app.kinds import AS_ROWS
from app.records.kinds import Kind
from app.records.repeats import digest
from app.records.wording import PUBLISHED, coded
from app.transfer.formulas import unguarded


@dataclass(frozen=True)
class Reader:
    """How to read the rows of one type."""

    kind: Kind[Any, Any]
    body: type[Body]

    @cached_property
    def texts(self) -> frozenset[str]:
        """The members that are text. In CSV, the fields of all others are JSON."""
        return frozenset(_members(self._schema, "string"))

    @cached_property
    def booleans(self) -> frozenset[str]:
        """The members that are booleans."""
        return frozenset(_members(self._schema, "boolean"))

    @cached_property
    def _schema(self) -> dict[str, Any]:
        return self.body.model_json_schema()


def _reader(kind: Kind[Any, Any]) -> Reader:
    body: type[Body] = kind.finished or kind.body
    # `type` belongs to the row, not to the record, so it is read but excluded from the content.
    type_: Any = (Annotated[Literal[kind.singular], Field(exclude=True)], ...)
    return Reader(kind, create_model(f"{body.__name__}Row", __base__=body, type=type_))


def _members(model: dict[str, Any], of: str) -> Iterator[str]:
    """Yield the members of a model whose values are of this JSON type."""
    definitions = model.get("$defs", {})
    for name, schema in model["properties"].items():
        choices = [schema, *schema.get("anyOf", ())]
        named = [definitions[c["$ref"].rpartition("/")[2]] for c in choices if "$ref" in c]
        if any(choice.get("type") == of for choice in [*choices, *named]):
            yield name


TRUTHS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("true", "yes", "1", "1.0"), True),
    **dict.fromkeys(("false", "no", "0", "0.0"), False),
}
"""Booleans in lower case, as spreadsheets and statistics programs write them."""
READERS: Final = {kind.singular: _reader(kind) for kind in AS_ROWS}
MEMBERS: Final = frozenset(name for reader in READERS.values() for name in reader.body.model_fields)
"""The members of rows of every type, with `type`."""
UNKNOWN_TYPE = Fault("/type", "unknown_type", f"`type` must be one of: {', '.join(READERS)}.")
NO_OBJECT = Fault("", "no_object", "A row must be one JSON object.")


class Item(NamedTuple):
    """A row, as far as it could be read."""

    kind: Kind[Any, Any]
    row: Mapping[str, Any]
    """The members as they were sent, without `type`."""
    ids: tuple[UUID, ...]
    """The ids that its record may have. A new record gets the first."""
    body: Body | None
    """The body without an id; None if the row breaks a rule."""
    problem: Problem | None = None


def read_row(raw: bytes, clinic_id: UUID) -> Item:
    """Read a row. Raises `Invalid` with every fault, if the row can't be a stored record either."""
    row = decode(raw)
    if not isinstance(row, dict):
        raise Invalid([NO_OBJECT])
    type_ = row.get("type")
    if not isinstance(type_, str) or type_ not in READERS:
        raise Invalid([UNKNOWN_TYPE])
    kind, model = READERS[type_].kind, READERS[type_].body
    members = {name: value for name, value in row.items() if name != "type"}
    try:
        body: Any = validated(model, raw)
    except Invalid as problem:
        ids = _ids_of_refused(clinic_id, kind, model, row)
        if not ids:
            raise
        return Item(kind, members, ids, None, problem)
    if body.id is not None:
        return Item(kind, members, (body.id,), body)
    as_before = validated(model, raw, texts_in(row))
    ids = (
        _id_of(clinic_id, kind, _in_one_form(body)),
        *_ids_before(clinic_id, kind, body, as_before),
    )
    return Item(kind, members, tuple(dict.fromkeys(ids)), body)


def _ids_of_refused(
    clinic_id: UUID, kind: Kind[Any, Any], model: type[Body], row: Mapping[str, Any]
) -> tuple[UUID, ...]:
    """The ids of a row that breaks a rule. The rule may be younger than its record."""
    if row.get("id") is not None:
        try:
            return (UUID(row["id"]),)
        except (AttributeError, TypeError, ValueError):
            return ()
    try:
        return tuple(_ids_before(clinic_id, kind, validated(model, to_json(row), texts_in(row))))
    except Invalid:
        return ()


def _ids_before(clinic_id: UUID, kind: Kind[Any, Any], *bodies: Body) -> Iterator[UUID]:
    """The ids of earlier versions: an instant had its offset, and a text or word was as sent.

    They are still needed, so that a file from before the upgrade creates nothing twice.
    """
    return (_id_of(clinic_id, kind, body) for body in bodies)


def _id_of(clinic_id: UUID, kind: Kind[Any, Any], body: Body) -> UUID:
    """The id of a row without one. The same content in the same clinic always gets the same id.

    It is a UUID version 7 with a hash of the content in place of the random bits. Its time is the
    time of the event that the row records, or 1970 where it records none.
    """
    moment = getattr(body, kind.moments[0], None) if kind.moments else None
    content = hashlib.sha256(clinic_id.bytes + kind.noun.encode() + digest(body)).digest()
    return uuid7_at(max(0, int(moment.timestamp() * 1000)) if moment else 0, content[:10])


def _in_one_form(body: Body) -> Body:
    """A body with instants in UTC and codes for words, so that an id doesn't depend on either."""
    instants = {name: value for name, value in body if isinstance(value, datetime)}
    in_utc = {name: value.astimezone(UTC) for name, value in instants.items()}
    return coded(PUBLISHED, body.model_copy(update=in_utc))


def value_of(type_: str, member: str, field: str) -> Any:
    """The value of a CSV field: text for a text member, otherwise JSON if the field is JSON.

    A boolean may be written as in `TRUTHS`, in any case.
    """
    reader = READERS.get(type_)
    if member == "type" or reader is None:
        return field
    if member in reader.texts:
        return unguarded(field)
    if member in reader.booleans:
        return TRUTHS.get(field.strip().lower(), field)
    try:
        return from_json(field.encode(), allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError:
        return field
