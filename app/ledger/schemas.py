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
    """Its place in the ledger, which rises strictly."""
    at: datetime
    """When the change was made."""
    operation: str
    """The operation that made it, such as `sessions.sign`."""
    resource: str
    """The kind of record, such as `sessions`."""
    resource_id: UUID
    """The id of the record that changed."""
    patient_id: UUID | None
    version: int | None
    """The record's version after the change; null for what has no versions."""
    actor: str
    """Who did it: `client:<id>` or `cli:<name>`."""
    reason: str | None
    """The reason that was given; null where none was."""
    body: dict[str, Any] | None
    """The record after the change; null if the entry holds none."""


class ChangesView(View):
    """A page of the change feed. `next` is null only when there are no more changes."""

    items: list[ChangeView]
    """The changes after the cursor, in the order in which they were made."""
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
    """Only entries of this kind."""
    actor: Annotated[Line | None, Field(description="Who: `client:<id>`, `cli:<name>`.")] = None
    patient_id: UUID | None = None
    """Only entries about this patient."""
    operation: Annotated[Code | None, Field(description="The operation: `sessions.sign`.")] = None
    resource: Annotated[Code | None, Field(description="The kind's noun: `sessions`.")] = None
    resource_id: UUID | None = None
    """Only entries about this record."""


class EntryView(TypedDict, closed=True):
    """One entry: who changed or read what, and when. The change feed has the records' contents."""

    number: int
    """Its place in the ledger; the first entry is 1."""
    kind: EntryKind
    """Whether it tells of a change, of a read, or of access and keys."""
    operation: str
    """The operation, such as `sessions.sign`."""
    at: datetime
    """When it happened."""
    actor: str
    """Who did it: `client:<id>` or `cli:<name>`."""
    client: UUID | None
    """The id of the client; null if there was none."""
    request_id: str
    resource: str
    """The kind of record, such as `sessions`."""
    resource_id: UUID
    """The id of the record concerned."""
    patient_id: UUID | None
    version: int | None
    """The record's version after a change; null where there is none."""
    reason: str | None
    """The reason that was given; null where none was."""
    body_digest: Annotated[
        str | None, Field(description="Hex SHA-256 of salt and body; null without a body.")
    ]
    leaf: Annotated[str, Field(description="Hex: the entry's leaf hash in the ledger's tree.")]


class DisclosureView(TypedDict, closed=True):
    """One read of a patient's data."""

    number: int
    """Its place in the ledger; the first entry is 1."""
    at: datetime
    """When the data were read."""
    operation: str
    """What was read, by the operation, such as `sessions.read`."""
    actor: str
    """Who read it: `practitioner:<id>`, `client:<id>` or `cli:<name>`."""
    actor_name: Annotated[
        str | None, Field(description="The name of who read it; null for the command line.")
    ]
    client: UUID | None
    """The id of the client; null if there was none."""
    client_name: Annotated[
        str | None,
        Field(description="What the clinic calls that account, device or program."),
    ]
    request_id: str
    resource: str
    """The kind of record, such as `sessions`."""
    resource_id: UUID
    """The id of the record that was read."""
    version: int | None
    """The version that was read; null where there is none."""
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
    """The number of entries in the smaller ledger."""
    new_size: int
    """The number of entries in the larger ledger."""
    hashes: Annotated[list[str], Field(description="Base64, as RFC 9162 orders them.")]
