"""Select rows as JSON inside a row: child rows or a whole history in one round trip."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, Float, Select, Uuid, literal_column, select
from sqlalchemy.sql import visitors

from app.core.db.dialects import (
    json_column,
    json_id,
    json_instant,
    json_items,
    json_list,
    json_members,
    json_number,
    json_part,
)
from app.core.db.tables import Instant

Shape = Mapping[str, Any]
"""Columns by member name. A mapping becomes a nested object."""


def json_object(shape: Shape) -> ColumnElement[Any]:
    """Return a JSON object of columns."""
    parts: list[ColumnElement[Any]] = []
    for name, value in shape.items():
        parts.append(literal_column(f"'{name}'"))
        parts.append(json_object(value) if isinstance(value, Mapping) else _member(value))
    return json_members(*parts)


def _member(column: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, JSON):
        return json_part(column)
    return json_number(column) if isinstance(column.type, Float) else column


def json_rows(shape: Shape, rows: Select[Any]) -> ColumnElement[Any]:
    """Return the rows of a correlated select, in its order, as one JSON array of objects."""
    ordered = rows.with_only_columns(json_object(shape).label("item")).subquery()
    return select(json_items(ordered.c.item)).scalar_subquery()


def stored_as_json(rows: ColumnElement[Any]) -> set[str]:
    """Return the names of the columns in `json_rows` that are JSON themselves."""
    found = (part for part in visitors.iterate(rows) if isinstance(part, Column))
    return {column.key for column in found if isinstance(column.type, JSON)}


def json_columns(rows: Select[Any]) -> ColumnElement[Any]:
    """Return the rows of a select as one JSON array that holds one array per column.

    All arrays have the same order of rows, which isn't defined. Read them with `columns_of`.
    This is cheaper than an array of objects for both sides: no names are repeated for each row.
    """
    columns = (json_column(_json_value(column)) for column in rows.selected_columns)
    return rows.with_only_columns(json_list(*columns).label("c")).scalar_subquery()


def columns_of(arrays: Sequence[Sequence[Any] | None]) -> list[Sequence[Any]]:
    """Return the decoded columns of `json_columns`. Without rows, each is empty (not null)."""
    return [column or () for column in arrays]


def _json_value(column: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, Instant):
        return json_instant(column)
    return json_id(column) if isinstance(column.type, Uuid) else column
