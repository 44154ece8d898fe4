"""Idempotency-Key: a request that is sent twice is done once, and gets the same answer.

The key is stored as a unique row in the transaction of the change itself. A second request waits
for that row (PostgreSQL) or for the write lock (SQLite). Then the key is taken, so the request
rolls its own work back and returns the stored answer.
"""

import hashlib
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, LargeBinary, String, Text, bindparam, delete
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, mapped_column
from starlette.requests import Request
from starlette.responses import Response

from app.core.db.bulk import insert_unless_taken
from app.core.db.database import Database
from app.core.db.tables import ClinicOwned
from app.core.operation import CLINIC, Entry, Operation, rows
from app.core.values.faults import Fault
from app.core.values.problems import Invalid, KeyReused, StillRunning

KEPT = timedelta(hours=48)
CLEANUP_INTERVAL = timedelta(hours=1)
KEY_MAX = 255
# A header value that can be stored: visible ASCII, with spaces only inside.
KEY_PATTERN = r"^[!-~]([ -~]*[!-~])?$"
LOCK_NOT_AVAILABLE = "55P03"
FORM_KEY = "needlework.form_key"
"""The key of the ASGI scope that holds what a form is known by when it is sent again."""


class StoredAnswer(ClinicOwned):
    """The answer to one request that carried an Idempotency-Key."""

    __tablename__ = "stored_answers"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "client_id"], ["clients.clinic_id", "clients.id"]),
    )

    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(KEY_MAX), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[int]
    headers: Mapped[dict[str, Any]]
    body: Mapped[str] = mapped_column(Text)
    shown: Mapped[list[Any]] = mapped_column(server_default="[]")
    """The records in the answer, for access entries: a replay shows them again."""
    created_at: Mapped[datetime] = mapped_column(index=True)


class KeyTaken(Exception):
    """Another request with the same key was committed first."""


_FIND = rows(StoredAnswer).where(
    StoredAnswer.client_id == bindparam("client_id"), StoredAnswer.key == bindparam("key")
)
_DELETE_OLD = delete(StoredAnswer).where(
    StoredAnswer.clinic_id == CLINIC, StoredAnswer.created_at < bindparam("before")
)


_cleaned_up_at: dict[UUID, datetime] = {}
"""When this process last deleted the old answers of a clinic."""


def key(request: Request) -> str | None:
    """Return the Idempotency-Key of a request, or None. `Invalid` if it is malformed.

    A form of the console has one of its own, under `FORM_KEY`.
    """
    of_form: str | None = request.scope.get(FORM_KEY)
    if of_form is not None:
        return of_form
    value = request.headers.get("idempotency-key")
    if value is not None and not (len(value) <= KEY_MAX and re.fullmatch(KEY_PATTERN, value)):
        detail = f"Give 1 to {KEY_MAX} ASCII characters."
        raise Invalid([Fault("/Idempotency-Key", "key", detail)], "header")
    return value


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """Return SHA-256 of a request: equal for equal requests."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest()


def store_answer(op: Operation, key: str, digest: bytes, response: Response) -> None:
    """Store the answer under its key. Raises `KeyTaken` or `StillRunning`."""
    _delete_old(op)
    values = {
        "clinic_id": op.clinic_id,
        "client_id": op.caller.client_id,
        "key": key,
        "fingerprint": digest,
        "status": response.status_code,
        "headers": dict(response.headers),
        "body": bytes(response.body).decode(),
        "shown": [
            [e.resource, str(e.resource_id), str(e.patient_id), e.version]
            for e in op.entries
            if e.patient_id is not None
        ],
        "created_at": op.at,
    }
    try:
        stored = insert_unless_taken(op.db, StoredAnswer, values)
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            raise StillRunning from error
        raise
    if not stored:
        raise KeyTaken


def replay(database: Database, op: Operation, key: str, digest: bytes) -> Response | None:
    """Return the stored answer to this request, if any.

    Raises `KeyReused` if the key belongs to another request.
    """
    with database.reading(op.clinic_id) as db:
        op.begin(db)
        stored = op.first(_FIND, client_id=op.caller.client_id, key=key)
    if stored is None:
        return None
    if stored.fingerprint != digest:
        raise KeyReused
    for resource, id_, patient_id, version in stored.shown:
        op.entries.append(Entry("access", op.name, resource, UUID(id_), UUID(patient_id), version))
    headers = {**stored.headers, "Idempotency-Replayed": "true"}
    return Response(stored.body, stored.status, headers)


def _delete_old(op: Operation) -> None:
    """Delete the clinic's old answers, at most once an hour."""
    if op.at - _cleaned_up_at.get(op.clinic_id, op.at - CLEANUP_INTERVAL) >= CLEANUP_INTERVAL:
        op.run(_DELETE_OLD, {"before": op.at - KEPT})
        _cleaned_up_at[op.clinic_id] = op.at
