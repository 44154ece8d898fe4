"""`/v1/consents`, `/v1/screenings`, `/v1/adverse-events`."""

from fastapi import APIRouter

from app.core.http.routing import Route
from app.core.values.access import Scope
from app.records.routes import add_reads, add_writes
from app.safety.service import ADVERSE_EVENTS, CONSENTS, SCREENINGS

consents = APIRouter(prefix="/v1/consents", tags=["safety"], route_class=Route)
add_reads(consents, CONSENTS, Scope.CONSENTS_READ)
add_writes(consents, CONSENTS, Scope.CONSENTS_WRITE)

screenings = APIRouter(prefix="/v1/screenings", tags=["safety"], route_class=Route)
add_reads(screenings, SCREENINGS, Scope.SCREENINGS_READ)
add_writes(screenings, SCREENINGS, Scope.SCREENINGS_WRITE)

adverse_events = APIRouter(prefix="/v1/adverse-events", tags=["safety"], route_class=Route)
add_reads(adverse_events, ADVERSE_EVENTS, Scope.ADVERSE_EVENTS_READ)
add_writes(adverse_events, ADVERSE_EVENTS, Scope.ADVERSE_EVENTS_WRITE)
