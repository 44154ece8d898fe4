"""Child rows as JSON inside their parent's row: a nested record in one round trip."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import JSON, ColumnElement, Select, literal_column, select

from app.core.dialects import json_items, json_members, json_part

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
            parts.append(json_part(value) if isinstance(value.type, JSON) else value)
    return json_members(*parts)


def json_rows(shape: Shape, rows: Select[Any]) -> ColumnElement[Any]:
    """The rows of a correlated select, in its order, as one JSON array of objects."""
    ordered = rows.with_only_columns(json_object(shape).label("item")).subquery()
    return select(json_items(ordered.c.item)).scalar_subquery()
