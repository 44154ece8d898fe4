"""The queries of progress and of the timeline: a few indexed ones each."""

from app.progress.queries.documents import body_map, code_names, picture, progress
from app.progress.queries.timelines import timeline

__all__ = ["body_map", "code_names", "picture", "progress", "timeline"]
