"""The progress document: one patient's whole history, summarised course by course."""

from collections.abc import Callable
from datetime import datetime

from app.progress.rules.blocks import Known, block, nothing, part, together
from app.progress.rules.courses import cares_of
from app.progress.rules.episodes import reopenings
from app.progress.rules.events import placed
from app.progress.rules.history import (
    Clock,
    History,
    Json,
    TimeFormat,
    course_of,
    instant,
    keep_datetime,
)


def document(
    patient_id: str,
    episode_id: str | None,
    as_of: datetime,
    history: History,
    write: TimeFormat = keep_datetime,
    shown: Callable[[int], bool] | None = None,
) -> Json:
    """Compute the document of a whole history, or of the course of one of its episodes.

    It consists of dicts, lists, numbers and strings, ready to be serialised. ``write`` is called
    once for each time, although the same time may appear in twenty places. ``history`` is always
    the whole one, and its rows may come in any order. ``shown`` says of which instants the points
    and the soreness are listed, and changes no figure.
    """
    known = _known(history, instant(as_of), Clock(write, history.zone), shown)
    asked = [
        block(known, number)
        for number, care in enumerate(known.cares.courses)
        if episode_id in {None, care.episode_id}
    ]
    if episode_id is None:
        figures = together(known, asked)
    else:
        figures = part(asked[0]) if asked else nothing(known)
    return {
        "patient_id": patient_id,
        "episode_id": episode_id,
        "as_of": write(as_of),
        **figures,
        "courses": asked,
    }


def _known(
    history: History, as_of: int, clock: Clock, shown: Callable[[int], bool] | None
) -> Known:
    course = course_of(history.visits, clock, history.readings, history.needlings, history.reports)
    needled = set(history.needlings.session_id)
    cares = cares_of(history, course, as_of, clock, needled)
    events = placed(history, cares.courses, course, clock)
    opened = [one for one in history.episodes if instant(one.opened_at) <= as_of]
    return Known(history, course, cares, events, reopenings(opened), as_of, clock, shown)
