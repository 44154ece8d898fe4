"""The keeper: grows every clinic's tree in the background, and signs a checkpoint once a day."""

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from app.core.db.database import Database
from app.core.http.logs import log
from app.core.operation import rows
from app.core.values.clock import now
from app.core.values.problems import LedgerDamaged
from app.ledger import signing, tiles
from app.ledger.models import LedgerCheckpoint, LedgerHead

EVERY_S = 60
SEALED_EVERY = timedelta(days=1)

# Like the look-up of a token, this query can't filter by clinic: it lists the clinics.
_CLINICS = select(LedgerHead.clinic_id, LedgerHead.size).order_by(LedgerHead.clinic_id)
_LAST_SEALED = rows(
    LedgerCheckpoint, func.max(LedgerCheckpoint.size), func.max(LedgerCheckpoint.at)
)


Chore = Callable[[Database, threading.Event], None]
"""A background job. It returns early once the event is set."""


class Keeper:
    """A background thread that keeps the ledgers, and does the chores of the features every minute.

    Several processes may each run one: their work is idempotent.
    """

    def __init__(self, database: Database, *chores: Chore) -> None:
        self._database = database
        self._chores = (keep, *chores)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop the thread after the present clinic, and wait for that."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            signing.check_keys()
        except signing.NoSigningKey:
            log.warning("no-signing-key")
        while not self._end.wait(EVERY_S):
            for chore in self._chores:
                try:
                    chore(self._database, self._end)
                except Exception as error:  # noqa: BLE001 - the next minute tries again
                    log.warning("keeper", chore=chore.__name__, error=type(error).__name__)


def keep(database: Database, end: threading.Event | None = None) -> None:
    """Store the complete tiles of every clinic's tree, and sign the checkpoints that are due."""
    with database.reading() as db:
        clinics = db.execute(_CLINICS).all()
    for clinic_id, size in clinics:
        if end is not None and end.is_set():
            return
        try:
            tiles.grow(database, clinic_id)
            if _is_due(database, clinic_id, size):
                signing.seal(database, clinic_id, now())
        except signing.NoSigningKey as problem:
            log.warning(problem.code)
        except LedgerDamaged as damage:
            # A ledger that was tampered with must not keep the others from being signed.
            log.warning(damage.code, clinic_id=str(clinic_id))


def _is_due(database: Database, clinic_id: UUID, size: int) -> bool:
    with database.reading(clinic_id) as db:
        sealed, at = db.execute(_LAST_SEALED, {"clinic": clinic_id}).one()
    return at is None or (size > sealed and now() - at >= SEALED_EVERY)
