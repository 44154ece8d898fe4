"""SQL functions that PostgreSQL and SQLite spell differently, under one name each."""

from collections.abc import Collection, Sequence
from typing import Any, cast
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import JSON, Dialect, Float, String, TypeDecorator, bindparam, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import Join
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeEngine


def _compile_as(function: type[GenericFunction[Any]], **spellings: str) -> None:
    """Define each dialect's SQL for a function: `{0}`, `{1}` … are its arguments, `{all}` all."""
    for dialect, spelling in spellings.items():

        def write(element: Any, compiler: Any, *, spelling: str = spelling, **kw: Any) -> str:
            parts = [compiler.process(clause, **kw) for clause in element.clauses]
            return spelling.format(*parts, all=", ".join(parts))

        compiles(function, dialect)(write)


class json_members(GenericFunction[Any]):  # noqa: N801 - reads as the SQL function it is
    """A JSON object from `name, value, name, value …`."""

    type: TypeEngine[Any] = JSON()
    inherit_cache = True


class json_items(GenericFunction[Any]):  # noqa: N801 - reads as the SQL function it is
    """An aggregate: the JSON values of all rows as one array, empty if there are no rows."""

    type: TypeEngine[Any] = JSON()
    inherit_cache = True


class json_column(GenericFunction[Any]):  # noqa: N801 - reads as the SQL function it is
    """An aggregate: a column's plain values as one JSON array. No rows: NULL in PostgreSQL."""

    type: TypeEngine[Any] = JSON()
    inherit_cache = True


class json_list(GenericFunction[Any]):  # noqa: N801 - reads as the SQL function it is
    """A JSON array of values, each JSON or plain."""

    type: TypeEngine[Any] = JSON()
    inherit_cache = True


class json_part(GenericFunction[Any]):  # noqa: N801 - reads as the SQL function it is
    """A stored JSON column as part of a larger JSON value."""

    type: TypeEngine[Any] = JSON()
    inherit_cache = True


class json_number(GenericFunction[float]):  # noqa: N801 - reads as the SQL function it is
    """A number as part of a larger JSON value: 7, not 7.0. Its size is that of the clinic."""

    type: TypeEngine[float] = Float()
    inherit_cache = True


class json_instant(GenericFunction[str]):  # noqa: N801 - reads as the SQL function it is
    """An instant as part of a larger JSON value: ISO 8601, in UTC."""

    type: TypeEngine[str] = String()
    inherit_cache = True


class json_id(GenericFunction[str]):  # noqa: N801 - reads as the SQL function it is
    """An id as part of a larger JSON value."""

    type: TypeEngine[str] = String()
    inherit_cache = True


class json_text(GenericFunction[str]):  # noqa: N801 - reads as the SQL function it is
    """A JSON value as text, so that the driver doesn't parse it."""

    type: TypeEngine[str] = String()
    inherit_cache = True


class id_text(GenericFunction[str]):  # noqa: N801 - reads as the SQL function it is
    """An id column as text, as in JSON: cheaper than a `UUID` object if it is only answered."""

    type: TypeEngine[str] = String()
    inherit_cache = True


class _Ids(TypeDecorator[Sequence[UUID | str]]):
    """Any number of ids as one text parameter: an array in PostgreSQL, JSON in SQLite."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Sequence[UUID | str] | None, dialect: Dialect) -> str:
        ids = [str(id).replace("-", "") for id in value or ()]
        if dialect.name == "postgresql":
            return f"{{{','.join(ids)}}}"
        return to_json(ids).decode()


class among(GenericFunction[bool]):  # noqa: N801 - reads as the SQL operator it is
    """Whether an id column equals one of the ids in the parameter `name`."""

    inherit_cache = True

    def __init__(self, column: Any, name: str) -> None:
        super().__init__(column, bindparam(name, type_=_Ids()))


class in_order(Join):  # noqa: N801 - reads as the SQL operator it is
    """An inner join whose left side is read first.

    SQLite chooses the order of tables from statistics, and has none of a subquery. Its CROSS JOIN
    keeps the order that is written (https://www.sqlite.org/optoverview.html#crossjoin). PostgreSQL
    needs no help.
    """

    inherit_cache = True


@compiles(in_order)
def _in_order(join: in_order, compiler: SQLCompiler, **kw: Any) -> str:
    written: str = compiler.visit_join(join, **kw)  # type: ignore[no-untyped-call]
    return written


@compiles(in_order, "sqlite")
def _in_order_on_sqlite(
    join: in_order, compiler: SQLCompiler, *, asfrom: bool = True, **kw: Any
) -> str:
    del asfrom  # a join stands nowhere else
    sides = (compiler.process(side, asfrom=True, **kw) for side in (join.left, join.right))
    return f"{' CROSS JOIN '.join(sides)} ON {compiler.process(cast('Any', join.onclause), **kw)}"


class _Texts(TypeDecorator[Collection[str]]):
    """Any number of texts as one text parameter: JSON."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Collection[str] | None, dialect: Dialect) -> str:
        del dialect
        return to_json(list(value or ())).decode()


class among_texts(GenericFunction[bool]):  # noqa: N801 - reads as the SQL operator it is
    """Whether a text column equals one of the texts in the parameter `name`."""

    inherit_cache = True

    def __init__(self, column: Any, name: str) -> None:
        super().__init__(column, bindparam(name, type_=_Texts()))


_DASHED = (
    "substr({0}, 1, 8) || '-' || substr({0}, 9, 4) || '-' || substr({0}, 13, 4)"
    " || '-' || substr({0}, 17, 4) || '-' || substr({0}, 21)"
)
_compile_as(json_members, postgresql="json_build_object({all})", sqlite="json_object({all})")
_compile_as(
    json_items,
    postgresql="coalesce(json_agg({0}), '[]')",
    sqlite="json_group_array(json({0}))",
)
_compile_as(json_column, postgresql="json_agg({0})", sqlite="json_group_array({0})")
_compile_as(json_list, postgresql="json_build_array({all})", sqlite="json_array({all})")
_compile_as(json_part, postgresql="{0}", sqlite="json({0})")
_compile_as(
    json_number,
    postgresql="{0}",
    sqlite="CASE WHEN {0} = CAST({0} AS INTEGER) THEN CAST({0} AS INTEGER) ELSE {0} END",
)
_compile_as(json_instant, postgresql="{0}", sqlite="{0} || '+00:00'")
_compile_as(json_text, postgresql="CAST({0} AS TEXT)", sqlite="{0}")
_compile_as(json_id, postgresql="{0}", sqlite=_DASHED)
_compile_as(id_text, postgresql="CAST({0} AS TEXT)", sqlite=_DASHED)
_compile_as(
    among,
    # In a subquery the array is parsed once, not once per row.
    postgresql="{0} = ANY (CAST((SELECT CAST({1} AS UUID[])) AS UUID[]))",
    sqlite="{0} IN (SELECT value FROM json_each({1}))",
)
_compile_as(
    among_texts,
    postgresql="{0} = ANY (ARRAY(SELECT json_array_elements_text(CAST({1} AS JSON))))",
    sqlite="{0} IN (SELECT value FROM json_each({1}))",
)


def unindexed(column: Any) -> Any:
    """Return a column as SQLite finds it in no index.

    Without statistics, SQLite may take the index of a column that many rows share.
    """
    return func.coalesce(column, column)
