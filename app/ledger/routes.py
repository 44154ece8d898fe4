"""`/v1/changes`, `/v1/audit` and `/v1/patients/{patient_id}/disclosures`."""

from base64 import b64encode
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import PlainTextResponse, Response

from app.core.db.database import Database
from app.core.http.answers import Answer, Page
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.pages import Filters
from app.core.http.routing import Route, TheDatabase
from app.core.http.streams import Stream, streamed
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.faults import Fault
from app.core.values.problems import Invalid, NotFound
from app.ledger import queries, service, signing, tiles
from app.ledger.errors import CursorSuperseded
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

Following = Annotated[Operation, Depends(Authorize(Scope.CHANGES_READ))]
Auditing = Annotated[Operation, Depends(Authorize(Scope.AUDIT_READ))]

changes = APIRouter(prefix="/v1/changes", tags=["changes"], route_class=Route)
audit = APIRouter(prefix="/v1/audit", tags=["audit"], route_class=Route)
disclosures = APIRouter(
    prefix="/v1/patients/{patient_id:uuid}/disclosures", tags=["audit"], route_class=Route
)


class Text(PlainTextResponse):
    """A text answer: a signed note or a proof."""

    media_type = "text/plain; charset=utf-8"


class Zip(Response):
    """A zip answer."""

    media_type = "application/zip"


@changes.get("", operation_id="changes.list", responses=documented(CursorSuperseded))
def list_changes(op: Following, filters: Annotated[ChangeFilters, Query()]) -> Answer[ChangesView]:
    """List changes in the order in which they were made.

    Numbers rise strictly. No change is missed, repeated or reordered, however many writers there
    are. Keep `cursor`, and send it as `after` to continue later. If a restored backup set the
    ledger back meanwhile, the answer is 410: then read again from the start.
    """
    items, cursor, more = queries.changes(op, filters.after, filters.limit)
    service.record_patient_access(op, (item["patient_id"] for item in items))
    body = {"items": items, "next": None, "next_cursor": cursor if more else None, "cursor": cursor}
    return Answer(body, following={"after": cursor} if more else None)


@audit.get("/entries", operation_id="audit.entries")
def list_entries(op: Auditing, filters: Annotated[EntryFilters, Query()]) -> Page[EntryView]:
    """List the ledger's entries, oldest first: changes, access to patients' data, denied attempts.

    Reading them makes an access entry itself. So `next` leads only through the entries that existed
    at the first page: otherwise each page would add an entry to read. If you send `next_cursor`
    instead, send `at_to` with it.
    """
    items, cursor = queries.entries(op, filters)
    if items:
        service.record_ledger_access(op, filters.patient_id)
    if cursor is None:
        return Page(items)
    until: dict[str, Any] = {"at_to": op.at.isoformat()} if filters.at_to is None else {}
    return Page(items, cursor, **until)


@audit.get(
    "/checkpoint",
    operation_id="audit.checkpoint",
    response_class=Text,
    responses=documented(NoSigningKey),
)
def checkpoint(op: Auditing) -> Text:
    """Read the signed checkpoint (C2SP tlog-checkpoint) over all entries.

    Keep it: with it, a later export can be checked against the ledger of today.
    """
    size = signing.checked_size(op.db, op.clinic_id)
    return Text(signing.checkpoint(op.db, op.clinic_id, size).encode())


@audit.get(
    "/proofs/{number}",
    operation_id="audit.proof",
    response_class=Text,
    responses=documented(NotFound, NoSigningKey),
)
def proof(
    op: Auditing,
    number: Annotated[int, Path(ge=1, le=NUMBER_MAX, description="The number of the entry.")],
) -> Text:
    """Read the proof (C2SP tlog-proof) of an entry in the ledger.

    Its index is `number` - 1. The proof holds a signed checkpoint, so that it can be checked
    offline.
    """
    size = signing.checked_size(op.db, op.clinic_id)
    if number > size:
        raise NotFound
    hashes = inclusion(number - 1, size, tiles.Tree(op.db, op.clinic_id, size))
    note = signing.checkpoint(op.db, op.clinic_id, size)
    return Text(proof_text(number - 1, hashes, note).encode())


@audit.get("/consistency", operation_id="audit.consistency")
def consistent(
    op: Auditing, filters: Annotated[ConsistencyFilters, Query()]
) -> Answer[ConsistencyView]:
    """Read the proof that the ledger of one size begins the ledger of a larger size.

    With it, an auditor who kept an earlier checkpoint sees that nothing before it was changed.
    """
    size = signing.checked_size(op.db, op.clinic_id)
    if filters.new > size:
        raise Invalid([Fault("/to", "beyond_ledger", "The ledger has fewer entries.")], "query")
    if filters.old > filters.new:
        raise Invalid([Fault("/from", "after_to", "`from` is larger than `to`.")], "query")
    tree = tiles.Tree(op.db, op.clinic_id, filters.new)
    hashes = [b64encode(hash_).decode() for hash_ in consistency(filters.old, filters.new, tree)]
    return Answer({"old_size": filters.old, "new_size": filters.new, "hashes": hashes})


@audit.get(
    "/export",
    operation_id="audit.export",
    response_class=Zip,
    responses=documented(NoSigningKey, StrangeKey),
)
async def export(op: Auditing, database: TheDatabase) -> Response:
    """Download the whole ledger as a zip file that an auditor can check offline.

    `README.md` in it explains how. The export itself is an entry of the exported ledger.
    """
    return await streamed(partial(_archive, op, database), op.clinic_id)


def _archive(op: Operation, database: Database) -> Stream:
    return Stream(archive(database, op), Zip.media_type, "ledger.zip")


@disclosures.get("", operation_id="disclosures.list", responses=documented(NotFound))
def disclosed(
    op: Auditing, patient_id: UUID, filters: Annotated[Filters, Query()]
) -> Page[DisclosureView]:
    """List who saw this patient's data, newest first: the report that a patient may request.

    Reading it makes an access entry itself.
    """
    found = queries.disclosures(op, patient_id, filters)
    service.record_ledger_access(op, patient_id)
    return Page(*found)
