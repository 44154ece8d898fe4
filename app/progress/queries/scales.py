"""How the values of an instrument are read: the thresholds of the clinic, or published ones."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from app.core.dialects import id_text
from app.core.operation import Operation, rows
from app.instruments import queries as instruments
from app.progress.rules.history import Json, Scale, Thresholds
from app.thresholds.models import OwnThresholds

FIGURES: Final = ("mdc", "mcid", "mcid_percent", "source")
OWN: Final = ("id", "status", "created_at", "version", "instrument", "region", *FIGURES)
SELECT_OWN: Final = rows(
    OwnThresholds,
    id_text(OwnThresholds.id),
    *(getattr(OwnThresholds, name) for name in OWN[1:]),
)
"""The clinic's own thresholds, by the names in `OWN`."""


def own_thresholds(op: Operation) -> list[Json]:
    """The clinic's own thresholds, those that are in force and those that are not."""
    return [dict(zip(OWN, row, strict=True)) for row in op.all(SELECT_OWN)]


def scale(own: Iterable[Json], code: str, region: str | None) -> Scale:
    """How an instrument's values are read in a body region.

    The clinic's own thresholds come first: those of the region, then those of any; of several,
    the ones that were made last.
    """
    known = instruments.instrument(code)
    chosen = max(
        (
            row
            for row in own
            if row["instrument"] == code
            and row["status"] == "active"
            and row["region"] in {None, region}
        ),
        key=lambda row: (row["region"] is not None, _written_at(row), row["id"]),
        default=None,
    )
    used = None
    if chosen is not None:
        id = f"clinic:{chosen['id']}:{chosen['version']}"
        used = Thresholds(id, *(chosen[name] for name in FIGURES))
    elif (published := instruments.default_thresholds(code, region)) is not None:
        used = Thresholds(published.id, *(getattr(published, name) for name in FIGURES))
    best = known.min if known.better == "lower" else known.max
    end = None if instruments.is_open(code) else best
    return Scale(known.better, used, known.rates_change, known.unit, end)


def _written_at(row: Json) -> datetime:
    at: datetime | str = row["created_at"]
    return datetime.fromisoformat(at) if isinstance(at, str) else at
