"""Store when clients called last: no request waits for that, and each client has one write an hour.

What a process noted within the last minute is lost if it is killed.
"""

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, update

from app.auth.models import Client
from app.auth.queries import Authenticator
from app.core.db.database import Database
from app.core.operation import CLINIC, Operation, perform
from app.core.values.access import server
from app.core.values.clock import uuid7

_USE: Final = (
    update(Client)
    .where(Client.clinic_id == CLINIC, Client.id.in_(bindparam("used", expanding=True)))
    .values(last_used_at=bindparam("at"))
)


def storing_uses(authenticate: Authenticator) -> Callable[[Database, Event | None], None]:
    """Return the chore that stores which clients called since its last run."""

    def store_uses(database: Database, end: Event | None = None) -> None:
        of_clinics = defaultdict[UUID, list[UUID]](list)
        for client_id, clinic_id in authenticate.take_used().items():
            of_clinics[clinic_id].append(client_id)
        for clinic_id, used in of_clinics.items():
            if end is not None and end.is_set():
                return
            op = Operation("clients.use", server(clinic_id, "keeper"), str(uuid7()))
            perform(database, op, partial(_store, op, used))

    return store_uses


def _store(op: Operation, used: list[UUID]) -> None:
    op.run(_USE, {"used": used, "at": op.at})
