"""Filters and views of the ledger: change feed, entries, disclosures and proofs."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from app.core.http.pages import LIMIT_MAX, Filters, Next
from app.core.values.faults import RuleBroken
from app.core.values.wire import Code, Line, Moment, View
from app.ledger.models import EntryKind

NUMBER_MAX = 2**62


def _in_range(cursor: str) -> str:
    if int(cursor.partition(".")[0]) > NUMBER_MAX:
        raise RuleBroken("too_large", "No entry has so large a number.")
    return cursor


class ChangeFilters(BaseModel):
    """Where the change feed continues, and how many changes it returns."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: Annotated[
        str,
        Field(
            pattern=r"^(?:[0-9]{1,19}|[1-9][0-9]{0,18}\.[0-9a-f]{16})$",
            description="A `cursor` from an earlier answer; `0`: from the start. A bare number is"
            " taken, too, but then a ledger that was set back may go unnoticed.",
        ),
        AfterValidator(_in_range),
    ] = "0"
    limit: Annotated[
        int, Field(ge=1, le=LIMIT_MAX, description="How many changes to return at most.")
    ] = 50


class ChangeView(TypedDict, closed=True):
    """One change: the operation, the record's kind and id, and the record after the change."""

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
    """A page of the change feed. `next` is null only when there are no more changes."""

    items: list[ChangeView]
    next: Next
    next_cursor: Annotated[
        str | None,
        Field(description="`after` of the next page: `cursor`; null if there are no more yet."),
    ]
    cursor: Annotated[
        str,
        Field(description="Where to continue: `after` of a later request. Don't take it apart."),
    ]


class EntryFilters(Filters):
    """Which entries to list."""

    at_from: Annotated[Moment | None, Field(description="Made at or after this time.")] = None
    at_to: Annotated[Moment | None, Field(description="Made before this time.")] = None
    kind: EntryKind | None = None
    actor: Annotated[Line | None, Field(description="Who: `client:<id>`, `cli:<name>`.")] = None
    patient_id: UUID | None = None
    operation: Annotated[Code | None, Field(description="The operation: `sessions.sign`.")] = None
    resource: Annotated[Code | None, Field(description="The kind's noun: `sessions`.")] = None
    resource_id: UUID | None = None


class EntryView(TypedDict, closed=True):
    """One entry: who changed or read what, and when. The change feed has the records' contents."""

    number: int
    kind: EntryKind
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
        str | None, Field(description="Hex SHA-256 of salt and body; null without a body.")
    ]
    leaf: Annotated[str, Field(description="Hex: the entry's leaf hash in the ledger's tree.")]


class DisclosureView(TypedDict, closed=True):
    """One read of a patient's data."""

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
            description="`emergency` and its id, if emergency access was open. For a chart summary:"
            " the recipient, the purpose, the consent and its digests. For an export: what was"
            " exported, such as `sessions.csv`."
        ),
    ]


class ConsistencyFilters(BaseModel):
    """Two sizes of the ledger."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    old: Annotated[
        int,
        Field(alias="from", ge=1, le=NUMBER_MAX, description="The size of an earlier checkpoint."),
    ]
    new: Annotated[
        int, Field(alias="to", ge=1, le=NUMBER_MAX, description="The size of a later one.")
    ]


class ConsistencyView(View):
    """The proof (RFC 9162 §2.1.4) that the smaller ledger is the beginning of the larger one."""

    old_size: int
    new_size: int
    hashes: Annotated[list[str], Field(description="Base64, as RFC 9162 orders them.")]
