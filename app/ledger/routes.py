"""`/v1/changes`, `/v1/audit` and `/v1/patients/{patient_id}/disclosures`."""

from base64 import b64encode
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.core.access import Scope
from app.core.database import Database
from app.core.faults import Fault
from app.core.operation import Operation
from app.core.pages import Filters, view_of_page
from app.core.problems import Invalid, NotFound
from app.core.routing import Answer, Routes
from app.core.streams import Stream
from app.ledger import queries, service, signing, tiles
from app.ledger.export import archive
from app.ledger.format.note import proof_text
from app.ledger.format.tree import consistency, inclusion
from app.ledger.schemas import (
    NUMBER_MAX,
    ChangeFilters,
    ChangesView,
    ConsistencyFilters,
    ConsistencyView,
    DisclosureView,
    EntryFilters,
    EntryView,
)
from app.ledger.signing import NoSigningKey, StrangeKey

TEXT = "text/plain; charset=utf-8"
ZIP = "application/zip"
READ = Scope.AUDIT_READ

changes = Routes("/v1/changes", "changes")
audit = Routes("/v1/audit", "audit")
disclosures = Routes("/v1/patients/{patient_id}/disclosures", "audit")


@changes.get("", name="changes.list", scope=Scope.CHANGES_READ, view=ChangesView)
def list_changes(op: Operation, filters: ChangeFilters) -> Answer:
    """List changes in the order they were made.

    Numbers rise strictly; no change is missed, repeated or reordered however many writers
    there are. Keep `cursor` and pass it as `after` to go on later.
    """
    items, more = queries.changes(op, filters.after, filters.limit)
    service.record_patient_access(op, (item["patient_id"] for item in items))
    cursor = items[-1]["number"] if items else filters.after
    following = {"after": cursor} if more else None
    return Answer({"items": items, "next": None, "cursor": str(cursor)}, following=following)


@audit.get("/entries", name="audit.entries", scope=READ, view=view_of_page(EntryView))
def list_entries(op: Operation, filters: EntryFilters) -> Answer:
    """List the account, oldest first: changes, looks at patients' data, and denied attempts.

    Reading it is itself one entry. `next` leads through what was there at the first page: else
    each page would make another one to read.
    """
    items, cursor = queries.entries(op, filters)
    if items:
        service.record_ledger_access(op, filters.patient_id)
    until = {"at_to": op.at.isoformat()} if filters.at_to is None else {}
    following = None if cursor is None else {"cursor": cursor, **until}
    return Answer({"items": items, "next": None}, following=following)


@audit.get(
    "/checkpoint",
    name="audit.checkpoint",
    scope=READ,
    view=str,
    media=TEXT,
    problems=(NoSigningKey,),
)
def checkpoint(op: Operation) -> Answer:
    """Read the signed checkpoint (C2SP tlog-checkpoint) over every entry there is.

    Keep it: with it, an export can be checked against what the ledger was today.
    """
    size = tiles.size(op.db, op.clinic_id)
    return Answer(signing.checkpoint(op.db, op.clinic_id, size).encode())


@audit.get(
    "/proofs/{number}",
    name="audit.proof",
    scope=READ,
    view=str,
    media=TEXT,
    problems=(NotFound, NoSigningKey),
)
def proof(op: Operation, number: Annotated[int, Field(ge=1, le=NUMBER_MAX)]) -> Answer:
    """Read the proof (C2SP tlog-proof) that an entry is in the ledger. Its index is number - 1."""
    size = tiles.size(op.db, op.clinic_id)
    if number > size:
        raise NotFound
    hashes = inclusion(number - 1, size, tiles.Tree(op.db, op.clinic_id, size))
    note = signing.checkpoint(op.db, op.clinic_id, size)
    return Answer(proof_text(number - 1, hashes, note).encode())


@audit.get("/consistency", name="audit.consistency", scope=READ, view=ConsistencyView)
def consistent(op: Operation, filters: ConsistencyFilters) -> Answer:
    """Read the proof that the ledger at one size is the beginning of the ledger at another."""
    size = tiles.size(op.db, op.clinic_id)
    if filters.new > size:
        raise Invalid([Fault("/to", "beyond_ledger", "The ledger isn't that long.")], "query")
    if filters.old > filters.new:
        raise Invalid([Fault("/from", "after_to", "It is larger than `to`.")], "query")
    tree = tiles.Tree(op.db, op.clinic_id, filters.new)
    hashes = [b64encode(hash_).decode() for hash_ in consistency(filters.old, filters.new, tree)]
    return Answer({"old_size": filters.old, "new_size": filters.new, "hashes": hashes})


@audit.stream(
    "/export",
    name="audit.export",
    scope=READ,
    media=ZIP,
    problems=(NoSigningKey, StrangeKey),
)
def export(op: Operation, database: Database) -> Stream:
    """Download the whole account as a zip file that an auditor can check alone.

    `README.md` in it says how. The export is itself an entry of what it exports.
    """
    return Stream(archive(database, op), ZIP, "ledger.zip")


@disclosures.get(
    "",
    name="disclosures.list",
    scope=READ,
    view=view_of_page(DisclosureView),
    problems=(NotFound,),
)
def disclosed(op: Operation, patient_id: UUID, filters: Filters) -> Answer:
    """List who saw this patient's data, newest first: the report that a patient may ask for."""
    found = queries.disclosures(op, patient_id, filters)
    service.record_ledger_access(op, patient_id)
    return Answer.page(*found)
