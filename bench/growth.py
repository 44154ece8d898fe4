"""Fill a clinic to any size, fast: PostgreSQL copies one session."""

from collections.abc import Mapping
from typing import Final

import psycopg
from psycopg import sql

FEW: Final = 10_000
SESSIONS_OF_A_PATIENT: Final = 50
# Ids that increase with time, as real ones do; `n` is the number of the copy.
_ID = "('019{kind}000-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"
_SESSION_ID = _ID.format(kind="00", number="n")
_PATIENT_ID = _ID.format(kind="01", number=f"n / {SESSIONS_OF_A_PATIENT} + 1")
_AT = "timestamptz '2020-01-01 00:00Z' + n * interval '1 minute'"
# The columns that differ between copies, by table, in the order of references.
COPIES: Final[Mapping[str, Mapping[str, str]]] = {
    "patients": {"id": _ID.format(kind="01", number="n")},
    "sessions": {
        "id": _SESSION_ID,
        "patient_id": _PATIENT_ID,
        "occurred_at": _AT,
        "created_at": _AT,
        "updated_at": _AT,
    },
    "needlings": {"session_id": _SESSION_ID},
    "session_measurements": {"session_id": _SESSION_ID},
    "follow_ups": {
        "id": _ID.format(kind="02", number="n"),
        "session_id": _SESSION_ID,
        "patient_id": _PATIENT_ID,
        "reported_at": _AT,
    },
    "ledger_entries": {
        "number": "(SELECT size FROM ledger_heads) + n",
        "resource_id": _SESSION_ID,
        "patient_id": _PATIENT_ID,
        "at": _AT,
        "body": "'{}'",
    },
}
_COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"


def grow(url: str, session_id: str, sessions: int) -> None:
    """Add this many copies of a session, with all rows that belong to it."""
    template = {
        "patients": "id = (SELECT patient_id FROM sessions WHERE id = %s)",
        "sessions": "id = %s",
        "ledger_entries": "resource_id = %s",
    }
    with psycopg.connect(url) as db:
        db.execute(
            "SET session_replication_role = replica"
        )  # no foreign key checks: the copies fit
        for table, differing in COPIES.items():
            where = template.get(table, "session_id = %s")
            patients = sessions // SESSIONS_OF_A_PATIENT + 1
            copies = patients if table == "patients" else sessions
            _copy(db, table, differing, where, session_id, copies)
        db.execute("UPDATE ledger_heads SET size = size + %s", (sessions,))


def _copy(
    db: psycopg.Connection,
    table: str,
    differing: Mapping[str, str],
    where: str,
    session_id: str,
    copies: int,
) -> None:
    columns = [name for (name,) in db.execute(_COLUMNS, (table,)).fetchall()]
    values = [differing.get(name, f't."{name}"') for name in columns]
    statement = (
        f"INSERT INTO {table} SELECT {', '.join(values)} FROM generate_series(1, %s) n,"  # noqa: S608 - our own names
        f" (SELECT * FROM {table} WHERE {where}) t"
    )
    db.execute(statement.encode(), (copies, session_id))


def analyze(url: str) -> None:
    """Vacuum and analyze, as autovacuum would have done over time."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(sql.SQL("VACUUM ANALYZE"))
