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
    pointer: str
    code: str
    detail: str


class ImportView(View):
    """The result of an import: received = created + unchanged + rejected."""

    id: UUID
    received: int
    created: int
    unchanged: int
    rejected: int
    errors: list[RowFault]
    more_errors: bool
