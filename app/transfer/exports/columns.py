"""What a column of an export is: where it comes from, its type, and what becomes of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, TypeAdapter
from sqlalchemy import JSON, Boolean, ColumnElement, Date, Float, Integer, SmallInteger, Uuid

from app.core.db.dialects import id_text, json_text
from app.core.db.tables import OFFSET, Instant, Table
from app.records.kinds import LeftOut


class Type(StrEnum):
    """What a cell holds, in every format; any cell of a column that isn't required may be null."""

    ID = auto()
    TEXT = auto()
    INTEGER = auto()
    NUMBER = auto()
    BOOLEAN = auto()
    DATE = auto()
    INSTANT = auto()
    """A moment, in UTC."""
    TEXTS = auto()
    """A list of texts."""
    NUMBERS = auto()
    """A list of numbers."""
    JSON = auto()
    """A list of objects."""


NESTED: Final = frozenset({Type.TEXTS, Type.NUMBERS, Type.JSON})
"""Cells that come from the database as JSON text."""


class Becomes(Enum):
    """What a column becomes where nobody is to know who somebody is."""

    SAME = auto()
    """It says nothing that tells one patient from another."""
    GONE = auto()
    """It isn't there: names, words that somebody wrote, and stamps of the server. Such a stamp is
    the same for many, and known outside: it would give the shift of all dates away."""
    PSEUDONYM = auto()
    """An id becomes another one, which only whoever has the key can make from it."""
    SHIFTED = auto()
    """A time is moved by what is secret, and the same for all times of one patient."""
    COMMON = auto()
    """A word stays if several patients share it."""
    BIRTH = auto()
    """A birth date becomes five years in which it lies."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a dataset."""

    name: str
    type: Type
    becomes: Becomes
    required: bool = False
    about: str = ""
    limits: Mapping[str, Any] = field(default_factory=dict)
    """What its cells are held to, in the words of Frictionless Table Schema."""
    source: Any = None
    """The SQL that gives it; None where it is computed."""
    members: tuple[str, ...] = ()
    """Of a list of objects: the members that are left of them, as one word, for research."""


class Own(NamedTuple):
    """A column of which the schemas don't say enough."""

    source: Any
    becomes: Becomes
    about: str
    type: Type | None = None
    members: tuple[str, ...] = ()
    name: str | None = None
    """The column's name, where it is not the member's."""


class Spread(NamedTuple):
    """A member that is one object: a column for each member of that object."""

    model: type[BaseModel]
    members: Mapping[str, "Becomes | Own | LeftOut"]


class Apart(NamedTuple):
    """A member that is a list of rows: they are a table of their own."""

    table: str


Decision = Becomes | Own | Spread | Apart | LeftOut
Decided = Mapping[str, Decision]
"""What becomes of each member of a record, in the order of the columns."""


SAME, GONE, PSEUDONYM = Becomes.SAME, Becomes.GONE, Becomes.PSEUDONYM
SHIFTED, COMMON, BIRTH = Becomes.SHIFTED, Becomes.COMMON, Becomes.BIRTH

STAMPS: Final[Mapping[str, Becomes]] = {"version": GONE, "created_at": GONE, "updated_at": GONE}
"""What every record ends with."""
_ABOUT: Final = {
    "id": "The record's id.",
    "patient_id": "Whose it is.",
    "episode_id": "The episode that it belongs to.",
    "session_id": "The session that it belongs to.",
    "practitioner_id": "Who treated.",
    "version": "How often it was written; its earlier versions are in the change feed.",
    "created_at": "When this server got to know it.",
    "updated_at": "When it was last changed here.",
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
    """The columns of a table that are exported, by what becomes of them for research.

    Types come from the table; limits and descriptions from the first of the models that has them.
    An instant is followed by the offset that its sender wrote it with.
    """
    return tuple(_columns(table, [_members(model) for model in models], decided))


def check_decided(what: str, model: Any, decided: Mapping[str, object]) -> None:
    """`ValueError` names a member of the model that nothing is decided of, or the reverse."""
    members = _members(model)
    for name in members.keys() - decided.keys():
        raise ValueError(f"Say which column {what}.{name} is in an export, or why it is left out.")
    for name in decided.keys() - members.keys():
        raise ValueError(f"An export decides about {what}.{name}, which there is not.")
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
            about = f"Minutes east of UTC in `{name}`, as its sender wrote it."
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
    told = [each["description"] for each in described if "description" in each]
    about = how.about if isinstance(how, Own) else next(iter(told), _ABOUT.get(name, ""))
    shown = {Type.ID: id_text}.get(kind, json_text if is_nested else None)
    if isinstance(how, Own) and how.name is not None:
        name = how.name
    return Column(
        name,
        kind,
        how.becomes if isinstance(how, Own) else how,
        required=getattr(source, "nullable", None) is False,
        about=about,
        limits=limits,
        source=shown(source).label(name) if shown else source.label(name),
        members=how.members if isinstance(how, Own) else (),
    )


def _type(source: ColumnElement[Any]) -> Type:
    return next((ours for sql, ours in _SQL if isinstance(source.type, sql)), Type.TEXT)


def _type_of_list(described: list[Mapping[str, Any]]) -> Type:
    items = _not_null(next((each["items"] for each in described if "items" in each), {}))
    return {"string": Type.TEXTS, "number": Type.NUMBERS}.get(items.get("type", ""), Type.JSON)


def _members(model: Any) -> Mapping[str, Any]:
    """The JSON Schemas of the members of a body or a view."""
    members: Mapping[str, Any] = TypeAdapter(model).json_schema()["properties"]
    return members


def _not_null(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a member is where it is there."""
    choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return choices[0] if choices else schema
