"""Rows as JSON inside a row: a nested record, or a whole history, in one round trip."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, ColumnElement, Select, Uuid, literal_column, select

from app.core.db.dialects import (
    json_column,
    json_id,
    json_instant,
    json_items,
    json_list,
    json_members,
    json_part,
)
from app.core.db.tables import Instant

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


def json_columns(rows: Select[Any]) -> ColumnElement[Any]:
    """The rows of a select as one JSON array with an array for each column.

    All arrays are in the same order, whatever it is; `columns_of` reads them. Cheaper than rows
    for both sides: nothing is named or opened for each row.
    """
    columns = (json_column(_json_value(column)) for column in rows.selected_columns)
    return rows.with_only_columns(json_list(*columns).label("told")).scalar_subquery()


def columns_of(told: Sequence[Sequence[Any] | None]) -> list[Sequence[Any]]:
    """What `json_columns` told, decoded: a column of no rows is empty, whatever the database."""
    return [column or () for column in told]


def _json_value(column: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, Instant):
        return json_instant(column)
    return json_id(column) if isinstance(column.type, Uuid) else column
