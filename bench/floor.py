"""The floor: the least that the same requests could cost with the same framework.

It has a token check, a validated body and ONE hand-written statement per request. It has no
look-up of users, clinics, ledger, retries or rules: it is only for comparison.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import asyncpg
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

URL, TOKEN = "NEEDLEWORK_BENCH_FLOOR_URL", "floor"

TABLES = """
CREATE TABLE sessions (
    id uuid PRIMARY KEY, patient_id uuid NOT NULL, episode_id uuid, practitioner_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL, duration_min int, attendance text NOT NULL, technique text,
    position text, measurements jsonb NOT NULL, needle_count jsonb, note text NOT NULL
);
CREATE INDEX ON sessions (patient_id, occurred_at);
CREATE TABLE needlings (
    session_id uuid REFERENCES sessions, position int, muscle text NOT NULL, side text NOT NULL,
    needle jsonb, needles int NOT NULL, insertions int NOT NULL, depth_mm int, stimulation text,
    grasp text, twitches int, ache int, sharp int, sensations jsonb, release text,
    release_after_s int, familiar_pain text, PRIMARY KEY (session_id, position)
);
"""
LOG = """
WITH logged AS (
    INSERT INTO sessions VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, $11::jsonb, $12)
)
INSERT INTO needlings (
    session_id, muscle, side, needle, needles, insertions, depth_mm, stimulation, grasp, twitches,
    ache, sharp, sensations, release, release_after_s, familiar_pain, position
)
SELECT $1, n.* FROM ROWS FROM (jsonb_to_recordset($13::jsonb) AS (
    muscle text, side text, needle jsonb, needles int, insertions int, depth_mm int,
    stimulation text, grasp text, twitches int, ache int, sharp int, sensations jsonb,
    release text, release_after_s int, familiar_pain text
)) WITH ORDINALITY AS n
"""
READ = """
SELECT row_to_json(x)::text FROM (
    SELECT s.*, (
        SELECT json_agg(n ORDER BY n.position) FROM needlings n WHERE n.session_id = s.id
    ) AS needlings FROM sessions s WHERE s.id = $1
) x
"""
NEWEST = """
SELECT coalesce(json_agg(x), '[]')::text FROM (
    SELECT s.*, (
        SELECT json_agg(n ORDER BY n.position) FROM needlings n WHERE n.session_id = s.id
    ) AS needlings FROM sessions s WHERE s.patient_id = $1 ORDER BY s.occurred_at DESC LIMIT $2
) x
"""
SUMS = """
SELECT json_build_object(
    'sessions', count(*), 'minutes', sum(s.duration_min), 'needlings', sum(n.needlings),
    'insertions', sum(n.insertions), 'twitches', sum(n.twitches), 'ache', sum(n.ache)
)::text
FROM sessions s CROSS JOIN LATERAL (
    SELECT count(*) AS needlings, sum(insertions) AS insertions, sum(twitches) AS twitches,
        sum(ache) AS ache
    FROM needlings WHERE session_id = s.id
) n WHERE s.patient_id = $1
"""


class Needling(BaseModel):
    """One muscle, with types but without rules."""

    muscle: str
    side: str
    needle: dict[str, Any] | None = None
    needles: Annotated[int, Field(ge=1)] = 1
    insertions: Annotated[int, Field(ge=1)] = 1
    depth_mm: int | None = None
    stimulation: str | None = None
    grasp: str | None = None
    twitches: int | None = None
    ache: Annotated[int | None, Field(ge=0, le=10)] = None
    sharp: Annotated[int | None, Field(ge=0, le=10)] = None
    sensations: list[str] = []
    release: str | None = None
    release_after_s: int | None = None
    familiar_pain: str | None = None


class Session(BaseModel):
    """One visit, with types but without rules."""

    id: Annotated[UUID, Field(default_factory=uuid4)]

    patient_id: UUID
    episode_id: UUID | None = None
    practitioner_id: UUID
    occurred_at: datetime
    duration_min: int | None = None
    attendance: str = "attended"
    technique: str | None = None
    position: str | None = None
    measurements: list[dict[str, Any]] = []
    needlings: list[Needling] = []
    needle_count: dict[str, int] | None = None
    note: str = ""


async def checked(authorization: Annotated[str, Header()]) -> None:
    """Check the token."""
    if authorization != f"Bearer {TOKEN}":
        raise HTTPException(401)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open a pool of connections."""
    async with asyncpg.create_pool(os.environ[URL], min_size=16, max_size=16) as app.state.pool:
        yield


def answered(text: str | bytes, status: int = 200) -> Response:
    """A response with JSON from the database, unchanged."""
    return Response(text, status, media_type="application/json")


def create_app() -> FastAPI:
    """Create the floor's application."""
    app = FastAPI(lifespan=lifespan, dependencies=[Depends(checked)])

    @app.post("/v1/sessions")
    async def log(body: Session, request: Request) -> Response:
        view = body.model_dump(mode="json")
        lists = (to_json(view[name]).decode() for name in ("measurements", "needle_count"))
        needlings = to_json(view["needlings"]).decode()
        own = (body.patient_id, body.episode_id, body.practitioner_id, body.occurred_at)
        rest = (body.duration_min, body.attendance, body.technique, body.position)
        values = (body.id, *own, *rest, *lists, body.note, needlings)
        await request.app.state.pool.execute(LOG, *values)
        return answered(to_json(view), 201)

    @app.get("/v1/sessions/{id}")
    async def read(id: UUID, request: Request) -> Response:
        return answered(await request.app.state.pool.fetchval(READ, id))

    @app.get("/v1/sessions")
    async def newest(patient_id: UUID, limit: int, request: Request) -> Response:
        return answered(await request.app.state.pool.fetchval(NEWEST, patient_id, limit))

    @app.get("/v1/patients/{id}/progress")
    async def sums(id: UUID, request: Request) -> Response:
        return answered(await request.app.state.pool.fetchval(SUMS, id))

    return app
