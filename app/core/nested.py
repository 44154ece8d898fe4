"""Child rows as JSON inside their parent's row: a nested record in one round trip."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import JSON, ColumnElement, Select, String, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeEngine

Shape = Mapping[str, Any]
"""Columns by the name of their member; a mapping is an object inside the object."""


class json_members(GenericFunction[Any]):  # noqa: N801 - reads as the SQL function it is
    """`name, value, name, value …` as a JSON object."""

    type: TypeEngine[Any] = JSON()
    inherit_cache = True


class json_items(GenericFunction[Any]):  # noqa: N801 - reads as the SQL function it is
    """An aggregate: the rows' JSON values as one array, empty where there are none."""

    type: TypeEngine[Any] = JSON()
    inherit_cache = True


class json_part(GenericFunction[Any]):  # noqa: N801 - reads as the SQL function it is
    """A stored JSON column as part of a larger JSON value."""

    type: TypeEngine[Any] = JSON()
    inherit_cache = True


class json_text(GenericFunction[str]):  # noqa: N801 - reads as the SQL function it is
    """A JSON value as its text, which the driver then leaves alone."""

    type: TypeEngine[str] = String()
    inherit_cache = True


@compiles(json_members, "postgresql")
def _members_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"json_build_object({compiler.process(element.clauses, **kw)})"


@compiles(json_members, "sqlite")
def _members_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"json_object({compiler.process(element.clauses, **kw)})"


@compiles(json_items, "postgresql")
def _items_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"coalesce(json_agg({compiler.process(element.clauses, **kw)}), '[]')"


@compiles(json_items, "sqlite")
def _items_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"json_group_array(json({compiler.process(element.clauses, **kw)}))"


@compiles(json_part, "postgresql")
def _part_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(element.clauses, **kw))


@compiles(json_part, "sqlite")
def _part_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"json({compiler.process(element.clauses, **kw)})"


@compiles(json_text, "postgresql")
def _text_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **kw)} AS TEXT)"


@compiles(json_text, "sqlite")
def _text_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(element.clauses, **kw))


def json_object(shape: Shape) -> ColumnElement[Any]:
    """A JSON object of columns."""
    parts: list[ColumnElement[Any]] = []
    for name, value in shape.items():
        parts.append(literal_column(f"'{name}'"))
        if isinstance(value, Mapping):
            parts.append(json_object(value))
        else:
            parts.append(json_part(value) if isinstance(value.type, JSON) else value)
    return json_members(*parts)


def json_rows(shape: Shape, rows: Select[Any]) -> ColumnElement[Any]:
    """The rows of a correlated select, in its order, as one JSON array of objects."""
    ordered = rows.with_only_columns(json_object(shape).label("item")).subquery()
    return select(json_items(ordered.c.item)).scalar_subquery()
