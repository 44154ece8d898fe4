"""The view of a course of care, as figures name it."""

from datetime import datetime

from app.core.values.wire import View


class CourseView(View):
    """A course of care: an episode, or visits without one that follow each other closely."""

    episode_id: str | None
    """The episode; null for visits without one."""
    started_at: datetime | None
    """When the first attended visit took place; null if there is none."""
