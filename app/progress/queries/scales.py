"""How the values of an instrument are read: the thresholds of the clinic, or published ones."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from app.core.db.dialects import id_text
from app.core.operation import Operation, rows
from app.instruments import queries as instruments
from app.progress.rules.history import Scale, Thresholds
from app.thresholds.models import OwnThresholds


class ClinicThresholds(NamedTuple):
    """A clinic's own thresholds, whether they are in force or not."""

    id: str
    status: str
    created_at: datetime
    version: int
    instrument: str
    region: str | None
    mdc: float | None
    mcid: float | None
    mcid_percent: float | None
    source: str


SELECT_OWN: Final = rows(
    OwnThresholds,
    *(
        id_text(OwnThresholds.id).label("id") if name == "id" else getattr(OwnThresholds, name)
        for name in ClinicThresholds._fields
    ),
)
"""The clinic's own thresholds, by the names of their columns."""


def own_thresholds(op: Operation) -> list[ClinicThresholds]:
    """The clinic's own thresholds, those that are in force and those that are not."""
    return [ClinicThresholds(**row._asdict()) for row in op.all(SELECT_OWN)]


def scale(own: Iterable[ClinicThresholds], code: str, region: str | None) -> Scale:
    """How an instrument's values are read in a body region.

    The clinic's own thresholds come first: those of the region, then those of any; of several,
    the ones that were made last.
    """
    known = instruments.instrument(code)
    chosen = max(
        (
            row
            for row in own
            if row.instrument == code and row.status == "active" and row.region in {None, region}
        ),
        key=lambda row: (row.region is not None, row.created_at, row.id),
        default=None,
    )
    used = None
    if chosen is not None:
        used = Thresholds(
            id=f"clinic:{chosen.id}:{chosen.version}",
            mdc=chosen.mdc,
            mcid=chosen.mcid,
            mcid_percent=chosen.mcid_percent,
            source=chosen.source,
        )
    elif (published := instruments.default_thresholds(code, region)) is not None:
        used = Thresholds(**{name: getattr(published, name) for name in Thresholds._fields})
    best = known.min if known.better == "lower" else known.max
    end = None if instruments.is_open(code) else best
    return Scale(
        better=known.better,
        thresholds=used,
        rates_change=known.rates_change,
        unit=known.unit,
        best=end,
    )
