"""Patients, practitioners and episodes of care.

Revision 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
FOLDED = sa.String(400).with_variant(sa.String(400, collation="C"), "postgresql")


def upgrade() -> None:
    create_patients()
    create_patient_identifiers()
    create_practitioners()
    create_practitioner_identifiers()
    create_episodes()


def downgrade() -> None:
    op.drop_table("episodes")
    op.drop_table("practitioner_identifiers")
    op.drop_table("practitioners")
    op.drop_table("patient_identifiers")
    op.drop_table("patients")


def create_patients() -> None:
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
    op.create_index("ix_patients_given_name", "patients", ["clinic_id", "given_name_folded"])
    op.create_index("ix_patients_status", "patients", ["clinic_id", "status", "id"])


def create_patient_identifiers() -> None:
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


def create_practitioners() -> None:
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


def create_practitioner_identifiers() -> None:
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


def create_episodes() -> None:
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
    op.create_index("ix_episodes_status", "episodes", ["clinic_id", "status", "id"])
