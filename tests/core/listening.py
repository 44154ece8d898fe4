"""A server in this process, on a socket, with bounds that a test can patch."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from app.core.http.connections import Connection
from tests.serving import HOST, free_port

PATIENCE_S = 30.0
STRANGERS = "127.0.0.2"
"""An address of this machine that is no trusted proxy."""


@contextmanager
def listening(app: Any, **config: Any) -> Iterator[int]:
    """Serve an ASGI application while the block runs, and yield the port."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(
            app, HOST, port, http=Connection, ws="none", log_config=None, lifespan="off", **config
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    until = time.monotonic() + PATIENCE_S
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    try:
        yield port
    finally:
        server.should_exit = server.force_exit = True
        thread.join()


def connect(port: int, sent: bytes = b"", address: str = STRANGERS) -> socket.socket:
    """Open a connection from this address, and send something."""
    wire = socket.create_connection((HOST, port), timeout=PATIENCE_S, source_address=(address, 0))
    wire.sendall(sent)
    return wire


def rest(wire: socket.socket) -> bytes:
    """Return what is received until the server closes the connection."""
    received = b""
    try:
        while piece := wire.recv(1 << 16):
            received += piece
    except ConnectionResetError:
        pass
    return received


async def answer(_scope: Any, receive: Any, send: Any) -> None:
    """Read the whole body, and answer with its size."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = str(size).encode()
    await start(send, len(body))
    await send({"type": "http.response.body", "body": body})


async def start(send: Any, length: int) -> None:
    """Send the head of an answer."""
    headers = [(b"content-length", str(length).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def never(_scope: Any, _receive: Any, _send: Any) -> None:
    """Answer nothing."""
    await asyncio.Event().wait()
