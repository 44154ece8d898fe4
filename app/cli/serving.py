"""`serve` and `openapi`.

Only these two import the application, when they need it: its import takes half a second.
"""

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

from app.cli.console import database, fail, print_message, reason
from app.core.db import schema
from app.core.db.database import Database
from app.core.http import health, logs
from app.core.http.connections import CONNECTIONS, Connection, limits
from app.core.values.problems import Unavailable

APPLICATION: Final = "app.cli.serving:application"
GRACE_S: Final = 10
DRAIN_S: Final = 2
SILENCE_MAX_S: Final = 60
"""Seconds after which a silent worker is replaced. On a busy machine a start may take that long."""
GC_THRESHOLD: Final = 20_000
"""New objects before a garbage collection: more than one or two answers create."""
SWITCH_S: Final = 0.0001
"""Seconds that a busy thread may keep others from running. Each byte that is sent or received waits
so long for it, so Python's own 0.005 would make a thousand connections wait for five seconds."""
PORT_MAX: Final = 65_535
UNUSED_DATABASE: Final = Database("postgresql://")

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=PORT_MAX, help="The port to listen on.")]


def application() -> FastAPI:
    """Create the application in a server process."""
    from app.main import create_app  # noqa: PLC0415 - see above

    logs.configure()
    CONNECTIONS.most = limits().connections
    app = create_app()
    _leave_on_sigterm()
    _end_with_parent()
    gc.collect()
    gc.freeze()  # these objects live as long as the process: later collections skip them
    gc.set_threshold(GC_THRESHOLD)
    sys.setswitchinterval(SWITCH_S)
    return app


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Server processes.")] = 1,
) -> None:
    """Serve the API. Ctrl-C or SIGTERM stops it, after the running requests are answered."""
    check_port(host, port)
    _check_database(workers)
    run(host, port, workers)


def run(host: str, port: int, workers: int = 1) -> None:
    """Serve until a signal stops it."""
    logs.configure()
    # After the last answer uvicorn raises the signal again: exit with 0 then.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        APPLICATION,
        factory=True,
        http=Connection,
        ws="none",  # there is no WebSocket to upgrade to
        host=host,
        port=port,
        workers=workers,
        backlog=limits().backlog,
        log_config=None,  # `app.core.http.logs` configures logging
        log_level="info",
        access_log=False,  # paths hold ids of patients
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_worker_healthcheck=SILENCE_MAX_S,
    )


def _leave_on_sigterm() -> None:
    """On SIGTERM, report `leaving` to load balancers before uvicorn stops accepting connections."""
    end = signal.getsignal(signal.SIGTERM)

    def leave(sig: int, frame: FrameType | None) -> None:
        if callable(end) and not health.shutting_down.is_set():
            health.shutting_down.set()
            Timer(DRAIN_S, end, (sig, frame)).start()

    signal.signal(signal.SIGTERM, leave)


def _end_with_parent() -> None:
    """End this worker if its parent process was killed. Otherwise it would keep the port open."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def follow() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=follow, name="follow", daemon=True).start()


def check_port(host: str, port: int, other: str = "--port") -> None:
    """Exit with a message if the port can't be opened; `other` says how to choose another."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        fail(f"Can't listen on {host}:{port}: {error.strerror}. Choose another port with {other}.")


def _check_database(workers: int) -> None:
    with database(migrated=False) as opened:
        if opened.is_sqlite and workers > 1:
            fail("SQLite has one writer: serve with one worker, or use PostgreSQL.")
        try:
            if schema.current(opened) != schema.head():
                print_message(
                    "The database is not migrated: /readyz says 503 until `python -m app migrate`."
                )
            else:
                _check_role(opened)
        except Unavailable as problem:
            print_message(
                f"The database doesn't answer. Requests get 503 until it does. {reason(problem)}"
            )


def _check_role(opened: Database) -> None:
    if not opened.is_sqlite:
        with opened.reading() as db:
            if not schema.row_security_applies(db):
                fail(
                    "This role has BYPASSRLS, so it sees every clinic's rows. Serve as another."
                    " See Two roles on PostgreSQL in docs/operator.md."
                )


def openapi() -> None:
    """Print the OpenAPI document."""
    from app.main import create_app  # noqa: PLC0415 - see above

    typer.echo(json.dumps(create_app(UNUSED_DATABASE).openapi(), indent=2))
