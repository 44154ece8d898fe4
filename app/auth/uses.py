"""Store when clients called last: no request waits for that, and each client has one write an hour.

What a process noted within the last minute is lost if it is killed.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from functools import partial
from threading import Event
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, or_, update

from app.auth.models import Client
from app.auth.queries import Authenticator
from app.core.db.database import Database
from app.core.http.logs import log
from app.core.operation import CLINIC, Operation, perform
from app.core.values.access import server
from app.core.values.clock import uuid7

_USE: Final = (
    update(Client)
    .where(
        Client.clinic_id == CLINIC,
        Client.id == bindparam("used"),
        # Another process may have stored a later use.
        or_(Client.last_used_at.is_(None), Client.last_used_at < bindparam("at")),
    )
    .values(last_used_at=bindparam("at"))
)


def storing_uses(authenticate: Authenticator) -> Callable[[Database, Event | None], None]:
    """Return the chore that stores which clients called since its last run."""

    def store_uses(database: Database, end: Event | None = None) -> None:
        del end  # what was taken is stored, also when the process ends
        of_clinics = defaultdict[UUID, dict[UUID, datetime]](dict)
        for client_id, use in authenticate.take_used().items():
            of_clinics[use.clinic_id][client_id] = use.at
        for clinic_id, used in of_clinics.items():
            op = Operation("clients.use", server(clinic_id, "keeper"), str(uuid7()))
            perform(database, op, partial(_store, op, used))

    return store_uses


def store_last(store_uses: Callable[[Database, Event | None], None], database: Database) -> None:
    """Store the uses of the last minute when the process ends, if the database answers."""
    try:
        store_uses(database, None)
    except Exception as error:  # noqa: BLE001 - the process must end in any case
        log.warning("last-uses", error=type(error).__name__)


def _store(op: Operation, used: dict[UUID, datetime]) -> None:
    for client_id, at in used.items():
        op.run(_USE, {"used": client_id, "at": at})
