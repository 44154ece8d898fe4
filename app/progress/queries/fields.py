"""The column for each field of the facts that the rules of progress take.

Columns are selected by field name, and facts are built by field name. Nothing depends on the
order of columns, so a different order cannot mix up two fields.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Label, Select, String, Uuid, func, literal_column

from app.core.db.dialects import id_text, json_part
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
"""The database column for each field, by the field's name."""

Columns = Mapping[str, Any]
"""The values of each field, by the field's name. All have the same length and row order."""

BEFORE: Final = "before"
"""The phase of the values that count for progress."""


def sources(fact: type[F], table: Any, **others: Any) -> Sources:
    """The column for each field of `fact`.

    It is the column of the same name in `table`, unless `others` names another one. A field that
    is None in `others` has no column: the code that builds the fact adds its value.

    `TypeError` if `fact` has no field of that name. `AttributeError` if a field has no column.
    """
    if unknown := others.keys() - set(fact._fields):
        raise TypeError(f"{fact.__name__} has no {', '.join(sorted(unknown))}.")
    columns = {
        name: others[name] if name in others else getattr(table, name) for name in fact._fields
    }
    return {name: column for name, column in columns.items() if column is not None}


def labelled(columns: Sources) -> list[Label[Any]]:
    """The columns to select, each labelled with the name of its field."""
    return [column.label(name) for name, column in columns.items()]


def labelled_texts(columns: Sources) -> list[Label[Any]]:
    """Like `labelled`, with ids as text."""
    return labelled(
        {
            name: id_text(column) if isinstance(column.type, Uuid) else column
            for name, column in columns.items()
        }
    )


def facts_of(fact: type[F], columns: Columns) -> Iterator[F]:
    """One fact for each row. Columns that are not a field of the fact are ignored."""
    return map(fact._make, zip(*(columns[name] for name in fact._fields), strict=True))


def columns_of_rows(statement: Select[Any], rows: Sequence[Sequence[Any]]) -> Columns:
    """The rows of a statement as columns, by the names in its SELECT list."""
    names = statement.selected_columns.keys()
    return dict(zip(names, zip(*rows, strict=True) if rows else repeat(()), strict=False))


def rows_of(columns: Columns) -> Iterator[Json]:
    """Each row of these columns as a dict, by field name."""
    return (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))


def readings_of(columns: Columns) -> Iterator[Reading]:
    """Readings from before the needling, from the columns of `inside` or `outside`.

    Values are converted to the instrument's own unit. Readings of a session have neither a time
    nor an episode, because the session has both.
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
    """Muscle, side and spinal level, from the text of `_PLACE`."""
    muscle, side, spinal_level = text.split("/")
    return muscle, side, spinal_level or None


# Sending and looking up one text is faster than three. None of the three contains a slash.
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


def inside(table: Any = SessionMeasurement) -> Sources:
    """Columns for readings in a session."""
    return {**sources(Reading, table, at=None, episode_id=None), "unit": table.unit}


def outside(table: Any = Measurement) -> Sources:
    """Columns for readings outside any session; a reading may still refer to a session."""
    return {**sources(Reading, table, at=table.taken_at), "unit": table.unit}


def report(table: Any = FollowUp) -> Sources:
    """Columns for what patients reported."""
    return sources(Report, table)


def event(table: Any = AdverseEvent) -> Sources:
    """Columns for adverse events."""
    return sources(Event, table, at=table.occurred_at)


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
