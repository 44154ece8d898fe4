"""`/v1/episodes`."""

from fastapi import APIRouter

from app.core.http.routing import Route
from app.core.values.access import Scope
from app.episodes.service import EPISODES
from app.records.routes import add_reads, add_writes

router = APIRouter(prefix="/v1/episodes", tags=["episodes"], route_class=Route)
add_reads(router, EPISODES, Scope.EPISODES_READ)
add_writes(router, EPISODES, Scope.EPISODES_WRITE)
