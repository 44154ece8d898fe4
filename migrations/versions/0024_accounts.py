"""Accounts of people, in place of the one owner on SQLite.

Revision 0024, after 0023. An owner keeps their client, password and second factor, and gets an
account with the role `owner`, which the ledger states from now on.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.db.schema import each_clinic
from app.ledger.format import entry

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"
PROGRAMS = "'api_key', 'backend', 'device', 'identity'"
BEFORE, AFTER = f"{PROGRAMS}, 'owner'", f"{PROGRAMS}, 'account'"
ROLES = "'owner', 'practitioner', 'front-desk', 'auditor'"
ADD_ROLE = (
    "ALTER TABLE clients ADD COLUMN role VARCHAR(16)"
    f' CONSTRAINT ck_clients_role_known CHECK ("role" IN ({ROLES}))'
)
NAME = "owner"
ACTOR = "server:upgrade"
# The tables that refer to `clients`; a table comes before those that it refers to.
REFER = (
    *("stored_answers", "access_tokens", "used_assertions", "refresh_tokens", "browser_tokens"),
    *("identities", "emergencies", "devices", "owners"),
)
# For a program without accounts, which knows owners only: delete what others hold, and them.
OTHERS = "clinic_id = '{clinic}' AND client_id IN (SELECT id FROM clients WHERE {others})"
OTHER = "clinic_id = '{clinic}' AND kind = 'account' AND role <> 'owner'"
KEEP_OWNERS = """
INSERT INTO owners (clinic_id, client_id, password_hash, totp_secret, totp_step)
SELECT clinic_id, client_id, password_hash, totp_secret, totp_step FROM accounts
WHERE clinic_id = '{clinic}' AND password_hash IS NOT NULL AND name_key IS NOT NULL
"""
TO_ACCOUNT = "UPDATE clients SET kind = 'account', role = 'owner' WHERE kind = 'owner'"
TO_OWNER = "UPDATE clients SET kind = 'owner' WHERE kind = 'account'"


def table(called: str, /, **columns: Any) -> sa.TableClause:
    named = {"clinic_id": sa.Uuid(), **columns}
    return sa.table(called, *(sa.column(key, type_) for key, type_ in named.items()))


CLIENTS = table(
    "clients",
    id=sa.Uuid(),
    kind=sa.String(),
    name=sa.String(),
    role=sa.String(),
    created_at=INSTANT,
    revoked_at=INSTANT,
)
SECRETS = {
    "client_id": sa.Uuid(),
    "password_hash": sa.String(),
    "totp_secret": sa.String(),
    "totp_step": sa.BigInteger(),
}
OWNERS = table("owners", **SECRETS)
ACCOUNTS = table(
    "accounts",
    **SECRETS,
    sign_in_name=sa.String(),
    name_key=sa.String(),
    joined_at=INSTANT,
    version=sa.Integer(),
)
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


def upgrade() -> None:
    op.execute(ADD_ROLE)
    create_accounts()
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE accounts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_clinic ON accounts USING (clinic_id = {CLINIC})")
    owners_of = {} if op.get_context().as_sql else owners()
    know_kinds(AFTER, TO_ACCOUNT)
    if op.get_context().as_sql:
        return  # the entries need the rows, which no script has
    db = op.get_bind()
    for clinic_id in each_clinic(db):
        append(db, clinic_id, list(taken_over(db, clinic_id, owners_of.get(clinic_id, []))))


def downgrade() -> None:
    # The ledger keeps the entries of all accounts.
    db = op.get_bind()
    for clinic_id in each_clinic(db):
        others = OTHER.format(clinic=in_sql(db, clinic_id))
        held = OTHERS.format(clinic=in_sql(db, clinic_id), others=others)
        for name in (*REFER[:-1], "accounts"):
            db.execute(sa.text(f"DELETE FROM {name} WHERE {held}"))  # noqa: S608 - our own tables
        db.execute(sa.text(f"DELETE FROM clients WHERE {others}"))  # noqa: S608 - likewise
        db.execute(sa.text(KEEP_OWNERS.format(clinic=in_sql(db, clinic_id))))
    op.drop_table("accounts")
    know_kinds(BEFORE, TO_OWNER)


def in_sql(db: sa.Connection, id_: UUID) -> str:
    """Return an id as the database stores it."""
    return str(id_) if db.dialect.name == "postgresql" else id_.hex


def create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("sign_in_name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=200), nullable=True),
        sa.Column("practitioner_id", sa.Uuid(), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("totp_secret", sa.String(length=64), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=True),
        sa.Column("invitation_digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("invited_until", INSTANT, nullable=True),
        sa.Column("joined_at", INSTANT, nullable=True),
        sa.Column("last_sign_in_at", INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "client_id"],
            ["clients.clinic_id", "clients.id"],
            name="fk_accounts_clinic_id_client_id",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "practitioner_id"],
            ["practitioners.clinic_id", "practitioners.id"],
            name="fk_accounts_clinic_id_practitioner_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "client_id", name="pk_accounts"),
        sa.UniqueConstraint("clinic_id", "name_key", name="uq_accounts_clinic_id_name_key"),
    )


def know_kinds(kinds: str, change: str) -> None:
    """Let clients be of these kinds, change those of another kind, and keep roles for accounts."""
    check, has_roles = f'"kind" IN ({kinds})', kinds == AFTER
    if op.get_context().dialect.name == "postgresql":
        at, name = "ALTER TABLE clients", "ck_clients_kind_known"
        op.execute(f"-- squawk-ignore ban-drop-constraint\n{at} DROP CONSTRAINT {name}")
        # Before accounts, PostgreSQL had no owners; but a downgrade leaves some.
        clinics = () if op.get_context().as_sql else each_clinic(op.get_bind())
        for clinic_id in clinics:
            op.execute(f"{change} AND clinic_id = '{clinic_id}'")
        if not has_roles:
            op.drop_column("clients", "role")
        op.execute(f"{at} ADD CONSTRAINT {name} CHECK ({check}) NOT VALID")
        validate = f"{at} VALIDATE CONSTRAINT {name}"
        op.execute(f"-- squawk-ignore constraint-missing-not-valid\n{validate}")
        return
    # SQLite recreates a table to change it, so the rows that refer to it are saved first.
    for name in REFER:
        op.execute(f"CREATE TEMPORARY TABLE kept_{name} AS SELECT * FROM {name}")  # noqa: S608 - our own tables
        op.execute(f"DELETE FROM {name}")  # noqa: S608 - likewise
    with op.batch_alter_table("clients") as batch:
        batch.drop_constraint(op.f("ck_clients_kind_known"), type_="check")
        if not has_roles:
            batch.drop_constraint(op.f("ck_clients_role_known"), type_="check")
            batch.drop_column("role")
    op.execute(change)
    with op.batch_alter_table("clients") as batch:
        batch.create_check_constraint("kind_known", sa.text(check))
    for name in reversed(REFER):
        op.execute(f"INSERT INTO {name} SELECT * FROM kept_{name}")  # noqa: S608 - likewise
        op.execute(f"DROP TABLE kept_{name}")


def owners() -> dict[UUID, list[sa.Row[Any]]]:
    """Return the clients of owners, present and former, with their passwords, by clinic."""
    db, found = op.get_bind(), dict[UUID, list[sa.Row[Any]]]()
    joined = CLIENTS.outerjoin(
        OWNERS,
        sa.and_(OWNERS.c.clinic_id == CLIENTS.c.clinic_id, OWNERS.c.client_id == CLIENTS.c.id),
    )
    secrets = (OWNERS.c.password_hash, OWNERS.c.totp_secret, OWNERS.c.totp_step)
    wanted = sa.select(CLIENTS, *secrets).select_from(joined).where(CLIENTS.c.kind == "owner")
    for clinic_id in each_clinic(db):
        found[clinic_id] = list(db.execute(wanted.where(CLIENTS.c.clinic_id == clinic_id)).all())
    return found


def taken_over(
    db: sa.Connection, clinic_id: UUID, found: list[sa.Row[Any]]
) -> Iterator[dict[str, Any]]:
    """Give each owner an account, and yield what the ledger states about it."""
    for owner in found:
        in_force = owner.revoked_at is None and owner.password_hash is not None
        row = {
            "clinic_id": clinic_id,
            "client_id": owner.id,
            "sign_in_name": NAME,
            "name_key": NAME if in_force else None,
            "password_hash": owner.password_hash,
            "totp_secret": owner.totp_secret,
            "totp_step": owner.totp_step,
            "joined_at": owner.created_at,
            "version": 1,
        }
        db.execute(sa.insert(ACCOUNTS).values(**row))
        db.execute(
            sa.delete(OWNERS).where(OWNERS.c.clinic_id == clinic_id, OWNERS.c.client_id == owner.id)
        )
        yield {
            "id": str(owner.id),
            "name": owner.name,
            "sign_in_name": NAME,
            "role": "owner",
            "practitioner_id": None,
            "email": None,
            "created_at": instant(owner.created_at),
            "invited_until": None,
            "joined_at": instant(owner.created_at),
            "revoked_at": instant(owner.revoked_at),
            "version": 1,
        }


def instant(at: datetime | None) -> str | None:
    if at is None:
        return None
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return aware.isoformat().replace("+00:00", "Z")


def append(db: sa.Connection, clinic_id: UUID, new: list[dict[str, Any]]) -> None:
    """Number and insert entries, as the program does. The format of an entry never changes."""
    if not new:
        return
    own = HEADS.c.clinic_id == clinic_id
    grown = sa.update(HEADS).where(own).values(size=HEADS.c.size + len(new))
    first = db.execute(grown.returning(HEADS.c.size)).scalar_one() - len(new) + 1
    at, request_id = datetime.now(UTC), str(uuid4())
    for number, members in enumerate(new, first):
        public = {
            "clinic_id": str(clinic_id),
            "number": number,
            "kind": "change",
            "operation": "accounts.upgrade",
            "at": instant(at),
            "actor": ACTOR,
            "client": None,
            "request_id": request_id,
            "resource": "accounts",
            "resource_id": members["id"],
            "patient_id": None,
            "version": members["version"],
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
