"""What progress and the timeline read: a few indexed queries each."""

from app.progress.queries.documents import body_map, picture, progress, written_out
from app.progress.queries.timelines import timeline

__all__ = ["body_map", "picture", "progress", "timeline", "written_out"]
