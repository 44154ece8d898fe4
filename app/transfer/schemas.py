"""An import on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.values.wire import View


class ImportFilters(BaseModel):
    """How to import."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dry_run: Annotated[bool, Field(description="Check everything, keep nothing.")] = False


class RowFault(View):
    """One thing that is wrong with one row."""

    line: int
    pointer: str
    code: str
    detail: str


class ImportView(View):
    """What became of the rows of a file: received = created + unchanged + rejected."""

    id: UUID
    received: int
    created: int
    unchanged: int
    rejected: int
    errors: list[RowFault]
    more_errors: bool
