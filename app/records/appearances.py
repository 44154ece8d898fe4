"""Where records of a kind appear: every place that shows them, or the reason why it doesn't."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy.orm import InstrumentedAttribute


class LeftOut(NamedTuple):
    """A place leaves out a kind of record, or a field of one. The reason is a sentence."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearances:
    """Where records of a kind appear, apart from their own routes.

    Each place derives its list of kinds from this, and decides how it shows each kind.
    The ledger, the change feed, restore and erasure take every kind.
    """

    rows: Literal[True] | LeftOut
    """As rows of an import, and of `records.ndjson`, which can be imported."""
    table: Literal[True] | LeftOut
    """As a table of an export."""
    timeline: InstrumentedAttribute[datetime] | LeftOut
    """On the patient's timeline, at the time in this column."""
    chart_summary: Literal[True] | LeftOut
    console: Literal[True] | LeftOut
    note: Literal[True] | LeftOut
    """In the note of a session."""
