"""Identifiers as a part of their holder's record: stored, answered and searched by."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement, bindparam

from app.core.db.nested import json_rows
from app.core.db.tables import Record
from app.core.http.pages import Filters
from app.core.operation import rows
from app.core.values.text import one_line
from app.records.kinds import Child
from app.records.models import Identifier


class IdentifierFilters(Filters):
    """The filter by an identifier, for lists of records that have identifiers."""

    identifier: Annotated[
        str | None,
        Field(
            max_length=401,
            pattern=r"^[^|]+\|[\s\S]+$",
            description="As `system|value`: at most one record has it.",
        ),
    ] = None

    def values(self) -> dict[str, Any]:
        """Return the filters, with the identifier split into its two parts."""
        values = super().values()
        if self.identifier is not None:
            system, _, value = self.identifier.partition("|")
            values["identifier"], values["identifier_value"] = one_line(system), one_line(value)
        return values


def child(table: type[Identifier]) -> Child:
    """Return the identifiers as child rows of their holder."""
    return Child(table, "owner_id", lambda view: view["identifiers"])


def nested(table: type[Identifier], owner: type[Record]) -> Mapping[str, ColumnElement[Any]]:
    """Return the identifiers as a member of their holder's view."""
    own = rows(table).where(table.owner_id == owner.id).order_by(table.position).correlate(owner)
    return {"identifiers": json_rows({"system": table.system, "value": table.value}, own)}


def condition(table: type[Identifier], owner: type[Record]) -> ColumnElement[bool]:
    """Return the condition that a record has the identifier of the filter.

    An identifier has one holder, so the database finds the record by its id.
    """
    holder = rows(table, table.owner_id).where(
        table.system == bindparam("identifier"), table.value == bindparam("identifier_value")
    )
    return owner.id == holder.scalar_subquery()
