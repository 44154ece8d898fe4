"""Episodes: what was planned, how often the patient came, and which complaint recurred."""

from collections.abc import Iterable

from app.progress.rules.courses import Care
from app.progress.rules.history import Episode, Json, Reopening, rounded
from app.progress.rules.visits import DAY

WEEK = 7 * DAY


def plans(care: Care) -> list[Json]:
    """The document's `plans` of one course: the plan of its episode beside the attended visits.

    `per_week` is the number of gaps between visits, divided by the weeks from the first visit to
    the last. It is null below two visits, or where all visits were at one instant.
    """
    episode = care.episode
    if episode is None:
        return []
    instants = [visit.instant for visit in care.course.values()]
    weeks = (instants[-1] - instants[0]) / WEEK if instants else 0
    return [
        {
            "episode_id": episode.episode_id,
            "region": episode.region,
            "planned_sessions": episode.planned_sessions,
            "planned_per_week": episode.planned_per_week,
            "attended": len(instants),
            "per_week": rounded((len(instants) - 1) / weeks) if weeks else None,
        }
    ]


def reopenings(episodes: Iterable[Episode]) -> list[Reopening]:
    """Each pair of an episode and an earlier closed episode of the same region.

    An episode with several earlier ones appears once for each of them.
    """
    known = [episode for episode in episodes if episode.region is not None]
    return [
        Reopening(later.episode_id, later.opened_at, earlier.closed_at, earlier.episode_id)
        for later in known
        for earlier in known
        if earlier.region == later.region
        and earlier.closed_at is not None
        and earlier.closed_at <= later.opened_at
        and earlier.episode_id != later.episode_id
    ]
