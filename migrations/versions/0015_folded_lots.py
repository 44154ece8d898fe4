"""A recall finds every spelling of a lot.

Revision 0015, after 0014.
"""

import sqlalchemy as sa
from alembic import op

from app.core.db.schema import each_clinic
from app.core.values.text import folded_code

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# Compared byte by byte on each database.
FOLDED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NEEDLINGS = sa.table(
    "needlings",
    sa.column("clinic_id", sa.Uuid()),
    sa.column("lot", sa.String()),
    sa.column("lot_folded", FOLDED),
)


def upgrade() -> None:
    op.add_column("needlings", sa.Column("lot_folded", FOLDED, nullable=True))
    if not op.get_context().as_sql:  # a script has no rows to fill
        fill(op.get_bind())
    op.create_index("ix_needlings_lot_folded", "needlings", ["clinic_id", "lot_folded"])
    # CONCURRENTLY would need a migration outside of a transaction. The lock is short: see env.py.
    op.execute("-- squawk-ignore require-concurrent-index-deletion\nDROP INDEX ix_needlings_lot")


def downgrade() -> None:
    op.create_index("ix_needlings_lot", "needlings", ["clinic_id", "lot"])
    op.drop_index("ix_needlings_lot_folded", "needlings")
    op.drop_column("needlings", "lot_folded")


def fill(db: sa.Connection) -> None:
    """Fold each lot once: a clinic has far fewer lots than needlings."""
    for clinic_id in each_clinic(db):
        own = NEEDLINGS.c.clinic_id == clinic_id
        lots = sa.select(NEEDLINGS.c.lot).where(own, NEEDLINGS.c.lot.is_not(None)).distinct()
        for lot in db.execute(lots).scalars().all():
            of_lot = sa.update(NEEDLINGS).where(own, NEEDLINGS.c.lot == lot)
            db.execute(of_lot.values(lot_folded=folded_code(lot)))
