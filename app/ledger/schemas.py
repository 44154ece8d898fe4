"""What a reader of the change feed sees."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.pages import LIMIT_MAX
from app.core.wire import View

NUMBER_MAX = 2**62


class ChangeFilters(BaseModel):
    """Where to go on reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: Annotated[
        int,
        Field(
            ge=0, le=NUMBER_MAX, description="A `cursor` from an earlier answer; 0 is the start."
        ),
    ] = 0
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX, description="How many changes at once.")] = 50


class ChangeView(View):
    """One change: what was done to which record, and the record afterwards."""

    number: int
    at: datetime
    operation: str
    resource: str
    resource_id: UUID
    patient_id: UUID | None
    version: int | None
    actor: str
    reason: str | None
    body: dict[str, Any] | None


class ChangesView(View):
    """A stretch of the feed. `next` is null only when the reader has caught up."""

    items: list[ChangeView]
    next: str | None
    cursor: str
