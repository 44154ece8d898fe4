"""The progress document: one patient's whole history, summarised."""

from collections.abc import Iterable
from datetime import datetime

from app.progress.rules.episodes import plans
from app.progress.rules.flags import flags
from app.progress.rules.history import (
    Clock,
    Event,
    History,
    Json,
    TimeFormat,
    course_of,
    instant,
    keep_datetime,
)
from app.progress.rules.measures import episodes_of, measures, regions_of, series_of
from app.progress.rules.muscles import muscles
from app.progress.rules.release import release
from app.progress.rules.soreness import soreness
from app.progress.rules.visits import dose, doses_of, needlings_of, sessions


def document(
    patient_id: str,
    episode_id: str | None,
    as_of: datetime,
    history: History,
    write: TimeFormat = keep_datetime,
) -> Json:
    """Compute the whole document from ``history``, whose rows may come in any order.

    It consists of dicts, lists, numbers and strings, ready to be serialised. ``write`` is
    called once for each time, although the same time may appear in twenty places.
    """
    clock = Clock(write, history.zone)
    course = course_of(history.visits, clock, history.readings, history.needlings, history.reports)
    needlings = needlings_of(course, history.needlings)
    doses = doses_of(course, needlings)
    regions = regions_of(history.episodes)
    episode_of = episodes_of(history.visits)
    series = series_of(course, history.readings, history.scale, clock, regions, episode_of)
    return {
        "patient_id": patient_id,
        "episode_id": episode_id,
        "as_of": write(as_of),
        "sessions": sessions(history.visits, course, history.entered_later),
        "plans": plans(history.episodes, course, episode_of),
        "dose": dose(course, needlings),
        "measures": measures(series),
        "soreness": soreness(course, instant(as_of), history.reports, doses),
        "muscles": muscles(course, needlings),
        "release": release(needlings),
        "adverse_events": adverse_events(history.events),
        "flags": flags(series, history.reopenings, clock),
    }


def adverse_events(events: Iterable[Event]) -> Json:
    """Count events by severity. A close call harmed nobody, so it counts only as a close call."""
    counts = {"mild": 0, "significant": 0, "serious": 0, "close_calls": 0}
    for event in events:
        counts["close_calls" if event.close_call else event.severity] += 1
    return counts
