"""From a row to the body of a record: what each `type` means."""

import hashlib
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, NamedTuple
from uuid import UUID

from pydantic import Field, create_model
from pydantic_core import from_json

from app.core.values.clock import uuid7_at
from app.core.values.faults import Fault
from app.core.values.problems import Invalid
from app.core.values.wire import Body, decode, validated
from app.kinds import AS_ROWS
from app.records.kinds import Kind, digest


class Reader(NamedTuple):
    """How the rows of one type are read."""

    kind: Kind[Any, Any]
    body: type[Body]
    texts: frozenset[str]
    """The members that are text; a CSV field of any other is JSON."""


def _reader(kind: Kind[Any, Any]) -> Reader:
    body: type[Body] = kind.finished or kind.body
    # `type` is of the row, not of the record: it is read, and left out of the content.
    type_: Any = (Annotated[Literal[kind.singular], Field(exclude=True)], ...)
    row = create_model(f"{body.__name__}Row", __base__=body, type=type_)
    schema = row.model_json_schema()
    return Reader(kind, row, frozenset(_texts(schema["properties"], schema.get("$defs", {}))))


def _texts(members: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
    for name, schema in members.items():
        choices = [schema, *schema.get("anyOf", ())]
        named = [definitions[c["$ref"].rpartition("/")[2]] for c in choices if "$ref" in c]
        if any(choice.get("type") == "string" for choice in [*choices, *named]):
            yield name


READERS: Final = {kind.singular: _reader(kind) for kind in AS_ROWS}
UNKNOWN_TYPE = Fault("/type", "unknown_type", f"A row is one of: {', '.join(READERS)}.")
NO_OBJECT = Fault("", "no_object", "A row is one JSON object.")


def read_row(raw: bytes, clinic_id: UUID) -> tuple[Kind[Any, Any], Body]:
    """The kind and the body of a row, with an id; `Invalid` names every fault."""
    row = decode(raw)
    if not isinstance(row, dict):
        raise Invalid([NO_OBJECT])
    named = row.get("type")
    if not isinstance(named, str) or named not in READERS:
        raise Invalid([UNKNOWN_TYPE])
    kind, model, _ = READERS[named]
    body: Any = validated(model, raw)
    if body.id is None:
        body = body.model_copy(update={"id": id_of(clinic_id, kind, body)})
    return kind, body


def id_of(clinic_id: UUID, kind: Kind[Any, Any], body: Body) -> UUID:
    """The id of a row that brings none: the same row in the same clinic gets the same.

    In place of the random bits of a UUID version 7 stands what the row says; its time is that
    of what it records, or 1970 where it records no instant.
    """
    moment = getattr(body, kind.moments[0], None) if kind.moments else None
    content = hashlib.sha256(clinic_id.bytes + kind.noun.encode() + digest(body)).digest()
    return uuid7_at(max(0, int(moment.timestamp() * 1000)) if moment else 0, content[:10])


def value_of(type_: str, member: str, field: str) -> Any:
    """What a CSV field stands for: text where the member is text, else JSON if it is JSON."""
    reader = READERS.get(type_)
    if member == "type" or reader is None or member in reader.texts:
        return field
    try:
        return from_json(field, allow_inf_nan=False)
    except ValueError:
        return field
