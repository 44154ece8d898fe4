"""Emergency access, and the owner who signs in with a password.

Revision 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
KINDS = "'api_key', 'backend', 'device', 'identity'"
# Deletes the tokens of owners.
FORGET_TOKENS = """
DELETE FROM {table} AS held WHERE EXISTS (
  SELECT 1 FROM clients AS client
  WHERE client.clinic_id = held.clinic_id AND client.id = held.client_id
    AND client.kind = 'owner'
)
"""
# The tables that refer to `clients`; a table comes before those that it refers to.
REFER = (
    *("stored_answers", "access_tokens", "used_assertions", "refresh_tokens"),
    *("identities", "emergencies", "devices"),
)


def upgrade() -> None:
    create_emergencies()
    know_kinds(f"{KINDS}, 'owner'")
    hold_refresh_tokens_to("clients", "id")
    create_owners()


def downgrade() -> None:
    op.drop_table("owners")
    for table in ("stored_answers", "access_tokens", "refresh_tokens"):
        op.execute(FORGET_TOKENS.format(table=table))
    op.execute("DELETE FROM clients WHERE kind = 'owner'")
    hold_refresh_tokens_to("devices", "client_id")
    know_kinds(KINDS)
    op.drop_table("emergencies")


def know_kinds(kinds: str) -> None:
    check = f'"kind" IN ({kinds})'
    if op.get_context().dialect.name == "postgresql":
        replace_constraint("clients", "ck_clients_kind_known", f"CHECK ({check})")
        return
    # SQLite recreates a table to change it, so the rows that refer to it are saved first.
    for table in REFER:
        op.execute(f"CREATE TEMPORARY TABLE kept_{table} AS SELECT * FROM {table}")  # noqa: S608 - our own tables
        op.execute(f"DELETE FROM {table}")  # noqa: S608 - likewise
    with op.batch_alter_table("clients") as batch:
        batch.create_check_constraint("kind_known", sa.text(check))
    for table in reversed(REFER):
        op.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")  # noqa: S608 - likewise
        op.execute(f"DROP TABLE kept_{table}")


def replace_constraint(table: str, name: str, promise: str) -> None:
    """Replace a constraint. Validating it at once is fine for tables this small."""
    at = f"ALTER TABLE {table}"
    op.execute(f"-- squawk-ignore ban-drop-constraint\n{at} DROP CONSTRAINT {name}")
    op.execute(f"{at} ADD CONSTRAINT {name} {promise} NOT VALID")
    op.execute(f"-- squawk-ignore constraint-missing-not-valid\n{at} VALIDATE CONSTRAINT {name}")


def hold_refresh_tokens_to(table: str, id_: str) -> None:
    name = "fk_refresh_tokens_clinic_id_client_id"
    if op.get_context().dialect.name == "postgresql":
        key = f"FOREIGN KEY (clinic_id, client_id) REFERENCES {table} (clinic_id, {id_})"
        replace_constraint("refresh_tokens", name, key)
        return
    with op.batch_alter_table("refresh_tokens") as batch:
        batch.drop_constraint(name, type_="foreignkey")
        batch.create_foreign_key(name, table, ["clinic_id", "client_id"], ["clinic_id", id_])


def create_owners() -> None:
    op.create_table(
        "owners",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "client_id"],
            ["clients.clinic_id", "clients.id"],
            name="fk_owners_clinic_id_client_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "client_id", name="pk_owners"),
    )


def create_emergencies() -> None:
    op.create_table(
        "emergencies",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id", "client_id"],
            ["clients.clinic_id", "clients.id"],
            name="fk_emergencies_clinic_id_client_id",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "practitioner_id"],
            ["practitioners.clinic_id", "practitioners.id"],
            name="fk_emergencies_clinic_id_practitioner_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_emergencies"),
    )
    op.create_index(
        "ix_emergencies_client_id_ends_at", "emergencies", ["clinic_id", "client_id", "ends_at"]
    )
