"""Identifiers as part of their holder's record: kept, shown, searched by."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement, bindparam, exists

from app.core.db.nested import json_rows
from app.core.db.tables import Record
from app.core.http.pages import Filters
from app.core.operation import CLINIC, rows
from app.records.kinds import Child
from app.records.models import Identifier


class IdentifierFilters(Filters):
    """Lists whose records have identifiers can be searched by one of them."""

    identifier: Annotated[
        str | None,
        Field(
            max_length=401,
            pattern=r"^[^|]+\|[\s\S]+$",
            description="`system|value`: at most one record has it.",
        ),
    ] = None

    def values(self) -> dict[str, Any]:
        """The identifier as its two parts."""
        given = super().values()
        if self.identifier is not None:
            given["identifier"], _, given["identifier_value"] = self.identifier.partition("|")
        return given


def child(table: type[Identifier]) -> Child:
    """Identifiers as child rows."""
    return Child(table, "owner_id", lambda view: view["identifiers"])


def nested(table: type[Identifier], owner: type[Record]) -> Mapping[str, ColumnElement[Any]]:
    """Identifiers as a member of their holder's view."""
    own = rows(table).where(table.owner_id == owner.id).order_by(table.position).correlate(owner)
    return {"identifiers": json_rows({"system": table.system, "value": table.value}, own)}


def condition(table: type[Identifier], owner: type[Record]) -> ColumnElement[bool]:
    """That a record has the identifier asked for."""
    return exists().where(
        table.clinic_id == CLINIC,
        table.system == bindparam("identifier"),
        table.value == bindparam("identifier_value"),
        table.owner_id == owner.id,
    )
