"""Child rows as JSON inside their parent's row: a nested record in one round trip."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import JSON, ColumnElement, Select, Uuid, literal_column, select

from app.core.dialects import (
    id_text,
    json_instant,
    json_items,
    json_lists,
    json_members,
    json_part,
)
from app.core.tables import Instant

Shape = Mapping[str, Any]
"""Columns by the name of their member; a mapping is an object inside the object."""


def json_object(shape: Shape) -> ColumnElement[Any]:
    """A JSON object of columns."""
    parts: list[ColumnElement[Any]] = []
    for name, value in shape.items():
        parts.append(literal_column(f"'{name}'"))
        if isinstance(value, Mapping):
            parts.append(json_object(value))
        else:
            parts.append(_part(value))
    return json_members(*parts)


def json_rows(shape: Shape, rows: Select[Any]) -> ColumnElement[Any]:
    """The rows of a correlated select, in its order, as one JSON array of objects."""
    ordered = rows.with_only_columns(json_object(shape).label("item")).subquery()
    return select(json_items(ordered.c.item)).scalar_subquery()


def json_table(rows: Select[Any]) -> ColumnElement[Any]:
    """The rows of a correlated select, in any order, as one JSON array of arrays.

    What a thousand rows cost is mostly their names, and a thousand objects of a driver's.
    """
    parts = map(_part, rows.selected_columns)
    return rows.with_only_columns(json_lists(*parts)).scalar_subquery()


def _part(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """A value as JSON holds it."""
    if isinstance(value.type, JSON):
        return json_part(value)
    if isinstance(value.type, Instant):
        return json_instant(value)
    return id_text(value) if isinstance(value.type, Uuid) else value
