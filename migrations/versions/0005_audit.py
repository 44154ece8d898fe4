"""Access entries, the tree over the ledger, and the triggers that keep both append-only.

Revision 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
APPEND_ONLY = ("ledger_entries", "ledger_tiles", "ledger_checkpoints")

# The only change allowed: blanking a body after the ledger has an entry of the patient's erasure.
REFUSE = """
CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'ledger_entries' THEN
    IF NEW.body IS NULL AND NEW.salt IS NULL
      AND to_jsonb(NEW) - 'body' - 'salt' = to_jsonb(OLD) - 'body' - 'salt'
      AND EXISTS (
        SELECT FROM ledger_entries AS erasure
        WHERE erasure.clinic_id = OLD.clinic_id AND erasure.patient_id = OLD.patient_id
          AND erasure.operation = 'patients.erase' AND erasure.number > OLD.number
      )
    THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$
"""
# Runs with its owner's rights, because the application's role may not update the ledger.
ERASE = """
CREATE FUNCTION erase_ledger_bodies(the_clinic uuid, the_patient uuid) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  WITH blanked AS (
    UPDATE ledger_entries SET body = NULL, salt = NULL
    WHERE clinic_id = the_clinic AND patient_id = the_patient AND body IS NOT NULL
      AND number < (
        SELECT max(number) FROM ledger_entries
        WHERE clinic_id = the_clinic AND patient_id = the_patient
          AND operation = 'patients.erase'
      )
    RETURNING 1
  )
  SELECT count(*) FROM blanked
$$
"""
REFUSE_IN_SQLITE = """
CREATE TRIGGER {table}_refuse_{event} BEFORE {event} ON {table} {when}
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only');
END
"""
# SQLite can't compare whole rows, so every column except these two is compared.
UNLESS_ERASED = """
WHEN NOT (
  NEW.body IS NULL AND NEW.salt IS NULL AND {same}
  AND EXISTS (
    SELECT 1 FROM ledger_entries AS erasure
    WHERE erasure.clinic_id = OLD.clinic_id AND erasure.patient_id = OLD.patient_id
      AND erasure.operation = 'patients.erase' AND erasure.number > OLD.number
  )
)
"""
KEPT = (
    *("clinic_id", "number", "kind", "operation", "at", "actor", "client", "request_id"),
    *("resource", "resource_id", "patient_id", "version", "reason", "body_digest", "leaf"),
)


def upgrade() -> None:
    let_entries_have_no_body()
    index_security()
    shown = sa.Column("shown", JSON, server_default="[]", nullable=False)
    op.add_column("stored_answers", shown)
    create_tiles()
    create_checkpoints()
    create_retention_policies()
    create_legal_holds()
    if op.get_context().dialect.name == "postgresql":
        wall_postgresql()
    else:
        wall_sqlite()


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        for table in APPEND_ONLY:
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
            op.execute(f"DROP TRIGGER {table}_keep_all ON {table}")
        op.execute("DROP FUNCTION erase_ledger_bodies(uuid, uuid)")
        op.execute("DROP FUNCTION refuse_ledger_change()")
    else:
        for table in APPEND_ONLY:
            for event in ("update", "delete"):
                op.execute(f"DROP TRIGGER {table}_refuse_{event}")
    op.drop_table("legal_holds")
    op.drop_table("retention_policies")
    op.drop_table("ledger_checkpoints")
    op.drop_table("ledger_tiles")
    op.drop_column("stored_answers", "shown")
    op.drop_index("ix_ledger_entries_security", "ledger_entries")
    op.drop_index("ix_ledger_entries_patient_id", "ledger_entries")
    # The earlier table can't hold entries without a body.
    op.execute("DELETE FROM ledger_entries WHERE body_digest IS NULL")
    alter_entries(nullable=False)


def let_entries_have_no_body() -> None:
    alter_entries(nullable=True)
    op.create_index(
        "ix_ledger_entries_patient_id", "ledger_entries", ["clinic_id", "patient_id", "number"]
    )


def index_security() -> None:
    few = sa.text("kind = 'security'")
    op.create_index(
        "ix_ledger_entries_security",
        "ledger_entries",
        ["clinic_id", "number"],
        postgresql_where=few,
        sqlite_where=few,
    )


def alter_entries(*, nullable: bool) -> None:
    with op.batch_alter_table("ledger_entries") as table:
        table.alter_column(
            "body_digest", existing_type=sa.LargeBinary(length=32), nullable=nullable
        )


def create_tiles() -> None:
    op.create_table(
        "ledger_tiles",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(length=8192), nullable=False),
        sa.Column("over_all", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.clinic_id"], name="fk_ledger_tiles_clinic_id"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "level", "position", name="pk_ledger_tiles"),
    )


def create_checkpoints() -> None:
    op.create_table(
        "ledger_checkpoints",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.clinic_id"], name="fk_ledger_checkpoints_clinic_id"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "size", name="pk_ledger_checkpoints"),
    )


def create_retention_policies() -> None:
    op.create_table(
        "retention_policies",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("years", sa.SmallInteger(), nullable=False),
        sa.Column("majority_years", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("years BETWEEN 1 AND 100", name="years_plausible"),
        sa.CheckConstraint("majority_years BETWEEN 0 AND 30", name="majority_years_plausible"),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.clinic_id"], name="fk_retention_policies_clinic_id"
        ),
        sa.PrimaryKeyConstraint("clinic_id", name="pk_retention_policies"),
    )


def create_legal_holds() -> None:
    op.create_table(
        "legal_holds",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name="fk_legal_holds_clinic_id_patient_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "patient_id", name="pk_legal_holds"),
    )


def wall_postgresql() -> None:
    op.execute(REFUSE)
    op.execute(ERASE)
    # Each role that may call it gets its own grant.
    op.execute("REVOKE EXECUTE ON FUNCTION erase_ledger_bodies(uuid, uuid) FROM PUBLIC")
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_keep_all BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change()"
        )


def wall_sqlite() -> None:
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in KEPT)
    for table in APPEND_ONLY:
        for event in ("update", "delete"):
            erasable = table == "ledger_entries" and event == "update"
            when = UNLESS_ERASED.format(same=same) if erasable else ""
            op.execute(REFUSE_IN_SQLITE.format(table=table, event=event, when=when))
