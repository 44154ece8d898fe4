"""Alerts.

Revision 0022, after 0021. A session that is marked since before there were alerts gets an open
alert, with an entry in the ledger; the session stays as it is. Nobody is sent a message about
these. Owners may read and acknowledge alerts, and so may whoever signs sessions; whoever reads
follow-ups may read alerts.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.db.schema import each_clinic
from app.core.values.clock import uuid7_at
from app.ledger.format import entry

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"
OPEN = sa.text("status = 'open'")
ACTOR = "server:upgrade"
# The scopes that the holder of a scope gets.
GIVEN = {"follow_ups:read": {"alerts:read"}, "sessions:sign": {"alerts:read", "alerts:write"}}
OWNERS_SCOPES = {"alerts:read", "alerts:write"}
RESOURCES = {
    "api_key": "clients",
    "backend": "clients",
    "device": "devices",
    "identity": "identities",
    "owner": "owners",
}


def table(called: str, /, **columns: Any) -> sa.TableClause:
    named = {"clinic_id": sa.Uuid(), **columns}
    return sa.table(called, *(sa.column(name, type_) for name, type_ in named.items()))


HEADS = table("ledger_heads", size=sa.BigInteger())
ENTRIES = table(
    "ledger_entries",
    number=sa.BigInteger(),
    kind=sa.String(),
    operation=sa.String(),
    at=INSTANT,
    actor=sa.String(),
    client=sa.Uuid(),
    request_id=sa.String(),
    resource=sa.String(),
    resource_id=sa.Uuid(),
    patient_id=sa.Uuid(),
    version=sa.Integer(),
    reason=sa.Text(),
    body=sa.Text(),
    salt=sa.LargeBinary(),
    body_digest=sa.LargeBinary(),
    leaf=sa.LargeBinary(),
)
CLIENTS = table("clients", id=sa.Uuid(), kind=sa.String(), scopes=JSON, revoked_at=INSTANT)
TOKENS = table("access_tokens", digest=sa.LargeBinary(), scopes=JSON)
SESSIONS = table("sessions", id=sa.Uuid(), patient_id=sa.Uuid(), alert=sa.Boolean())
REPORTS = table("follow_ups", session_id=sa.Uuid(), reported_at=INSTANT, red_flags=JSON)
ALERTS = table(
    "alerts",
    id=sa.Uuid(),
    patient_id=sa.Uuid(),
    session_id=sa.Uuid(),
    source=JSON,
    source_key=sa.String(),
    reasons=JSON,
    raised_at=INSTANT,
    status=sa.String(),
    notes=JSON,
    version=sa.Integer(),
    created_at=INSTANT,
    updated_at=INSTANT,
    created_from=sa.LargeBinary(),
)


class Stated(NamedTuple):
    """What an entry states."""

    resource: str
    body: dict[str, Any]
    patient_id: UUID | None = None


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("source", JSON, nullable=False),
        sa.Column("source_key", sa.String(length=100), nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("raised_at", INSTANT, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("acknowledged_by", sa.String(length=100), nullable=True),
        sa.Column("acknowledged_at", INSTANT, nullable=True),
        sa.Column("action", sa.String(length=24), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("notes", JSON, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("created_from", sa.LargeBinary(length=32), nullable=False),
        one_of("status", ("open", "acknowledged")),
        one_of("action", ("called", "seen", "sent_to_emergency", "other")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name="fk_alerts_clinic_id_patient_id",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["sessions.clinic_id", "sessions.id"],
            name="fk_alerts_clinic_id_session_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id"),
    )
    op.create_index(
        "ix_alerts_open_source",
        "alerts",
        ["clinic_id", "source_key"],
        unique=True,
        postgresql_where=OPEN,
        sqlite_where=OPEN,
    )
    op.create_index("ix_alerts_raised", "alerts", ["clinic_id", "raised_at", "id"])
    op.create_index("ix_alerts_status", "alerts", ["clinic_id", "status", "raised_at", "id"])
    op.create_index("ix_alerts_patient", "alerts", ["clinic_id", "patient_id", "raised_at", "id"])
    op.create_index("ix_alerts_session", "alerts", ["clinic_id", "session_id"])
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE alerts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_clinic ON alerts USING (clinic_id = {CLINIC})")
    if op.get_context().as_sql:
        return  # the alerts need the sessions, which no script has
    db, at = op.get_bind(), datetime.now(UTC)
    for clinic_id in each_clinic(db):
        append(db, clinic_id, at, [*alerts(db, clinic_id, at), *rights(db, clinic_id)])


def downgrade() -> None:
    # The entries stay, because the ledger is append-only. An earlier program ignores new scopes.
    op.drop_table("alerts")


def one_of(column: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f'"{column}" IN ({listed})', name=f"{column}_known")


def alerts(db: sa.Connection, clinic_id: UUID, at: datetime) -> Iterator[Stated]:
    """Raise an alert for each session that is marked, and yield its entry."""
    marked = sa.select(SESSIONS.c.id, SESSIONS.c.patient_id).where(
        SESSIONS.c.clinic_id == clinic_id, SESSIONS.c.alert.is_(True)
    )
    for session_id, patient_id in db.execute(marked.order_by(SESSIONS.c.id)).all():
        # The same session gets the same alert again, should the upgrade be repeated.
        seed = hashlib.sha256(f"{clinic_id}/alerts/{session_id}".encode()).digest()
        flags = red_flags(db, clinic_id, session_id)
        body: dict[str, Any] = {
            "id": str(uuid7_at(0, seed[:10])),
            "patient_id": str(patient_id),
            "session_id": str(session_id),
            "source": {"resource": "sessions", "id": str(session_id)},
            "reasons": list(dict.fromkeys(["before_alerts", *flags])),
            "raised_at": instant(marked_at(db, clinic_id, session_id) or at),
            "status": "open",
            **dict.fromkeys(("acknowledged_by", "acknowledged_at", "action", "note")),
            "notes": [],
            "version": 1,
            "created_at": instant(at),
            "updated_at": instant(at),
        }
        moments = {name: at_of(db, at) for name in ("created_at", "updated_at")}
        raised_at = at_of(db, datetime.fromisoformat(body["raised_at"]))
        row = {name: body[name] for name in ("source", "reasons", "status", "notes", "version")}
        own = {
            "clinic_id": clinic_id,
            "id": UUID(body["id"]),
            "source_key": f"sessions:{session_id}",
        }
        digest = hashlib.sha256(entry.canonical(body)).digest()
        of = {"patient_id": patient_id, "session_id": session_id, "created_from": digest}
        values = {**row, **own, **of, **moments, "raised_at": raised_at}
        db.execute(sa.insert(ALERTS).values(**values))
        yield Stated("alerts", body, patient_id)


def red_flags(db: sa.Connection, clinic_id: UUID, session_id: UUID) -> Iterator[str]:
    found = sa.select(REPORTS.c.red_flags).where(
        REPORTS.c.clinic_id == clinic_id, REPORTS.c.session_id == session_id
    )
    for flags in db.execute(found.order_by(REPORTS.c.reported_at)).scalars():
        yield from flags


def marked_at(db: sa.Connection, clinic_id: UUID, session_id: UUID) -> datetime | None:
    """Return when the session was marked first; None if its ledger doesn't say."""
    stated = sa.select(sa.func.min(ENTRIES.c.at)).where(
        ENTRIES.c.clinic_id == clinic_id,
        ENTRIES.c.resource_id == session_id,
        ENTRIES.c.operation == "sessions.alert",
    )
    found: datetime | None = db.execute(stated).scalar_one()
    return found


def rights(db: sa.Connection, clinic_id: UUID) -> Iterator[Stated]:
    """Give the new scopes, and yield resource and body of each entry: the newest one, with them."""
    for client in db.execute(sa.select(CLIENTS).where(CLIENTS.c.clinic_id == clinic_id)).all():
        scopes = with_given(client.scopes)
        if client.kind == "owner":
            scopes = sorted({*scopes, *OWNERS_SCOPES})
        resource = RESOURCES[client.kind]
        body = newest(db, clinic_id, resource, client.id)
        if client.revoked_at is not None or scopes == client.scopes or body is None:
            continue
        own = sa.and_(CLIENTS.c.clinic_id == clinic_id, CLIENTS.c.id == client.id)
        db.execute(sa.update(CLIENTS).where(own).values(scopes=scopes))
        yield Stated(resource, {**body, "scopes": scopes})
    for token in db.execute(sa.select(TOKENS).where(TOKENS.c.clinic_id == clinic_id)).all():
        scopes = with_given(token.scopes)
        if scopes != token.scopes:
            own = sa.and_(TOKENS.c.clinic_id == clinic_id, TOKENS.c.digest == token.digest)
            db.execute(sa.update(TOKENS).where(own).values(scopes=scopes))


def with_given(scopes: list[str]) -> list[str]:
    held = set(scopes)
    given = set().union(*(more for scope, more in GIVEN.items() if scope in held))
    return scopes if given <= held else sorted(held | given)


def newest(db: sa.Connection, clinic_id: UUID, resource: str, id_: UUID) -> dict[str, Any] | None:
    """Return the body of the newest entry about a client."""
    stated = (
        sa.select(ENTRIES.c.body)
        .where(
            ENTRIES.c.clinic_id == clinic_id,
            ENTRIES.c.resource == resource,
            ENTRIES.c.resource_id == id_,
            ENTRIES.c.body_digest.is_not(None),
        )
        .order_by(ENTRIES.c.number.desc())
        .limit(1)
    )
    text = db.execute(stated).scalar_one_or_none()
    body: dict[str, Any] | None = None if text is None else json.loads(text)
    return body


def instant(at: datetime) -> str:
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return aware.isoformat().replace("+00:00", "Z")


def at_of(db: sa.Connection, at: datetime) -> datetime:
    return at if db.dialect.name == "postgresql" else at.replace(tzinfo=None)


def append(db: sa.Connection, clinic_id: UUID, at: datetime, stated: list[Stated]) -> None:
    """Number and insert entries, as the program does. The format of an entry never changes."""
    if not stated:
        return
    own = HEADS.c.clinic_id == clinic_id
    grown = sa.update(HEADS).where(own).values(size=HEADS.c.size + len(stated))
    first = db.execute(grown.returning(HEADS.c.size)).scalar_one() - len(stated) + 1
    request_id = str(uuid4())
    for number, (resource, members, patient_id) in enumerate(stated, first):
        public = {
            "clinic_id": str(clinic_id),
            "number": number,
            "kind": "change",
            "operation": f"{resource}.upgrade",
            "at": instant(at),
            "actor": ACTOR,
            "client": None,
            "request_id": request_id,
            "resource": resource,
            "resource_id": members["id"],
            "patient_id": patient_id and str(patient_id),
            "version": members.get("version"),
            "reason": None,
        }
        content, salt = entry.canonical(members), os.urandom(entry.SALT_BYTES)
        digest = entry.body_digest(salt, content)
        leaf = entry.leaf(entry.canonical({**public, "body_digest": digest.hex()}))
        row = {
            **public,
            "clinic_id": clinic_id,
            "resource_id": UUID(members["id"]),
            "patient_id": patient_id,
            "at": at_of(db, at),
            "body": content.decode(),
            "salt": salt,
            "body_digest": digest,
            "leaf": leaf,
        }
        db.execute(sa.insert(ENTRIES).values(**row))
