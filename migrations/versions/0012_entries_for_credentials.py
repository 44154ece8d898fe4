"""The ledger states every credential that is there, and the rights that the upgrade gives.

Revision 0012, after 0011. From now on each stored verifier has an entry with its digest, so a key
that somebody swaps in the database is seen. Whoever may write sessions may go on signing them, and
whoever imports may go on creating patients and practitioners.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.ledger.format import entry

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
STATED = sa.text("body_digest IS NOT NULL")
ACTOR = "server:upgrade"
# The scopes that the holder of a scope gets. An owner has every scope.
GIVEN = {
    "sessions:write": {"sessions:sign"},
    "imports:write": {"patients:write", "practitioners:write"},
}
RESOURCES = {
    "api_key": "clients",
    "backend": "clients",
    "device": "devices",
    "identity": "identities",
    "owner": "owners",
}


CLIENT = {"client_id": sa.Uuid()}


def table(called: str, /, **columns: Any) -> sa.TableClause:
    named = {"clinic_id": sa.Uuid(), **columns}
    return sa.table(called, *(sa.column(key, type_) for key, type_ in named.items()))


CLINICS = table("clinics")
HEADS = table("ledger_heads", size=sa.BigInteger())
CLIENTS = table(
    "clients",
    id=sa.Uuid(),
    kind=sa.String(),
    name=sa.String(),
    scopes=JSON,
    jwks=JSON,
    jwks_url=sa.String(),
    made_by=sa.Uuid(),
    secret_digest=sa.LargeBinary(),
    created_at=INSTANT,
    expires_at=INSTANT,
    revoked_at=INSTANT,
)
DEVICES = table(
    "devices",
    **CLIENT,
    practitioner_id=sa.Uuid(),
    code_digest=sa.LargeBinary(),
    code_expires_at=INSTANT,
    enrolled_at=INSTANT,
)
IDENTITIES = table("identities", **CLIENT, practitioner_id=sa.Uuid())
OWNERS = table("owners", **CLIENT, password_hash=sa.String())
TOKENS = table("access_tokens", digest=sa.LargeBinary(), scopes=JSON)
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


def upgrade() -> None:
    op.create_index(
        "ix_ledger_entries_stated",
        "ledger_entries",
        ["clinic_id", "resource_id", "number"],
        postgresql_where=STATED,
        sqlite_where=STATED,
    )
    if op.get_context().as_sql:
        return  # the entries need the rows, which no script has
    db = op.get_bind()
    is_postgresql = db.dialect.name == "postgresql"
    if is_postgresql:
        db.execute(sa.text("SET LOCAL row_security = on"))
    for clinic_id in db.execute(sa.select(CLINICS.c.clinic_id)).scalars().all():
        if is_postgresql:
            db.execute(sa.text(f"SET LOCAL app.clinic = '{clinic_id}'"))
        append(db, clinic_id, list(stated(db, clinic_id)))
    if is_postgresql:
        db.execute(sa.text("SET LOCAL app.clinic = ''; SET LOCAL row_security = off"))


def downgrade() -> None:
    # The entries stay, because the ledger is append-only. An earlier program ignores new scopes.
    op.drop_index("ix_ledger_entries_stated", "ledger_entries")


def stated(db: sa.Connection, clinic_id: UUID) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give scopes and makers, and yield kind, resource and body of each new entry."""
    clients = rows(db, CLIENTS, clinic_id, key="id")
    devices = rows(db, DEVICES, clinic_id)
    identities = rows(db, IDENTITIES, clinic_id)
    owners = rows(db, OWNERS, clinic_id)
    makers = makers_of(db, clinic_id, clients, next(iter(owners), None))
    for id_, client in clients.items():
        scopes = with_given(client)
        # An expiry given on the command line was stated with its own offset, and stored in UTC.
        if scopes != client.scopes or client.expires_at is not None:
            change(db, CLIENTS, clinic_id, CLIENTS.c.id == id_, scopes=scopes)
            more = devices.get(id_) or identities.get(id_)
            yield "change", RESOURCES[client.kind], body(client, scopes, more)
        if makers.get(id_) is not None:
            change(db, CLIENTS, clinic_id, CLIENTS.c.id == id_, made_by=makers[id_])
        verifiers = {
            "secret_digest": client.secret_digest,
            "code_digest": devices[id_].code_digest if id_ in devices else None,
            "password_hash": owners[id_].password_hash.encode() if id_ in owners else None,
        }
        digests = {name: sha256(of).hexdigest() for name, of in verifiers.items() if of is not None}
        maker = makers.get(id_)
        named = {"id": str(id_), "made_by": maker and str(maker), "verifiers": digests}
        named["earlier_secret_until"] = None
        yield "security", "credentials", named
    for token in db.execute(sa.select(TOKENS).where(TOKENS.c.clinic_id == clinic_id)).all():
        if "sessions:write" in token.scopes:
            scopes = sorted({*token.scopes, "sessions:sign"})
            change(db, TOKENS, clinic_id, TOKENS.c.digest == token.digest, scopes=scopes)


def rows(
    db: sa.Connection, of: sa.TableClause, clinic_id: UUID, key: str = "client_id"
) -> dict[UUID, sa.Row[Any]]:
    found = db.execute(sa.select(of).where(of.c.clinic_id == clinic_id)).all()
    return {getattr(row, key): row for row in found}


def change(
    db: sa.Connection, of: sa.TableClause, clinic_id: UUID, one: Any, **values: object
) -> None:
    db.execute(sa.update(of).where(of.c.clinic_id == clinic_id, one).values(**values))


def with_given(client: sa.Row[Any]) -> list[str]:
    """Return a client's scopes with those that the upgrade gives it, if it is in force."""
    held = set(client.scopes)
    given = set().union(*(more for scope, more in GIVEN.items() if scope in held))
    if client.kind == "owner":
        given |= {"clinic:write", "emergency_reviews:write"}
    return client.scopes if client.revoked_at or given <= held else sorted(held | given)


def makers_of(
    db: sa.Connection, clinic_id: UUID, clients: dict[UUID, sa.Row[Any]], owner: UUID | None
) -> dict[UUID, UUID | None]:
    """Return who made each client, by its first entry. A new password was a new owner before."""
    found = db.execute(
        sa.select(ENTRIES.c.resource_id, ENTRIES.c.client).where(
            ENTRIES.c.clinic_id == clinic_id,
            ENTRIES.c.resource_id.in_(list(clients)),
            ENTRIES.c.operation.in_([f"{name}.create" for name in set(RESOURCES.values())]),
            ENTRIES.c.client.is_not(None),
        )
    )
    was_owner = {id_ for id_, client in clients.items() if client.kind == "owner"}
    return {made: owner if maker in was_owner else maker for made, maker in found}


def body(client: sa.Row[Any], scopes: list[str], more: sa.Row[Any] | None) -> dict[str, Any]:
    """Return the members that the entries of this kind of client have."""
    members = {
        "id": str(client.id),
        "name": client.name,
        "scopes": scopes,
        "created_at": instant(client.created_at),
        "revoked_at": instant(client.revoked_at),
    }
    if client.kind in {"api_key", "backend"}:
        members |= {"kind": client.kind, "jwks": client.jwks, "jwks_url": client.jwks_url}
        members["expires_at"] = instant(client.expires_at)
    if more is not None:
        members["practitioner_id"] = str(more.practitioner_id)
    if client.kind == "device" and more is not None:
        members["code_expires_at"] = instant(more.code_expires_at)
        members["enrolled_at"] = instant(more.enrolled_at)
    return members


def instant(at: datetime | None) -> str | None:
    if at is None:
        return None
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return aware.isoformat().replace("+00:00", "Z")


def append(db: sa.Connection, clinic_id: UUID, new: list[tuple[str, str, dict[str, Any]]]) -> None:
    """Number and insert entries, as the program does. The format of an entry never changes."""
    if not new:
        return
    own = HEADS.c.clinic_id == clinic_id
    grown = sa.update(HEADS).where(own).values(size=HEADS.c.size + len(new))
    first = db.execute(grown.returning(HEADS.c.size)).scalar_one() - len(new) + 1
    at, request_id = datetime.now(UTC), str(uuid4())
    for number, (kind, resource, members) in enumerate(new, first):
        public = {
            "clinic_id": str(clinic_id),
            "number": number,
            "kind": kind,
            "operation": f"{resource}.upgrade",
            "at": instant(at),
            "actor": ACTOR,
            "client": None,
            "request_id": request_id,
            "resource": resource,
            "resource_id": members["id"],
            "patient_id": None,
            "version": None,
            "reason": None,
        }
        content, salt = entry.canonical(members), os.urandom(entry.SALT_BYTES)
        digest = entry.body_digest(salt, content)
        leaf = entry.leaf(entry.canonical({**public, "body_digest": digest.hex()}))
        row = {
            **public,
            "clinic_id": clinic_id,
            "resource_id": UUID(members["id"]),
            "at": at if db.dialect.name == "postgresql" else at.replace(tzinfo=None),
            "body": content.decode(),
            "salt": salt,
            "body_digest": digest,
            "leaf": leaf,
        }
        db.execute(sa.insert(ENTRIES).values(**row))
