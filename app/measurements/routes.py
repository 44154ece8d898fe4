"""`/v1/measurements`."""

from app.core.access import Scope
from app.core.routing import Routes
from app.measurements.service import MEASUREMENTS
from app.records.routes import serve_reads, serve_writes

routes = Routes("/v1/measurements", "measurements")
serve_reads(routes, MEASUREMENTS, Scope.MEASUREMENTS_READ)
serve_writes(routes, MEASUREMENTS, Scope.MEASUREMENTS_WRITE)
