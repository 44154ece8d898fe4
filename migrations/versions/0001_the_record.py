"""the record.

Revision: 0001, after None. Created 2026-11-21 08:38:13.864361.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
FOLDED = sa.String(400).with_variant(sa.String(400, collation="C"), "postgresql")


TABLES = (
    "clinics",
    "ledger_entries",
    "clients",
    "ledger_heads",
    "patients",
    "practitioners",
    "episodes",
    "patient_identifiers",
    "practitioner_identifiers",
    "stored_answers",
    "consents",
    "sessions",
    "adverse_events",
    "findings",
    "follow_ups",
    "measurements",
    "needlings",
    "screenings",
    "session_measurements",
)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "clinics",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", name="pk_clinics"),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("client", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.String(length=128), nullable=False),
        sa.Column("resource", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=True),
        sa.Column("body_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("\"kind\" IN ('change', 'access', 'security')", name="kind_known"),
        sa.CheckConstraint("number > 0", name="number_positive"),
        sa.PrimaryKeyConstraint("clinic_id", "number", name="pk_ledger_entries"),
    )
    op.create_index(
        "ix_ledger_entries_version", "ledger_entries", ["clinic_id", "resource_id", "version"]
    )
    op.create_table(
        "clients",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("secret_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_clients_clinic_id"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_clients"),
    )
    op.create_index("ix_clients_id", "clients", ["id"])
    op.create_table(
        "ledger_heads",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.clinic_id"], name="fk_ledger_heads_clinic_id"
        ),
        sa.PrimaryKeyConstraint("clinic_id", name="pk_ledger_heads"),
    )
    op.create_table(
        "patients",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("given_name", sa.String(length=200), nullable=True),
        sa.Column("family_name", sa.String(length=200), nullable=True),
        sa.Column("given_name_folded", FOLDED, nullable=True),
        sa.Column("family_name_folded", FOLDED, nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("sex", sa.String(length=16), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("created_from", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("\"sex\" IN ('female', 'male', 'other', 'unknown')", name="sex_known"),
        sa.CheckConstraint("\"status\" IN ('active', 'inactive')", name="status_known"),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_patients_clinic_id"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_patients"),
    )
    op.create_index("ix_patients_birth_date", "patients", ["clinic_id", "birth_date"])
    op.create_index("ix_patients_family_name", "patients", ["clinic_id", "family_name_folded"])
    op.create_table(
        "practitioners",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("given_name", sa.String(length=200), nullable=False),
        sa.Column("family_name", sa.String(length=200), nullable=False),
        sa.Column("credentials", JSON, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("created_from", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("\"status\" IN ('active', 'inactive')", name="status_known"),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.clinic_id"], name="fk_practitioners_clinic_id"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_practitioners"),
    )
    op.create_table(
        "episodes",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("complaint", sa.Text(), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=True),
        sa.Column("side", sa.String(length=16), nullable=True),
        sa.Column("onset_on", sa.Date(), nullable=True),
        sa.Column("diagnoses", JSON, nullable=False),
        sa.Column("medical_screen_on", sa.Date(), nullable=True),
        sa.Column("red_flags", JSON, nullable=False),
        sa.Column("goals", JSON, nullable=False),
        sa.Column("plan", JSON, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("opened_at_offset_min", sa.SmallInteger(), nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("closed_at_offset_min", sa.SmallInteger(), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("created_from", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint(
            "\"side\" IN ('left', 'right', 'midline', 'bilateral')", name="side_known"
        ),
        sa.CheckConstraint("\"status\" IN ('active', 'finished')", name="status_known"),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name="fk_episodes_clinic_id_patient_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_episodes"),
    )
    op.create_index("ix_episodes_patient", "episodes", ["clinic_id", "patient_id"])
    op.create_table(
        "patient_identifiers",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.String(length=200), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "owner_id"],
            ["patients.clinic_id", "patients.id"],
            name="fk_patient_identifiers_clinic_id_owner_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "system", "value", name="pk_patient_identifiers"),
    )
    op.create_index(
        "ix_patient_identifiers_owner", "patient_identifiers", ["clinic_id", "owner_id"]
    )
    op.create_table(
        "practitioner_identifiers",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.String(length=200), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "owner_id"],
            ["practitioners.clinic_id", "practitioners.id"],
            name="fk_practitioner_identifiers_clinic_id_owner_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "system", "value", name="pk_practitioner_identifiers"),
    )
    op.create_index(
        "ix_practitioner_identifiers_owner", "practitioner_identifiers", ["clinic_id", "owner_id"]
    )
    op.create_table(
        "stored_answers",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", JSON, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "client_id"],
            ["clients.clinic_id", "clients.id"],
            name="fk_stored_answers_clinic_id_client_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "client_id", "key", name="pk_stored_answers"),
    )
    op.create_index("ix_stored_answers_created_at", "stored_answers", ["created_at"])
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
    op.create_index("ix_consents_patient", "consents", ["clinic_id", "patient_id"])
    op.create_table(
        "sessions",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=True),
        sa.Column("practitioner_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("occurred_at_offset_min", sa.SmallInteger(), nullable=False),
        sa.Column("duration_min", sa.Integer(), nullable=True),
        sa.Column("attendance", sa.String(length=16), nullable=False),
        sa.Column("technique", sa.String(length=16), nullable=True),
        sa.Column("position", sa.String(length=16), nullable=True),
        sa.Column("setting", sa.String(length=200), nullable=True),
        sa.Column("needle_count", JSON, nullable=True),
        sa.Column("co_interventions", JSON, nullable=False),
        sa.Column("aftercare", JSON, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("alert", sa.Boolean(), nullable=False),
        sa.Column("credentials", JSON, nullable=False),
        sa.Column("catalogue_version", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_at_offset_min", sa.SmallInteger(), nullable=False),
        sa.Column("signed_at", INSTANT, nullable=True),
        sa.Column("signed_at_offset_min", sa.SmallInteger(), nullable=True),
        sa.Column("signed_by", sa.String(length=200), nullable=True),
        sa.Column("amended_at", INSTANT, nullable=True),
        sa.Column("voided_at", INSTANT, nullable=True),
        sa.Column("late_entry", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("created_from", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint(
            "\"attendance\" IN ('attended', 'cancelled', 'no_show', 'declined')",
            name="attendance_known",
        ),
        sa.CheckConstraint(
            "\"position\" IN ('prone', 'supine', 'side_lying', 'seated', 'other')",
            name="position_known",
        ),
        sa.CheckConstraint("\"status\" IN ('draft', 'signed', 'void')", name="status_known"),
        sa.CheckConstraint(
            "\"technique\" IN ('gunn_ims', 'trigger_point', 'superficial', 'other')",
            name="technique_known",
        ),
        sa.CheckConstraint("duration_min BETWEEN 1 AND 480", name="duration_min_plausible"),
        sa.ForeignKeyConstraint(
            ["clinic_id", "episode_id"],
            ["episodes.clinic_id", "episodes.id"],
            name="fk_sessions_clinic_id_episode_id",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patients.clinic_id", "patients.id"],
            name="fk_sessions_clinic_id_patient_id",
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "practitioner_id"],
            ["practitioners.clinic_id", "practitioners.id"],
            name="fk_sessions_clinic_id_practitioner_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_sessions"),
    )
    op.create_index(
        "ix_sessions_episode", "sessions", ["clinic_id", "episode_id", "occurred_at", "id"]
    )
    op.create_index("ix_sessions_occurred", "sessions", ["clinic_id", "occurred_at", "id"])
    op.create_index(
        "ix_sessions_patient", "sessions", ["clinic_id", "patient_id", "occurred_at", "id"]
    )
    op.create_index(
        "ix_sessions_practitioner",
        "sessions",
        ["clinic_id", "practitioner_id", "occurred_at", "id"],
    )
    op.create_index("ix_sessions_updated", "sessions", ["clinic_id", "updated_at"])
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
    op.create_table(
        "findings",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sign", sa.String(length=16), nullable=False),
        sa.Column("segment", sa.String(length=4), nullable=False),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=True),
        sa.CheckConstraint("\"side\" IN ('left', 'right', 'midline')", name="side_known"),
        sa.CheckConstraint(
            "\"sign\" IN ('tenderness', 'matchstick', 'peau_dorange', 'skin_rolling', 'coldness', 'sweating', 'pilomotor', 'hair_loss', 'taut_band', 'shortening')",
            name="sign_known",
        ),
        sa.CheckConstraint("grade BETWEEN 0 AND 3", name="grade_on_scale"),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["sessions.clinic_id", "sessions.id"],
            name="fk_findings_clinic_id_session_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "session_id", "position", name="pk_findings"),
    )
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
        "ix_measurements_patient", "measurements", ["clinic_id", "patient_id", "taken_at", "id"]
    )
    op.create_index("ix_measurements_session", "measurements", ["clinic_id", "session_id"])
    op.create_index("ix_measurements_taken", "measurements", ["clinic_id", "taken_at", "id"])
    op.create_table(
        "needlings",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("muscle", sa.String(length=64), nullable=False),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("spinal_level", sa.String(length=4), nullable=True),
        sa.Column("diameter_mm", sa.Float(precision=53), nullable=True),
        sa.Column("length_mm", sa.Float(precision=53), nullable=True),
        sa.Column("lot", sa.String(length=200), nullable=True),
        sa.Column("needles", sa.Integer(), nullable=False),
        sa.Column("insertions", sa.Integer(), nullable=False),
        sa.Column("depth_mm", sa.Integer(), nullable=True),
        sa.Column("stimulation", sa.String(length=16), nullable=True),
        sa.Column("electrical", JSON, nullable=True),
        sa.Column("retention_s", sa.Integer(), nullable=True),
        sa.Column("grasp", sa.String(length=16), nullable=True),
        sa.Column("twitches", sa.Integer(), nullable=True),
        sa.Column("ache", sa.Integer(), nullable=True),
        sa.Column("sharp", sa.Integer(), nullable=True),
        sa.Column("sensations", JSON, nullable=False),
        sa.Column("release", sa.String(length=16), nullable=True),
        sa.Column("release_after_s", sa.Integer(), nullable=True),
        sa.Column("familiar_pain", sa.String(length=16), nullable=True),
        sa.Column("stopped_for", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "\"familiar_pain\" IN ('yes', 'partly', 'no')", name="familiar_pain_known"
        ),
        sa.CheckConstraint(
            "\"grasp\" IN ('none', 'mild', 'moderate', 'strong')", name="grasp_known"
        ),
        sa.CheckConstraint("\"release\" IN ('none', 'partial', 'complete')", name="release_known"),
        sa.CheckConstraint("\"side\" IN ('left', 'right', 'midline')", name="side_known"),
        sa.CheckConstraint(
            "\"stimulation\" IN ('none', 'manual', 'electrical')", name="stimulation_known"
        ),
        sa.CheckConstraint("ache BETWEEN 0 AND 10", name="ache_on_scale"),
        sa.CheckConstraint("depth_mm BETWEEN 1 AND 150", name="depth_mm_plausible"),
        sa.CheckConstraint("needles >= 1 AND insertions >= needles", name="needles_inserted"),
        sa.CheckConstraint("sharp BETWEEN 0 AND 10", name="sharp_on_scale"),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["sessions.clinic_id", "sessions.id"],
            name="fk_needlings_clinic_id_session_id",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "session_id", "position", name="pk_needlings"),
    )
    op.create_index("ix_needlings_lot", "needlings", ["clinic_id", "lot"])
    op.create_index("ix_needlings_muscle", "needlings", ["clinic_id", "muscle", "session_id"])
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
    op.create_table(
        "session_measurements",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("phase", sa.String(length=16), nullable=False),
        sa.Column("instrument", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=True),
        sa.Column("activity", sa.String(length=200), nullable=True),
        sa.Column("side", sa.String(length=16), nullable=True),
        sa.Column("muscle", sa.String(length=64), nullable=True),
        sa.Column("items", JSON, nullable=True),
        sa.Column("reported_by", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "session_id"],
            ["sessions.clinic_id", "sessions.id"],
            name="fk_session_measurements_clinic_id_session_id",
        ),
        sa.PrimaryKeyConstraint(
            "clinic_id", "session_id", "position", name="pk_session_measurements"
        ),
    )


def downgrade() -> None:
    """Go back."""
    for table in reversed(TABLES):
        op.drop_table(table)
