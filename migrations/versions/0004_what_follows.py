"""Follow-ups, measurements and safety.

Revision 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    create_follow_ups()
    create_measurements()
    create_consents()
    create_screenings()
    create_adverse_events()


def downgrade() -> None:
    op.drop_table("adverse_events")
    op.drop_table("screenings")
    op.drop_table("consents")
    op.drop_table("measurements")
    op.drop_table("follow_ups")


def create_follow_ups() -> None:
    op.create_table(
        "follow_ups",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("reported_at", INSTANT, nullable=False),
        sa.Column("reported_at_offset_min", sa.SmallInteger(), nullable=False),
        sa.Column("hours_after", sa.Float(precision=53), nullable=False),
        sa.Column("window", sa.String(length=8), nullable=False),
        sa.Column("soreness", sa.Integer(), nullable=False),
        sa.Column("worst_soreness", sa.Integer(), nullable=True),
        sa.Column("sore_muscles", JSON, nullable=False),
        sa.Column("interference", sa.Integer(), nullable=True),
        sa.Column("bruising", sa.Boolean(), nullable=True),
        sa.Column("fatigue", sa.Boolean(), nullable=True),
        sa.Column("headache", sa.Boolean(), nullable=True),
        sa.Column("change", sa.String(length=16), nullable=True),
        sa.Column("red_flags", JSON, nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("created_from", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint(
            "\"change\" IN ('much_worse', 'worse', 'same', 'better', 'much_better')",
            name="change_known",
        ),
        sa.CheckConstraint(
            "\"source\" IN ('patient_link', 'practitioner', 'integration')", name="source_known"
        ),
        sa.CheckConstraint(
            "\"window\" IN ('early', 'h24', 'h48', 'h72', 'late')", name="window_known"
        ),
        sa.CheckConstraint("hours_after >= 0", name="after_its_session"),
        sa.CheckConstraint("soreness BETWEEN 0 AND 10", name="soreness_on_scale"),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name="fk_follow_ups_clinic_id_patient_id",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["sessions.clinic_id", "sessions.id"],
            name="fk_follow_ups_clinic_id_session_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_follow_ups"),
    )
    op.create_index(
        "ix_follow_ups_patient", "follow_ups", ["clinic_id", "patient_id", "reported_at"]
    )
    op.create_index(
        "ix_follow_ups_session", "follow_ups", ["clinic_id", "session_id", "reported_at", "id"]
    )


def create_measurements() -> None:
    op.create_table(
        "measurements",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.Column("taken_at_offset_min", sa.SmallInteger(), nullable=False),
        sa.Column("phase", sa.String(length=16), nullable=False),
        sa.Column("instrument", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=True),
        sa.Column("activity", sa.String(length=200), nullable=True),
        sa.Column("side", sa.String(length=16), nullable=True),
        sa.Column("muscle", sa.String(length=64), nullable=True),
        sa.Column("items", JSON, nullable=True),
        sa.Column("reported_by", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("created_from", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("\"phase\" IN ('before', 'after', 'between')", name="phase_known"),
        sa.ForeignKeyConstraint(
            ["clinic_id", "episode_id"],
            ["episodes.clinic_id", "episodes.id"],
            name="fk_measurements_clinic_id_episode_id",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name="fk_measurements_clinic_id_patient_id",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["sessions.clinic_id", "sessions.id"],
            name="fk_measurements_clinic_id_session_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_measurements"),
    )
    op.create_index("ix_measurements_episode", "measurements", ["clinic_id", "episode_id"])
    op.create_index(
        "ix_measurements_instrument",
        "measurements",
        ["clinic_id", "instrument", "taken_at", "id"],
    )
    op.create_index(
        "ix_measurements_patient", "measurements", ["clinic_id", "patient_id", "taken_at", "id"]
    )
    op.create_index("ix_measurements_session", "measurements", ["clinic_id", "session_id"])
    op.create_index("ix_measurements_taken", "measurements", ["clinic_id", "taken_at", "id"])


def create_consents() -> None:
    op.create_table(
        "consents",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("form", sa.String(length=16), nullable=False),
        sa.Column("risks_disclosed", JSON, nullable=False),
        sa.Column("patient_specific_risks", sa.Text(), nullable=True),
        sa.Column("alternatives_discussed", sa.Text(), nullable=True),
        sa.Column("given_by", sa.String(length=200), nullable=False),
        sa.Column("obtained_by", sa.String(length=200), nullable=False),
        sa.Column("obtained_at", INSTANT, nullable=False),
        sa.Column("obtained_at_offset_min", sa.SmallInteger(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.Column("withdrawn_at_offset_min", sa.SmallInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("created_from", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint(
            "\"decision\" IN ('given', 'refused', 'withdrawn')", name="decision_known"
        ),
        sa.CheckConstraint("\"form\" IN ('verbal', 'written', 'electronic')", name="form_known"),
        sa.CheckConstraint(
            "\"kind\" IN ('needling', 'thoracic_needling', 'electrical', 'data_use')",
            name="kind_known",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "episode_id"],
            ["episodes.clinic_id", "episodes.id"],
            name="fk_consents_clinic_id_episode_id",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name="fk_consents_clinic_id_patient_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_consents"),
    )
    op.create_index("ix_consents_episode", "consents", ["clinic_id", "episode_id"])
    op.create_index("ix_consents_kind", "consents", ["clinic_id", "kind", "id"])
    op.create_index("ix_consents_patient", "consents", ["clinic_id", "patient_id"])


def create_screenings() -> None:
    op.create_table(
        "screenings",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("rule_set", sa.String(length=200), nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column("decided_at_offset_min", sa.SmallInteger(), nullable=False),
        sa.Column("override_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("created_from", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint(
            "\"decision\" IN ('proceed', 'modified', 'deferred')", name="decision_known"
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name="fk_screenings_clinic_id_patient_id",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["sessions.clinic_id", "sessions.id"],
            name="fk_screenings_clinic_id_session_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_screenings"),
    )
    op.create_index("ix_screenings_patient", "screenings", ["clinic_id", "patient_id"])
    op.create_index("ix_screenings_session", "screenings", ["clinic_id", "session_id"])


def create_adverse_events() -> None:
    op.create_table(
        "adverse_events",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("close_call", sa.Boolean(), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("expected", sa.Boolean(), nullable=False),
        sa.Column("causality", sa.String(length=64), nullable=False),
        sa.Column("muscle", sa.String(length=64), nullable=True),
        sa.Column("side", sa.String(length=16), nullable=True),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("occurred_at_offset_min", sa.SmallInteger(), nullable=False),
        sa.Column("detected_at", INSTANT, nullable=True),
        sa.Column("detected_at_offset_min", sa.SmallInteger(), nullable=True),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("created_from", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint(
            "\"severity\" IN ('mild', 'significant', 'serious')", name="severity_known"
        ),
        sa.CheckConstraint("\"side\" IN ('left', 'right', 'midline')", name="side_known"),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name="fk_adverse_events_clinic_id_patient_id",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["sessions.clinic_id", "sessions.id"],
            name="fk_adverse_events_clinic_id_session_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_adverse_events"),
    )
    op.create_index(
        "ix_adverse_events_occurred", "adverse_events", ["clinic_id", "occurred_at", "id"]
    )
    op.create_index(
        "ix_adverse_events_patient",
        "adverse_events",
        ["clinic_id", "patient_id", "occurred_at", "id"],
    )
    op.create_index("ix_adverse_events_session", "adverse_events", ["clinic_id", "session_id"])
    op.create_index(
        "ix_adverse_events_severity",
        "adverse_events",
        ["clinic_id", "severity", "occurred_at", "id"],
    )
