"""Keyset pages of lists: stable while others write, and each page costs the same."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic_core import from_json, to_json
from sqlalchemy import ColumnElement, Row, Select, bindparam, tuple_

from app.core.operation import Operation
from app.core.values.clock import YEAR_MAX, YEAR_MIN
from app.core.values.faults import Fault
from app.core.values.problems import Invalid
from app.core.values.wire import View

LIMIT_MAX = 200
POSITION_MAX = 2**31 - 1
BAD_CURSOR = Fault("/cursor", "cursor", "This is not a cursor of this list.")
Limit = Annotated[int, Field(ge=1, le=LIMIT_MAX, description="How many items a page has.")]
Cursor = Annotated[
    str,
    Field(
        min_length=1,
        max_length=500,
        description="Where the page begins: the `next_cursor` of the page before.",
    ),
]


Next = Annotated[
    str | None,
    Field(description="The absolute URL of the next page; null at the end of the list."),
]
NextCursor = Annotated[
    str | None,
    Field(description="The cursor of the next page, with the same filters; null at the end."),
]


class Filters(BaseModel):
    """The query parameters of a list. An unknown parameter is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Limit = 50
    cursor: Cursor | None = None

    def values(self) -> dict[str, Any]:
        """Return the filters that were given, by name."""
        return self.model_dump(exclude={"limit", "cursor"}, exclude_none=True)


@dataclass(frozen=True, slots=True)
class Order:
    """The columns that a list is sorted by. Together they must be unique in a clinic."""

    columns: tuple[Any, ...]
    descending: bool = False

    def start(self, statement: Select[Any]) -> Select[Any]:
        """Select the first page, with one row more, which shows whether there is another page."""
        sorting = [c.desc() if self.descending else c.asc() for c in self.columns]
        return statement.order_by(*sorting).limit(bindparam("rows_wanted"))

    def after(self, statement: Select[Any]) -> Select[Any]:
        """Select the page after the key in the parameters `key_0`, `key_1` and so on."""
        keys = [bindparam(f"key_{n}", type_=c.type) for n, c in enumerate(self.columns)]
        columns: ColumnElement[Any] = tuple_(*self.columns)
        behind = columns < tuple_(*keys) if self.descending else columns > tuple_(*keys)
        return self.start(statement.where(behind))

    def key(self, cursor: str) -> dict[str, Any]:
        """Return the key that a cursor holds. `Invalid` if it isn't a cursor."""
        try:
            packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            parts = zip(list(from_json(packed)), self.columns, strict=True)
            key = [_parse(part, column.type.python_type) for part, column in parts]
        except (ValueError, TypeError, OverflowError):
            raise Invalid([BAD_CURSOR], "query") from None
        if self.cursor_of(key) != cursor:  # another spelling of the same key
            raise Invalid([BAD_CURSOR], "query")
        return {f"key_{n}": part for n, part in enumerate(key)}

    def cursor(self, row: Row[Any]) -> str:
        """Return the cursor of the page after this row."""
        return self.cursor_of([row._mapping[column.key] for column in self.columns])  # noqa: SLF001 - its public name

    @staticmethod
    def cursor_of(key: list[Any]) -> str:
        """Return the cursor of the page after this key."""
        return base64.urlsafe_b64encode(to_json(key)).decode().rstrip("=")


Item = TypeVar("Item")


def position(filters: Filters) -> int:
    """Return the number that the cursor holds, or 0 for the first page. `Invalid` if it has none.

    Lists whose items are numbered, or never change, have such cursors.
    """
    cursor = filters.cursor
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= len(str(POSITION_MAX))):
        raise Invalid([BAD_CURSOR], "query")
    number = int(cursor)
    if str(number) != cursor or number > POSITION_MAX:
        raise Invalid([BAD_CURSOR], "query")
    return number


def slice_page(items: Sequence[Item], filters: Filters) -> tuple[Sequence[Item], str | None]:
    """Return a page of a constant list (reference data), and the cursor of the next page."""
    start = position(filters)
    end = start + filters.limit
    return items[start:end], str(end) if end < len(items) else None


class _PageView(View):
    # It only describes an answer, so its schema can wait for the OpenAPI document.
    model_config = ConfigDict(defer_build=True)


@cache
def view_of_page(view: type[Any]) -> type[View]:
    """Return the view of a page whose items have this view."""
    return create_model(
        view.__name__.removesuffix("View") + "Page",
        __base__=_PageView,
        __doc__="A page of a list.",
        items=(
            list[view],  # type: ignore[valid-type]
            Field(description="The items of this page, in the order of the list."),
        ),
        next=(Next, ...),
        next_cursor=(NextCursor, ...),
    )


def _parse(value: object, kind: type) -> object:
    if kind is UUID:
        return UUID(str(value))
    if kind is datetime:
        moment = datetime.fromisoformat(str(value))
        # In UTC, the first or last hours of a local year may lie in the year before or after it.
        if moment.tzinfo is None or not YEAR_MIN - 1 <= moment.year <= YEAR_MAX + 1:
            raise ValueError
        return moment
    if kind is int and type(value) is int and abs(value) < 1 << 62:
        return value
    raise TypeError


def page(
    op: Operation, statement: Select[Any], order: Order, filters: Filters, **values: object
) -> tuple[Sequence[Row[Any]], str | None]:
    """Return one page of a list (`order.start` or `order.after`), and the next page's cursor."""
    rows = op.all(statement, **_of_page(order, filters, values))
    if len(rows) <= filters.limit:
        return rows, None
    return rows[: filters.limit], order.cursor(rows[filters.limit - 1])


def ids_of_page(
    op: Operation, statement: Select[Any], order: Order, filters: Filters, **values: object
) -> list[UUID]:
    """Return the ids of the rows of a page, where the rows can't be read. The order has the id."""
    ids = statement.with_only_columns(order.columns[-1])
    return [id_ for (id_,) in op.all(ids, **_of_page(order, filters, values))]


def _of_page(order: Order, filters: Filters, values: dict[str, object]) -> dict[str, object]:
    key = {} if filters.cursor is None else order.key(filters.cursor)
    return {**values, **key, "rows_wanted": filters.limit + 1}
