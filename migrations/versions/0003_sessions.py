"""Treatment sessions.

Revision 0003, after 0002.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    create_sessions()
    create_needlings()
    create_findings()
    create_session_measurements()


def downgrade() -> None:
    op.drop_table("session_measurements")
    op.drop_table("findings")
    op.drop_table("needlings")
    op.drop_table("sessions")


def create_sessions() -> None:
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
        *session_constraints(),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_sessions"),
    )
    index_sessions()


def session_constraints() -> Iterator[sa.Constraint]:
    yield from (
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
    )


def index_sessions() -> None:
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
    op.create_index("ix_sessions_status", "sessions", ["clinic_id", "status", "occurred_at", "id"])
    op.create_index("ix_sessions_updated", "sessions", ["clinic_id", "updated_at"])


def create_needlings() -> None:
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


def create_findings() -> None:
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


def create_session_measurements() -> None:
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
