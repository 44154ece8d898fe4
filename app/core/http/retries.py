"""Idempotency-Key: a request that is sent twice is done once, and gets the same answer.

The key is stored as a unique row, in the transaction of the change itself. The second request
waits for that row (PostgreSQL) or for its turn to write (SQLite). Then it finds the key taken,
rolls its own work back and answers with what was stored.
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
FORGET_EVERY = timedelta(hours=1)
KEY_MAX = 255
# What can stand in a header and be stored: visible ASCII, with blanks inside at most.
KEY_PATTERN = r"^[!-~]([ -~]*[!-~])?$"
LOCK_NOT_AVAILABLE = "55P03"


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
    """The records in it, as members of an `Entry`: a replay shows them again."""
    created_at: Mapped[datetime] = mapped_column(index=True)


class KeyTaken(Exception):
    """Another request with the same key was committed first."""


_FIND = rows(StoredAnswer).where(
    StoredAnswer.client_id == bindparam("client_id"), StoredAnswer.key == bindparam("key")
)
_FORGET = delete(StoredAnswer).where(
    StoredAnswer.clinic_id == CLINIC, StoredAnswer.created_at < bindparam("before")
)


_forgot_at: dict[UUID, datetime] = {}
"""When this process last deleted a clinic's old answers."""


def key(request: Request) -> str | None:
    """The Idempotency-Key of a request, if it has one; `Invalid` if it can't be one."""
    sent = request.headers.get("idempotency-key")
    if sent is not None and not (len(sent) <= KEY_MAX and re.fullmatch(KEY_PATTERN, sent)):
        wanted = f"Give 1 to {KEY_MAX} characters of ASCII."
        raise Invalid([Fault("/Idempotency-Key", "key", wanted)], "header")
    return sent


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """A digest that is equal for two requests that are the same."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest()


def remember(op: Operation, key: str, print_: bytes, response: Response) -> None:
    """Store the answer under its key, or raise `KeyTaken`."""
    _forget_old(op)
    values = {
        "clinic_id": op.clinic_id,
        "client_id": op.caller.client_id,
        "key": key,
        "fingerprint": print_,
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


def recall(database: Database, op: Operation, key: str, print_: bytes) -> Response | None:
    """The stored answer to this request; `KeyReused` if the key belongs to another one."""
    with database.reading(op.clinic_id) as db:
        op.begin(db)
        stored = op.first(_FIND, client_id=op.caller.client_id, key=key)
    if stored is None:
        return None
    if stored.fingerprint != print_:
        raise KeyReused
    for resource, id_, patient_id, version in stored.shown:
        op.entries.append(Entry("access", op.name, resource, UUID(id_), UUID(patient_id), version))
    headers = {**stored.headers, "Idempotency-Replayed": "true"}
    return Response(stored.body, stored.status, headers)


def _forget_old(op: Operation) -> None:
    """Delete the clinic's answers that are past their time, once an hour."""
    if op.at - _forgot_at.get(op.clinic_id, op.at - FORGET_EVERY) >= FORGET_EVERY:
        op.run(_FORGET, {"before": op.at - KEPT})
        _forgot_at[op.clinic_id] = op.at
