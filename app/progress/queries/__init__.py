"""What progress and the timeline read: a few indexed queries each."""

from app.progress.queries.documents import picture, progress
from app.progress.queries.timelines import timeline

__all__ = ["picture", "progress", "timeline"]
