"""When a token of a client was last accepted.

Revision 0025, after 0024. What was used before is not known.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime().with_variant(sa.DateTime(timezone=True), "postgresql")
    op.add_column("clients", sa.Column("last_used_at", moment, nullable=True))


def downgrade() -> None:
    op.drop_column("clients", "last_used_at")
