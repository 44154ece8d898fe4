"""Which column gives each field of the facts that the rules of progress take.

Columns are selected, and facts are made of them, by the names of the fields. No order of columns
is kept anywhere, so none can differ from the order of the fields.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Label, Select, String, func, literal_column

from app.core.db.dialects import json_part
from app.episodes import models as episodes
from app.followups.models import FollowUp
from app.instruments.queries import in_own_unit
from app.measurements.models import Measurement
from app.progress.rules.history import (
    Episode,
    Event,
    Json,
    Needlings,
    Place,
    Reading,
    Report,
    Visit,
)
from app.safety.models import AdverseEvent
from app.sessions.models import Needling, SessionMeasurement, TreatmentSession

F = TypeVar("F", bound=NamedTuple)

Sources = Mapping[str, Any]
"""The column of the database that gives each field."""

Columns = Mapping[str, Any]
"""The values of each field, all of one length and in one order."""

BEFORE: Final = "before"
"""The phase of the values that progress is made of."""


def sources(fact: type[F], table: Any, **others: Any) -> Sources:
    """The column that gives each field of `fact`.

    It is the column of that name in `table`, unless `others` gives another one. A field that
    `others` gives as None comes from no column: whoever makes the fact adds it.

    `TypeError` for another field than `fact` has; `AttributeError` for one without a column.
    """
    if unknown := others.keys() - set(fact._fields):
        raise TypeError(f"{fact.__name__} has no {', '.join(sorted(unknown))}.")
    found = {
        name: others[name] if name in others else getattr(table, name) for name in fact._fields
    }
    return {name: column for name, column in found.items() if column is not None}


def labelled(columns: Sources) -> list[Label[Any]]:
    """The columns to select, each under the name of its field."""
    return [column.label(name) for name, column in columns.items()]


def facts_of(fact: type[F], columns: Columns) -> Iterator[F]:
    """A fact for each row of these columns; columns that are no field are left out."""
    return map(fact._make, zip(*(columns[name] for name in fact._fields), strict=True))


def columns_of_rows(statement: Select[Any], rows: Sequence[Sequence[Any]]) -> Columns:
    """The columns of a statement's rows, by the names under which they were selected."""
    names = statement.selected_columns.keys()
    return dict(zip(names, zip(*rows, strict=True) if rows else repeat(()), strict=False))


def rows_of(columns: Columns) -> Iterator[Json]:
    """Each row of these columns, by the names of its fields."""
    return (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))


def readings_of(columns: Columns) -> Iterator[Reading]:
    """Readings from before the needles, by the columns of `INSIDE` or `OUTSIDE`.

    Their values are turned into the instrument's own unit. Those of a session have neither a time
    nor an episode, as the session has them.
    """
    count = len(columns["value"])
    return facts_of(
        Reading,
        {
            "phase": repeat(BEFORE, count),
            "at": repeat(None, count),
            "episode_id": repeat(None, count),
            **columns,
            "value": map(in_own_unit, columns["instrument"], columns["value"], columns["unit"]),
        },
    )


def place_of(text: str) -> Place:
    """Muscle, side and spinal level from the text of `_PLACE`."""
    muscle, side, spinal_level = text.split("/")
    return muscle, side, spinal_level or None


# One text is sent and looked up in less time than three are. None of them has a slash in it.
_PLACE = (
    Needling.muscle
    + literal_column("'/'", String)
    + Needling.side
    + literal_column("'/'", String)
    + func.coalesce(Needling.spinal_level, literal_column("''", String))
).label("place")

VISIT: Final = sources(
    Visit, TreatmentSession, session_id=TreatmentSession.id, at=TreatmentSession.occurred_at
)
NEEDLING: Final = sources(Needlings, Needling, place=_PLACE)
INSIDE: Final = {
    **sources(Reading, SessionMeasurement, at=None, episode_id=None),
    "unit": SessionMeasurement.unit,
}
"""Readings of a session."""
OUTSIDE: Final = {
    **sources(Reading, Measurement, at=Measurement.taken_at),
    "unit": Measurement.unit,
}
"""Readings that were not taken in a session, though perhaps on its occasion."""
REPORT: Final = sources(Report, FollowUp)
EVENT: Final = sources(Event, AdverseEvent)
EPISODE: Final = {
    **sources(
        Episode,
        episodes.Episode,
        episode_id=episodes.Episode.id,
        planned_sessions=None,
        planned_per_week=None,
    ),
    "plan": json_part(episodes.Episode.plan).label("plan"),
}
