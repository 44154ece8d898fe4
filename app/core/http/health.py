"""Health and metrics of the process."""

import asyncio
import hmac
from threading import Event

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from app.core.db import schema
from app.core.db.database import Database
from app.core.http.deadline import deadline
from app.core.values.problems import Unauthenticated, Unavailable
from app.settings import settings

router = APIRouter(include_in_schema=False)
shutting_down = Event()
"""Set when this process is about to stop. It still answers, but isn't ready."""


class NotMigrated(Unavailable):
    """The database isn't at the migration that this program needs: run `migrate`."""

    code, title = "not-migrated", "Database is not migrated"


class ShuttingDown(Unavailable):
    """This server process is about to stop. Send requests to another one."""

    code, title = "leaving", "Server is shutting down"


@router.get("/healthz", name="health")
async def health() -> Response:
    """Answer 200 if the process runs."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", name="ready")
async def ready(request: Request) -> Response:
    """Answer 200 if the database can be reached and is migrated, and the process isn't stopping."""
    if shutting_down.is_set():
        raise ShuttingDown
    database: Database = request.app.state.database
    async with deadline():
        at = await asyncio.to_thread(schema.current, database)
    if at != schema.head():
        raise NotMigrated
    return JSONResponse({"status": "ready"})


@router.get("/metrics", name="metrics")
def metrics(request: Request) -> Response:
    """Return the counts and durations of requests, for Prometheus.

    Raises `Unauthenticated` if the settings have a key for it, and the request doesn't.
    """
    key = settings().metrics_key
    if key is not None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), key.get_secret_value().encode()):
            raise Unauthenticated
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
