"""`/v1/consents`, `/v1/screenings`, `/v1/adverse-events`."""

from app.core.access import Scope
from app.core.routing import Routes
from app.records.routes import serve_reads, serve_writes
from app.safety.service import ADVERSE_EVENTS, CONSENTS, SCREENINGS

consents = Routes("/v1/consents", "safety")
serve_reads(consents, CONSENTS, Scope.CONSENTS_READ)
serve_writes(consents, CONSENTS, Scope.CONSENTS_WRITE)

screenings = Routes("/v1/screenings", "safety")
serve_reads(screenings, SCREENINGS, Scope.SCREENINGS_READ)
serve_writes(screenings, SCREENINGS, Scope.SCREENINGS_WRITE)

adverse_events = Routes("/v1/adverse-events", "safety")
serve_reads(adverse_events, ADVERSE_EVENTS, Scope.ADVERSE_EVENTS_READ)
serve_writes(adverse_events, ADVERSE_EVENTS, Scope.ADVERSE_EVENTS_WRITE)
