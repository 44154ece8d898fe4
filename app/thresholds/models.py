"""The table of thresholds."""

from sqlalchemy import Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.tables import Record, one_of
from app.thresholds.views import ThresholdsStatus


class OwnThresholds(Record):
    """Thresholds that a clinic uses instead of the published ones."""

    __tablename__ = "thresholds"
    __table_args__ = (
        one_of("status", ThresholdsStatus),
        Index("ix_thresholds_instrument", "clinic_id", "instrument", "id"),
    )

    instrument: Mapped[str] = mapped_column(String(64))
    region: Mapped[str | None] = mapped_column(String(64))
    population: Mapped[str | None] = mapped_column(String(200))
    mdc: Mapped[float | None]
    mdc_level: Mapped[int | None] = mapped_column(SmallInteger)
    mcid: Mapped[float | None]
    mcid_percent: Mapped[float | None]
    source: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(16))
