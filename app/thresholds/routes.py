"""`/v1/thresholds`."""

from app.core.access import Scope
from app.core.routing import Routes
from app.records.routes import serve_reads, serve_writes
from app.thresholds.service import THRESHOLDS

routes = Routes("/v1/thresholds", "reference")
serve_reads(routes, THRESHOLDS, Scope.INSTRUMENTS_READ)
serve_writes(routes, THRESHOLDS, Scope.THRESHOLDS_WRITE)
