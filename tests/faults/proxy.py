"""A network that fails on demand, between a server and its PostgreSQL."""

import asyncio
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from tests.serving import HOST

PIECE_BYTES = 65_536
RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Accepts TCP connections and forwards them to a Unix socket, until told otherwise."""

    def __init__(self, target: str) -> None:
        self.latency_s = 0.0
        self.cut_after_bytes: int | None = None
        """Cut each connection after so many bytes from the database."""
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._swallowing = False
        self._links: set[_Link] = set()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._link, HOST, 0))
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def black_hole(self) -> None:
        """Drop all data from now on, without closing connections."""
        self._swallowing = True
        for link in list(self._links):
            link.swallowed = True

    def heal(self) -> None:
        """Forward new connections again; dropped data stay lost."""
        self._swallowing = False
        self.latency_s, self.cut_after_bytes = 0.0, None

    def reset(self) -> None:
        """Reset every connection."""
        for link in list(self._links):
            self._loop.call_soon_threadsafe(link.reset)

    def close(self) -> None:
        """Stop."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        for link in self._links:
            link.end()
        await asyncio.gather(*(link.task for link in self._links if link.task))

    async def _link(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        far, to_far = await asyncio.open_unix_connection(self._target)
        link = _Link(self, to_near, to_far)
        link.swallowed = self._swallowing
        self._links.add(link)
        try:
            await asyncio.gather(link.pump(near, to_far), link.pump(far, to_near, counted=True))
        except OSError:
            pass
        finally:
            self._links.discard(link)
            link.end()


class _Link:
    def __init__(
        self, proxy: Proxy, to_near: asyncio.StreamWriter, to_far: asyncio.StreamWriter
    ) -> None:
        self.swallowed = False
        self.task = asyncio.current_task()
        self._proxy = proxy
        self._ends = (to_near, to_far)
        self._brought = 0

    async def pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, counted: bool = False
    ) -> None:
        while data := await source.read(PIECE_BYTES):
            if self._proxy.latency_s:
                await asyncio.sleep(self._proxy.latency_s)
            if self.swallowed:
                continue
            self._brought += len(data) if counted else 0
            limit = self._proxy.cut_after_bytes
            sink.write(data)
            await sink.drain()
            if limit is not None and self._brought > limit:
                break
        self.end()

    def reset(self) -> None:
        near: socket.socket = self._ends[0].get_extra_info("socket")
        near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.end()

    def end(self) -> None:
        for writer in self._ends:
            writer.transport.abort()


@contextmanager
def proxy(target: str) -> Iterator[Proxy]:
    """A network while the block runs."""
    opened = Proxy(target)
    try:
        yield opened
    finally:
        opened.close()
