"""`/v1/episodes`."""

from app.core.access import Scope
from app.core.routing import Routes
from app.episodes.service import EPISODES
from app.records.routes import serve_reads, serve_writes

routes = Routes("/v1/episodes", "episodes")
serve_reads(routes, EPISODES, Scope.EPISODES_READ)
serve_writes(routes, EPISODES, Scope.EPISODES_WRITE)
