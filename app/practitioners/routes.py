"""`/v1/practitioners`."""

from app.core.access import Scope
from app.core.routing import Routes
from app.practitioners.service import PRACTITIONERS
from app.records.routes import serve_reads, serve_writes

routes = Routes("/v1/practitioners", "practitioners")
serve_reads(routes, PRACTITIONERS, Scope.PRACTITIONERS_READ)
serve_writes(routes, PRACTITIONERS, Scope.PRACTITIONERS_WRITE)
