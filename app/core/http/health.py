"""Health and metrics: is the process alive, is it ready, what has it counted."""

import asyncio
from threading import Event

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from app.core.db import schema
from app.core.db.database import Database
from app.core.http.deadline import deadline
from app.core.values.problems import Unavailable

router = APIRouter(include_in_schema=False)
leaving = Event()
"""Set once this process is about to end: it answers, closes connections, and isn't ready."""


class NotMigrated(Unavailable):
    """The database is not at the migration that this program needs: run `migrate`."""

    code, title = "not-migrated", "Database is not migrated"


class Leaving(Unavailable):
    """This process is about to end: ask another one."""

    code, title = "leaving", "Server is about to end"


@router.get("/healthz", name="health")
async def health() -> Response:
    """Say that the process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", name="ready")
async def ready(request: Request) -> Response:
    """Say that the database is reachable and migrated, and that the process stays; else 503."""
    if leaving.is_set():
        raise Leaving
    database: Database = request.app.state.database
    async with deadline():
        at = await asyncio.to_thread(schema.current, database)
    if at != schema.head():
        raise NotMigrated
    return JSONResponse({"status": "ready"})


@router.get("/metrics", name="metrics")
def metrics() -> Response:
    """Counts and times of requests, for Prometheus."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
