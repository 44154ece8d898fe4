"""Which emergency access belongs to a series. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple
from uuid import UUID

from typing_extensions import TypeAliasType

SERIES_MIN: Final = 4
"""How many openings within an hour are a series. None is refused, but somebody should look."""
SERIES_WITHIN: Final = timedelta(hours=1)
EmergencySeries = TypeAliasType("EmergencySeries", Literal["practitioner", "clinic"])
"""Whose accesses come close together: one practitioner's, or the clinic's."""


class Opening(NamedTuple):
    """When one emergency access began, and for whom."""

    id: UUID
    practitioner_id: UUID
    opened_at: datetime


def series(openings: Iterable[Opening]) -> Mapping[UUID, EmergencySeries]:
    """The openings of a clinic that belong to a series, by id.

    `practitioner`: one practitioner opened four or more within an hour. `clinic`: several
    practitioners did so together.
    """
    in_order = sorted(openings, key=lambda opening: opening.opened_at)
    by_person: defaultdict[UUID, list[Opening]] = defaultdict(list)
    for opening in in_order:
        by_person[opening.practitioner_id].append(opening)
    found: dict[UUID, EmergencySeries] = {opening.id: "clinic" for opening in _dense(in_order)}
    for own in by_person.values():
        found |= {opening.id: "practitioner" for opening in _dense(own)}
    return found


def _dense(in_order: Sequence[Opening]) -> Iterator[Opening]:
    """Every opening that is one of four or more within an hour; some more than once."""
    for first in range(len(in_order) - SERIES_MIN + 1):
        window = in_order[first : first + SERIES_MIN]
        if window[-1].opened_at - window[0].opened_at <= SERIES_WITHIN:
            yield from window
