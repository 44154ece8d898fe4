"""The scale of an instrument, with the clinic's own thresholds or the published ones."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from app.core.db.dialects import id_text
from app.core.operation import Operation, rows
from app.instruments import queries as instruments
from app.instruments.rules import mdc95
from app.progress.rules.history import Scale, Thresholds
from app.thresholds.models import OwnThresholds
from app.vocabularies.queries import compared_code


class ClinicThresholds(NamedTuple):
    """A clinic's own thresholds, active or inactive."""

    id: str
    status: str
    created_at: datetime
    version: int
    instrument: str
    region: str | None
    population: str | None
    mdc: float | None
    mdc_level: int | None
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
"""Selects the clinic's own thresholds, with the columns that `ClinicThresholds` names."""


def own_thresholds(op: Operation) -> list[ClinicThresholds]:
    """The clinic's own thresholds, active and inactive."""
    return [ClinicThresholds(**row._asdict()) for row in op.all(SELECT_OWN)]


def scale(
    own: Iterable[ClinicThresholds], code: str, region: str | None, activity: str | None = None
) -> Scale:
    """The scale of an instrument in a body region, by its code, for one activity or none.

    The clinic's own thresholds take precedence over published ones: first those of the region,
    then those without a region. Of several, the latest count.
    """
    known = instruments.of_stored(code)
    chosen = max(
        (
            row
            for row in own
            if row.instrument == code
            and row.status == "active"
            and compared_code("regions", row.region) in {None, region}
        ),
        key=lambda row: (row.region is not None, row.created_at, row.id),
        default=None,
    )
    used = None
    if chosen is not None:
        used = Thresholds(
            id=f"clinic:{chosen.id}:{chosen.version}",
            population=chosen.population,
            mdc=None if chosen.mdc is None else mdc95(chosen.mdc, chosen.mdc_level),
            mcid=chosen.mcid,
            mcid_percent=chosen.mcid_percent,
            source=chosen.source,
        )
    elif (
        published := instruments.default_thresholds(code, region, of_activity=activity is not None)
    ) is not None:
        used = Thresholds(**{name: getattr(published, name) for name in Thresholds._fields})
    ends = known.min, known.max
    best, worst = ends if known.better == "lower" else reversed(ends)
    return Scale(
        better=known.better,
        thresholds=used,
        rates_change=known.rates_change,
        unit=known.unit,
        best=None if instruments.is_open(code) else best,
        worst=worst,
        needs_movement=known.movement is not None,
    )
