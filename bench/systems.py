"""The systems to compare: server processes, each with a database of the same content."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psycopg
from pydantic_core import to_json

from app.core.database import Database
from app.core.schema import migrate
from app.core.wire import Body, read
from app.followups.service import FOLLOW_UPS
from app.patients.service import PATIENTS
from app.practitioners.service import PRACTITIONERS
from app.records.kinds import Kind
from app.records.service import create
from app.sessions.service import SESSIONS
from bench import floor, growth, report
from bench.load import Work, request
from bench.meter import cpu_s
from bench.visits import Content
from tests import ground
from tests.postgres import OwnServer
from tests.serving import HOST, Serving, serving

FLOOR = ("uvicorn", "bench.floor:create_app", "--factory", "--no-access-log")


@dataclass(frozen=True, slots=True)
class System:
    """A running server and its database. All systems answer the same requests."""

    name: str
    url: str
    token: str
    content: Content
    serving: Serving
    postgres: OwnServer | None
    works: dict[str, Work]

    def cpu_s(self) -> tuple[float, float]:
        """CPU seconds used so far by the server process and by PostgreSQL."""
        own = cpu_s(self.serving.pid)
        return own, 0.0 if self.postgres is None else cpu_s(self.postgres.pid)


@contextmanager
def side_by_side(postgres: OwnServer, folder: Path) -> Iterator[list[System]]:
    """The floor and Needlework on this PostgreSQL, and Needlework on SQLite."""
    content = Content()
    lite = f"sqlite:///{folder}/needlework.db"
    with postgres.database() as floors, postgres.database() as ours, ExitStack() as stack:
        yield [
            stack.enter_context(system)
            for system in (
                _floor(content, postgres, floors, folder),
                _ours(report.OURS, content, ours, folder, postgres),
                _ours(report.LITE, content, lite, folder),
            )
        ]


@contextmanager
def small_and_grown(postgres: OwnServer, folder: Path, sessions: int) -> Iterator[list[System]]:
    """Needlework with few stored sessions and with many, all in one clinic."""
    content = Content()
    with postgres.database() as few, postgres.database() as many, ExitStack() as stack:
        yield [
            stack.enter_context(_ours(stored(number), content, url, folder, postgres, number))
            for number, url in ((growth.FEW, few), (sessions, many))
        ]


def stored(sessions: int) -> str:
    """The name of a system with this many sessions."""
    return f"{sessions:,} stored"


@contextmanager
def _floor(content: Content, postgres: OwnServer, url: str, folder: Path) -> Iterator[System]:
    plain = libpq(url)
    with psycopg.connect(plain) as connection:
        connection.execute(floor.TABLES)
    with serving(folder / "floor.log", FLOOR, **{floor.URL: plain}) as server:
        history = content.history()
        sent = {"Authorization": f"Bearer {floor.TOKEN}", "Content-Type": "application/json"}
        with closing(HTTPConnection(HOST, server.port)) as connection:
            for visit in history:
                connection.request("POST", "/v1/sessions", to_json(visit), sent)
                connection.getresponse().read()
        growth.analyze(plain)
        asked = works(content, server.port, floor.TOKEN, [visit["id"] for visit in history])
        yield System(report.FLOOR, plain, floor.TOKEN, content, server, postgres, asked)


@contextmanager
def _ours(
    name: str,
    content: Content,
    url: str,
    folder: Path,
    postgres: OwnServer | None = None,
    sessions: int = 0,
) -> Iterator[System]:
    with closing(Database(url)) as database:
        migrate(database)
        clinic = ground.found(database)
        token = clinic.key()
        ids = fill(clinic, content)
    if sessions:
        growth.grow(libpq(url), ids[0], sessions)
    if postgres is not None:
        growth.analyze(libpq(url))
    with serving(folder / f"{name}.log", NEEDLEWORK_DATABASE_URL=url) as server:
        asked = works(content, server.port, token, ids)
        yield System(name, url, token, content, server, postgres, asked)


def libpq(url: str) -> str:
    """A SQLAlchemy URL in libpq's form."""
    return url.replace("postgresql+psycopg", "postgresql")


def fill(clinic: ground.Clinic, content: Content) -> list[str]:
    """Store the content; returns the ids of the sessions that the works read."""
    history = content.history()
    patients = [content.read_patient_id, *content.logged_patient_ids]
    practitioner = {"id": content.practitioner_id, "given_name": "Dana", "family_name": "Demo"}
    rows: list[tuple[Kind[Any], dict[str, Any]]] = [
        (PRACTITIONERS, practitioner),
        *((PATIENTS, {"id": id_, "given_name": "Pat", "family_name": "Demo"}) for id_ in patients),
        *((SESSIONS, visit) for visit in history),
        *((FOLLOW_UPS, content.report(visit)) for visit in history),
    ]
    items: list[tuple[Kind[Any], Body]] = [
        (kind, read(kind.body, to_json(body))) for kind, body in rows
    ]
    op = clinic.operation("import")
    with clinic.database.writing(clinic.id) as db:
        op.begin(db)
        problems = [outcome.problem for outcome in create(op, items) if outcome.problem]
        op.finish()
    if problems:
        raise problems[0]
    return [visit["id"] for visit in history]


def works(content: Content, port: int, token: str, ids: list[str]) -> dict[str, Work]:
    """The requests of W1 to W4 for one system."""
    patient_id = content.read_patient_id
    created, ok = HTTPStatus.CREATED, HTTPStatus.OK
    log = [request("POST", "/v1/sessions", token, to_json(visit)) for visit in content.to_log()]
    read_one = [request("GET", f"/v1/sessions/{id_}", token) for id_ in ids]
    newest = request("GET", f"/v1/sessions?patient_id={patient_id}&limit=20", token)
    progress = request("GET", f"/v1/patients/{patient_id}/progress", token)
    return {
        "W1": Work(port, tuple(log), created),
        "W2": Work(port, tuple(read_one), ok),
        "W3": Work(port, (newest,), ok),
        "W4": Work(port, (progress,), ok),
    }
