"""A column of an export: its source, its type, and its treatment for research."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, TypeAdapter
from sqlalchemy import JSON, Boolean, ColumnElement, Date, Float, Integer, SmallInteger, Uuid
from typing_extensions import is_typeddict

from app.core.db.dialects import id_text, json_text
from app.core.db.tables import OFFSET, Instant, Table
from app.core.http import descriptions
from app.records.appearances import LeftOut


class Type(StrEnum):
    """The type of a column's cells, in every format. Only required columns have no nulls."""

    ID = auto()
    TEXT = auto()
    INTEGER = auto()
    NUMBER = auto()
    BOOLEAN = auto()
    DATE = auto()
    INSTANT = auto()
    """A time in UTC."""
    TEXTS = auto()
    """A list of texts."""
    NUMBERS = auto()
    """A list of numbers."""
    JSON = auto()
    """A list of objects."""


NESTED: Final = frozenset({Type.TEXTS, Type.NUMBERS, Type.JSON})
"""Types of cells that come from the database as JSON text."""


class Becomes(Enum):
    """What a column becomes in a research export."""

    SAME = auto()
    """It stays: it can't identify a patient."""
    GONE = auto()
    """It is left out: names, free text, and times set by the server. Such a time may be known
    outside, and would then reveal the shift of all other times."""
    PSEUDONYM = auto()
    """An id becomes a pseudonym, which only the owner of the key can compute from it."""
    SHIFTED = auto()
    """A time is shifted by a secret duration, the same for all times of one patient."""
    COMMON = auto()
    """A word stays if enough patients share it."""
    BIRTH = auto()
    """A birth date becomes a band of five years."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a dataset."""

    name: str
    type: Type
    becomes: Becomes
    required: bool = False
    about: str = ""
    limits: Mapping[str, Any] = field(default_factory=dict)
    """The constraints of its cells, as Frictionless Table Schema names them."""
    source: Any = None
    """The SQL expression of its cells; None where they are computed."""
    members: tuple[str, ...] = ()
    """For a list of objects: the members that research keeps, joined into one word."""


class Own(NamedTuple):
    """A column with a declaration of its own, because the schemas don't say enough."""

    source: Any
    becomes: Becomes
    about: str
    type: Type | None = None
    members: tuple[str, ...] = ()
    name: str | None = None
    """The column's name, where it differs from the member's."""


class Spread(NamedTuple):
    """A member that is an object: it becomes a column for each of its members."""

    model: type[BaseModel]
    members: Mapping[str, "Becomes | Own | LeftOut"]


class Apart(NamedTuple):
    """A member that is a list of rows: it becomes a table of its own."""

    table: str


Decision = Becomes | Own | Spread | Apart | LeftOut
Decided = Mapping[str, Decision]
"""What each member of a record becomes, in the order of the columns."""


SAME, GONE, PSEUDONYM = Becomes.SAME, Becomes.GONE, Becomes.PSEUDONYM
SHIFTED, COMMON, BIRTH = Becomes.SHIFTED, Becomes.COMMON, Becomes.BIRTH

STAMPS: Final[Mapping[str, Becomes]] = {"version": GONE, "created_at": GONE, "updated_at": GONE}
"""The members at the end of every record."""
_ABOUT: Final = {
    "id": "The record's id.",
    "patient_id": "The patient's id.",
    "episode_id": "The id of the episode that it belongs to.",
    "session_id": "The id of the session that it belongs to.",
    "practitioner_id": "The id of the practitioner who treated.",
    "version": "The number of its version. Earlier versions are in the change feed.",
    "created_at": "The time at which this server stored it first.",
    "updated_at": "The time at which this server last changed it.",
}
_SQL: Final[tuple[tuple[type[Any], Type], ...]] = (
    (Uuid, Type.ID),
    (Boolean, Type.BOOLEAN),
    (SmallInteger, Type.INTEGER),
    (Integer, Type.INTEGER),
    (Float, Type.NUMBER),
    (Date, Type.DATE),
    (Instant, Type.INSTANT),
)
_LIMITS: Final = {"minimum": "minimum", "maximum": "maximum", "enum": "enum"}


def columns(table: type[Table], models: tuple[Any, ...], decided: Decided) -> tuple[Column, ...]:
    """The exported columns of a table, from the decision about each member.

    Types come from the table. Limits and descriptions come from the first model that has them. A
    time is followed by a column with its UTC offset.
    """
    return tuple(_columns(table, [_members(model) for model in models], decided))


def check_decided(what: str, model: Any, decided: Mapping[str, object]) -> None:
    """Raise `ValueError` for a member without a decision, or a decision without a member."""
    members = _members(model)
    for name in members.keys() - decided.keys():
        raise ValueError(f"Decide which column {what}.{name} is in an export, or leave it out.")
    for name in decided.keys() - members.keys():
        raise ValueError(f"An export decides about {what}.{name}, which does not exist.")
    for name, how in decided.items():
        if isinstance(how, Spread):
            check_decided(f"{what}.{name}", how.model, how.members)


def _columns(
    table: type[Table], models: list[Mapping[str, Any]], decided: Decided
) -> Iterator[Column]:
    own = table.__table__.c
    for name, how in decided.items():
        if isinstance(how, Spread):
            yield from _columns(table, [], how.members)
        if not isinstance(how, Becomes | Own):
            continue
        source = how.source if isinstance(how, Own) else own[name]
        described = [model[name] for model in models if name in model]
        yield _column(name, how, source, described)
        if name + OFFSET in own:
            about = f"The UTC offset of `{name}` as it was sent, in minutes east of UTC."
            offset = own[name + OFFSET]
            yield Column(name + OFFSET, Type.INTEGER, GONE, not offset.nullable, about, {}, offset)


def _column(
    name: str, how: Becomes | Own, source: ColumnElement[Any], described: list[Mapping[str, Any]]
) -> Column:
    is_nested = isinstance(source.type, JSON)
    alone = [_not_null(each) for each in described]
    kind = how.type if isinstance(how, Own) and how.type else None
    if kind is None:
        kind = _type_of_list(alone) if is_nested else _type(source)
    limits = {
        ours: one[theirs] for one in alone for theirs, ours in _LIMITS.items() if theirs in one
    }
    abouts = [each["description"] for each in described if "description" in each]
    about = how.about if isinstance(how, Own) else next(iter(abouts), _ABOUT.get(name, ""))
    as_text = {Type.ID: id_text}.get(kind, json_text if is_nested else None)
    if isinstance(how, Own) and how.name is not None:
        name = how.name
    return Column(
        name,
        kind,
        how.becomes if isinstance(how, Own) else how,
        required=getattr(source, "nullable", None) is False,
        about=about,
        limits=limits,
        source=as_text(source).label(name) if as_text else source.label(name),
        members=how.members if isinstance(how, Own) else (),
    )


def _type(source: ColumnElement[Any]) -> Type:
    return next((ours for sql, ours in _SQL if isinstance(source.type, sql)), Type.TEXT)


def _type_of_list(described: list[Mapping[str, Any]]) -> Type:
    items = _not_null(next((each["items"] for each in described if "items" in each), {}))
    return {"string": Type.TEXTS, "number": Type.NUMBERS}.get(items.get("type", ""), Type.JSON)


def _members(model: Any) -> Mapping[str, Any]:
    """The JSON Schemas of the members of a body or a view, with the words of vocabularies.

    A view's members are described by the docstrings under them.
    """
    schema = TypeAdapter(model).json_schema()
    described = descriptions.of_members(model) if is_typeddict(model) else {}
    for name, text in described.items():
        schema["properties"][name].setdefault("description", text)
    defined = {f"#/$defs/{name}": one for name, one in schema.get("$defs", {}).items()}
    vocabularies = {place: one for place, one in defined.items() if "enum" in one}
    members: Mapping[str, Any] = _spelled_out(schema["properties"], vocabularies)
    return members


def _spelled_out(schema: Any, vocabularies: Mapping[str, Any]) -> Any:
    """The schema with vocabularies in the place of references to them."""
    if isinstance(schema, list):
        return [_spelled_out(one, vocabularies) for one in schema]
    if not isinstance(schema, dict):
        return schema
    referred = vocabularies.get(schema.get("$ref", ""), {})
    rest = {
        k: _spelled_out(v, vocabularies) for k, v in schema.items() if k != "$ref" or not referred
    }
    return {**referred, **rest}


def _not_null(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of a member's values other than null."""
    choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return choices[0] if choices else schema
