"""Which flags tell of a patient's present state, and which of the past. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from app.progress.rules.flags import RECURS_WITHIN_DAYS
from app.progress.rules.measures import Key
from app.progress.rules.wording import Json

UNDER_WAY: Final = timedelta(days=RECURS_WITHIN_DAYS)
"""Visits that lie further apart belong to two courses of care."""


class Turns(NamedTuple):
    """The flags of a progress document, by what a page does with them."""

    of_measures: Mapping[str, list[Json]]
    """What is true now, by the measure that it is about: see `measure_id`."""
    of_episodes: list[Json]
    """Episodes that were opened again lately."""
    past: list[Json]
    """What is over, belongs to care that ended, or no longer fits the last value."""


def turns(document: Json) -> Turns:
    """Sort the flags of a progress document."""
    measures = {measure_id(each): each for each in document["measures"]}
    found = Turns({id: [] for id in measures}, [], [])
    for flag in document["flags"]:
        measure = measures.get(measure_id(flag))
        if _is_past(flag, document) or (measure is not None and _is_outdated(flag, measure)):
            found.past.append(flag)
        elif measure is None:
            found.of_episodes.append(flag)
        else:
            found.of_measures[measure_id(measure)].append(flag)
    found.past.sort(key=lambda flag: datetime.fromisoformat(flag["since"]), reverse=True)
    return found


def measure_id(said: Json) -> str:
    """What tells a measure from the others, as text; a flag names its measure by the same."""
    return repr([said[name] for name in (*Key._fields, "course")])


def _is_past(flag: Json, document: Json) -> bool:
    """Whether a flag is over, or belongs to care that ended longer ago than courses lie apart."""
    if flag["over"] is not None:
        return True
    at = flag["since"]
    if flag["episode_id"] is None:
        lasts = [
            block["sessions"]["last_at"]
            for block in document["courses"]
            if block["course"] == flag["course"] and block["sessions"]["last_at"]
        ]
        at = max([at, *lasts], key=datetime.fromisoformat)
    since = datetime.fromisoformat(document["as_of"]) - datetime.fromisoformat(at)
    return since > UNDER_WAY


def _is_outdated(flag: Json, measure: Json) -> bool:
    """Whether the last value is better than every other since a plateau began."""
    begun = datetime.fromisoformat(flag["since"])
    values = [
        point["value"] if measure["better"] == "higher" else -point["value"]
        for point in measure["points"]
        if datetime.fromisoformat(point["at"]) >= begun
    ]
    return flag["code"] == "plateau" and len(values) > 1 and values[-1] > max(values[:-1])
