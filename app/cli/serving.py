"""`serve` and `openapi`."""

import gc
import json
import multiprocessing
import os
import signal
import socket
import sys
from threading import Thread, Timer
from types import FrameType
from typing import Annotated, Final

import typer
import uvicorn
from fastapi import FastAPI

from app.cli.console import database, fail, reason, say
from app.core.db import schema
from app.core.db.database import Database
from app.core.http import health, logs
from app.core.http.head_limit import HeadLimit
from app.core.values.problems import Unavailable
from app.main import create_app

APPLICATION: Final = "app.cli.serving:application"
GRACE_S: Final = 10
LEAVING_S: Final = 2
HUNG_S: Final = 60
"""A worker that says nothing for so long is replaced. A busy machine may take this to start one."""
SEARCH_FROM: Final = 20_000
"""New objects that make a search for garbage worth its time: more than an answer or two hold."""
PORT_MAX: Final = 65_535
NEVER_ASKED: Final = Database("postgresql://")

Host = Annotated[str, typer.Option(help="The address to listen at.")]
Port = Annotated[int, typer.Option(min=1, max=PORT_MAX, help="The port to listen at.")]


def application() -> FastAPI:
    """The application as each server process runs it."""
    logs.configure()
    app = create_app()
    _leave_on_sigterm()
    _end_with_parent()
    gc.collect()
    gc.freeze()  # all this stays: no later search for garbage has to walk through it
    gc.set_threshold(SEARCH_FROM)
    return app


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Server processes.")] = 1,
) -> None:
    """Serve the API. Ctrl-C, or a SIGTERM, ends it once the running requests are answered."""
    check_port(host, port)
    _check_database(workers)
    run(host, port, workers)


def run(host: str, port: int, workers: int = 1) -> None:
    """Serve until told to end."""
    logs.configure()
    # When all is answered, uvicorn raises the signal again: then the end is as it should be.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        APPLICATION,
        factory=True,
        http=HeadLimit,
        host=host,
        port=port,
        workers=workers,
        log_config=None,  # `logs` writes them
        log_level="info",
        access_log=False,  # a path holds ids
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_worker_healthcheck=HUNG_S,
    )


def _leave_on_sigterm() -> None:
    """Let balancers learn of the end before uvicorn's own handler has it take nobody in."""
    end = signal.getsignal(signal.SIGTERM)

    def leave(sig: int, frame: FrameType | None) -> None:
        if callable(end) and not health.shutting_down.is_set():
            health.shutting_down.set()
            Timer(LEAVING_S, end, (sig, frame)).start()

    signal.signal(signal.SIGTERM, leave)


def _end_with_parent() -> None:
    """Have a worker end when the process that watches over it was killed: it holds the port."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def follow() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=follow, name="follow", daemon=True).start()


def check_port(host: str, port: int, other: str = "--port") -> None:
    """Fail where nobody can listen there; `other` says how to choose another port."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        fail(f"Can't listen at {host}:{port}: {error.strerror}. Choose another one by {other}.")


def _check_database(workers: int) -> None:
    with database(migrated=False) as opened:
        if opened.is_sqlite and workers > 1:
            fail("SQLite has one writer: serve it with one worker, or use PostgreSQL.")
        try:
            if schema.current(opened) != schema.head():
                say(
                    "The database is not migrated: until `python -m app migrate`, /readyz says 503."
                )
            else:
                _check_role(opened)
        except Unavailable as problem:
            say(f"The database does not answer: until it does, requests get 503. {reason(problem)}")


def _check_role(opened: Database) -> None:
    if not opened.is_sqlite:
        with opened.reading() as db:
            if not schema.row_security_applies(db):
                fail(
                    "This role sees every clinic's rows, for it has BYPASSRLS: serve as another."
                    " See Two roles on PostgreSQL in docs/operator.md."
                )


def openapi() -> None:
    """Print the OpenAPI document."""
    typer.echo(json.dumps(create_app(NEVER_ASKED).openapi(), indent=2))
