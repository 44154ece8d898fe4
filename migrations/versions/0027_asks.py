"""Asks, the consent to messages, the day of death, and when and how patients get messages.

Revision 0027, after 0026.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"
BEFORE = ("needling", "thoracic_needling", "electrical", "data_use")
AFTER = (*BEFORE, "messages")
CHANNELS = ("email", "post")
STATUSES = ("due", "sent", "unsure", "answered", "failed", "cancelled", "expired")
REASONS = (
    *("void", "moved", "not_needled", "inactive", "deceased", "no_consent", "stopped"),
    *("open_alert", "serious_event", "not_me", "by_person", "refused", "bounced"),
    *("window_passed", "no_moment", "no_answer"),
)
MESSAGES = ("first", "reminder", "again")
REACHED = {"channel": 16, "address": 254, "address_folded": 254}


def upgrade() -> None:
    op.add_column("patients", sa.Column("deceased_on", sa.Date(), nullable=True))
    for name in ("quiet_hours", "messages"):
        op.add_column("clinics", sa.Column(name, JSON, nullable=True))
    op.add_column("clinics", sa.Column("languages", JSON, server_default="[]", nullable=False))
    for name, length in REACHED.items():
        op.add_column("consents", sa.Column(name, sa.String(length=length), nullable=True))
    know({"kind": AFTER, "channel": CHANNELS})
    op.create_index("ix_consents_address", "consents", ["clinic_id", "address_folded"])
    create_asks()


def downgrade() -> None:
    op.execute("DELETE FROM outbox WHERE resource = 'asks'")
    op.drop_table("asks")
    op.drop_index("ix_consents_address", "consents")
    # The ledger keeps the consents to messages, which an earlier program can't hold.
    op.execute("DELETE FROM consents WHERE kind = 'messages'")
    forget_channel()
    know({"kind": BEFORE})
    for name in REACHED:
        op.drop_column("consents", name)
    for name in ("quiet_hours", "languages", "messages"):
        op.drop_column("clinics", name)
    op.drop_column("patients", "deceased_on")


def create_asks() -> None:
    op.create_table(
        "asks",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("next_at", INSTANT, nullable=True),
        sa.Column("next_kind", sa.String(length=16), nullable=True),
        sa.Column("attempts", JSON, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("created_from", sa.LargeBinary(length=32), nullable=False),
        *(
            sa.CheckConstraint(in_list(column, words), name=f"{column}_known")
            for column, words in {
                "channel": CHANNELS,
                "status": STATUSES,
                "reason": REASONS,
                "next_kind": MESSAGES,
            }.items()
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["sessions.clinic_id", "sessions.id"],
            name="fk_asks_clinic_id_session_id",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name="fk_asks_clinic_id_patient_id",
        ),
        sa.UniqueConstraint(
            "clinic_id", "session_id", "patient_id", name="uq_asks_clinic_id_session_id_patient_id"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id"),
    )
    op.create_index("ix_asks_patient", "asks", ["clinic_id", "patient_id", "id"])
    op.create_index("ix_asks_status", "asks", ["clinic_id", "status", "id"])
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE asks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_clinic ON asks USING (clinic_id = {CLINIC})")


def in_list(column: str, words: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{word}'" for word in words)
    return f'"{column}" IN ({listed})'


def forget_channel() -> None:
    """Drop what the table checks of a column before the column."""
    name = "ck_consents_channel_known"
    if op.get_context().dialect.name == "postgresql":
        drop = f"ALTER TABLE consents DROP CONSTRAINT {name}"
        op.execute(f"-- squawk-ignore ban-drop-constraint\n{drop}")
        return
    with op.batch_alter_table("consents") as batch:
        batch.drop_constraint(op.f(name), type_="check")


def know(known: dict[str, tuple[str, ...]]) -> None:
    """Let consents hold these words and no others."""
    if op.get_context().dialect.name == "postgresql":
        at = "ALTER TABLE consents"
        for column, words in known.items():
            name = f"ck_consents_{column}_known"
            if column == "kind":
                op.execute(f"-- squawk-ignore ban-drop-constraint\n{at} DROP CONSTRAINT {name}")
            op.execute(f"{at} ADD CONSTRAINT {name} CHECK ({in_list(column, words)}) NOT VALID")
            validate = f"{at} VALIDATE CONSTRAINT {name}"
            op.execute(f"-- squawk-ignore constraint-missing-not-valid\n{validate}")
        return
    # SQLite recreates a table to change it.
    with op.batch_alter_table("consents") as batch:
        batch.drop_constraint(op.f("ck_consents_kind_known"), type_="check")
    with op.batch_alter_table("consents") as batch:
        for column, words in known.items():
            batch.create_check_constraint(f"{column}_known", sa.text(in_list(column, words)))
