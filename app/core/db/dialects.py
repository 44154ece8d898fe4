"""SQL functions that PostgreSQL and SQLite spell differently, under one name each."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import JSON, Dialect, String, TypeDecorator, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeEngine


def _spelled(function: type[GenericFunction[Any]], **spellings: str) -> None:
    """Say how each dialect writes a function: `{0}`, `{1}` … are its arguments, `{all}` all."""
    for dialect, spelling in spellings.items():

        def write(element: Any, compiler: Any, *, spelling: str = spelling, **kw: Any) -> str:
            parts = [compiler.process(clause, **kw) for clause in element.clauses]
            return spelling.format(*parts, all=", ".join(parts))

        compiles(function, dialect)(write)


class json_members(GenericFunction[Any]):  # noqa: N801 - reads as the SQL function it is
    """`name, value, name, value …` as a JSON object."""

    type: TypeEngine[Any] = JSON()
    inherit_cache = True


class json_items(GenericFunction[Any]):  # noqa: N801 - reads as the SQL function it is
    """An aggregate: the rows' JSON values as one array, empty where there are none."""

    type: TypeEngine[Any] = JSON()
    inherit_cache = True


class json_column(GenericFunction[Any]):  # noqa: N801 - reads as the SQL function it is
    """An aggregate: a column's plain values as one JSON array; of no rows, in PostgreSQL, NULL."""

    type: TypeEngine[Any] = JSON()
    inherit_cache = True


class json_list(GenericFunction[Any]):  # noqa: N801 - reads as the SQL function it is
    """Values, JSON or plain, as one JSON array."""

    type: TypeEngine[Any] = JSON()
    inherit_cache = True


class json_part(GenericFunction[Any]):  # noqa: N801 - reads as the SQL function it is
    """A stored JSON column as part of a larger JSON value."""

    type: TypeEngine[Any] = JSON()
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
    """A JSON value as its text, which the driver then leaves alone."""

    type: TypeEngine[str] = String()
    inherit_cache = True


class id_text(GenericFunction[str]):  # noqa: N801 - reads as the SQL function it is
    """An id column as the text that JSON shows: cheaper than an object where it is only shown."""

    type: TypeEngine[str] = String()
    inherit_cache = True


class _Ids(TypeDecorator[Sequence[UUID | str]]):
    """Any number of ids as one text: an array's in PostgreSQL, JSON in SQLite."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Sequence[UUID | str] | None, dialect: Dialect) -> str:
        ids = [str(id).replace("-", "") for id in value or ()]
        if dialect.name == "postgresql":
            return f"{{{','.join(ids)}}}"
        return to_json(ids).decode()


class among(GenericFunction[bool]):  # noqa: N801 - reads as the SQL operator it is
    """Whether an id column holds one of the ids bound under a name."""

    inherit_cache = True

    def __init__(self, column: Any, name: str) -> None:
        super().__init__(column, bindparam(name, type_=_Ids()))


_DASHED = (
    "substr({0}, 1, 8) || '-' || substr({0}, 9, 4) || '-' || substr({0}, 13, 4)"
    " || '-' || substr({0}, 17, 4) || '-' || substr({0}, 21)"
)
_spelled(json_members, postgresql="json_build_object({all})", sqlite="json_object({all})")
_spelled(
    json_items,
    postgresql="coalesce(json_agg({0}), '[]')",
    sqlite="json_group_array(json({0}))",
)
_spelled(json_column, postgresql="json_agg({0})", sqlite="json_group_array({0})")
_spelled(json_list, postgresql="json_build_array({all})", sqlite="json_array({all})")
_spelled(json_part, postgresql="{0}", sqlite="json({0})")
_spelled(json_instant, postgresql="{0}", sqlite="{0} || '+00:00'")
_spelled(json_text, postgresql="CAST({0} AS TEXT)", sqlite="{0}")
_spelled(json_id, postgresql="{0}", sqlite=_DASHED)
_spelled(id_text, postgresql="CAST({0} AS TEXT)", sqlite=_DASHED)
_spelled(
    among,
    # In a query of its own the array is read once, not once for each row that it is compared with.
    postgresql="{0} = ANY (CAST((SELECT CAST({1} AS UUID[])) AS UUID[]))",
    sqlite="{0} IN (SELECT value FROM json_each({1}))",
)
