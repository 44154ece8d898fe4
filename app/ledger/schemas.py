"""What a reader of the ledger sees: the change feed, the account, and its proofs."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from app.core.http.pages import LIMIT_MAX, Filters
from app.core.values.wire import Code, Line, Moment, View
from app.ledger.models import Kind

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


class ChangeView(TypedDict, closed=True):
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


class EntryFilters(Filters):
    """Which entries to list."""

    at_from: Annotated[Moment | None, Field(description="Done at or after.")] = None
    at_to: Annotated[Moment | None, Field(description="Done before.")] = None
    kind: Kind | None = None
    actor: Annotated[Line | None, Field(description="Who, as `client:<id>` or `cli:<name>`.")] = (
        None
    )
    patient_id: UUID | None = None
    operation: Annotated[Code | None, Field(description="What, as `sessions.sign`.")] = None
    resource: Annotated[Code | None, Field(description="Of which kind, as `sessions`.")] = None
    resource_id: UUID | None = None


class EntryView(TypedDict, closed=True):
    """One entry: who did or saw what, when. What a record said stands in the change feed."""

    number: int
    kind: Kind
    operation: str
    at: datetime
    actor: str
    client: UUID | None
    request_id: str
    resource: str
    resource_id: UUID
    patient_id: UUID | None
    version: int | None
    reason: str | None
    body_digest: Annotated[
        str | None, Field(description="Hex SHA-256 of salt and body; null if it has no body.")
    ]
    leaf: Annotated[str, Field(description="Hex: the entry's hash in the ledger's tree.")]


class DisclosureView(TypedDict, closed=True):
    """One look at a patient's data."""

    number: int
    at: datetime
    operation: str
    actor: str
    client: UUID | None
    request_id: str
    resource: str
    resource_id: UUID
    version: int | None
    reason: Annotated[
        str | None,
        Field(
            description="`emergency` and its id, if emergency access was open; of a chart summary,"
            " to whom it went, for what, on which consent, and its digests; of an export, what was"
            " taken out, as `sessions.csv`."
        ),
    ]


class ConsistencyFilters(BaseModel):
    """Two sizes of the ledger."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    old: Annotated[
        int, Field(alias="from", ge=1, le=NUMBER_MAX, description="The size of a held checkpoint.")
    ]
    new: Annotated[
        int, Field(alias="to", ge=1, le=NUMBER_MAX, description="The size of a later one.")
    ]


class ConsistencyView(View):
    """The proof (RFC 9162 §2.1.4) that the ledger of the one size is a beginning of the other."""

    old_size: int
    new_size: int
    hashes: Annotated[list[str], Field(description="Base64, as RFC 9162 orders them.")]
