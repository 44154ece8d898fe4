"""Filters and views of an import."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.values.wire import View


class ImportFilters(BaseModel):
    """Options of an import."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dry_run: Annotated[bool, Field(description="Check every row, store nothing.")] = False


class RowFault(View):
    """One fault of one row."""

    line: int
    """The line of the file, counted from 1."""
    pointer: str
    """JSON Pointer (RFC 6901) to the member of the row."""
    code: str
    """What is wrong, as a word for programs."""
    detail: str
    """What is wrong, as a sentence."""


class ImportView(View):
    """The result of an import: received = created + unchanged + rejected."""

    id: UUID
    """The id of the import."""
    received: int
    """Rows in the file."""
    created: int
    """Rows that became new records."""
    unchanged: int
    """Rows whose record was there with the same content."""
    rejected: int
    """Rows with a fault, which stored nothing."""
    alerts_not_raised: int
    """New records that would have raised an alert if they hadn't been imported: reports with a red
    flag and serious adverse events."""
    errors: list[RowFault]
    """The first faults, in the order of the file."""
    more_errors: bool
    """Whether there are more faults than are listed."""
    stopped_after: int | None
    """The line after which the file was not read: it has too many lines, or too many that are no
    rows; null: all of it was read."""
