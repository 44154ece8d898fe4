"""A real server process, for tests that kill it and for the bench that measures it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

HOST = "127.0.0.1"
PATIENCE_S = 60.0
NEEDLEWORK = ("app", "serve")
ROOT = Path(__file__).parents[1]

# Kills the server with the given pid, and its workers, once its input ends. The input ends when the
# starter dies, in whatever way.
LEASH = 'read -r _; kill -KILL "-$1"'


class Serving:
    """One server on one port, its workers included, started as often as needed.

    `python -m` runs `module`, with `--host` and `--port`. The environment has its settings.
    """

    def __init__(self, log: Path, module: Sequence[str] = NEEDLEWORK, **environment: str) -> None:
        self.port = free_port()
        self.log = log
        self._module = module
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._leash: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The server's process id, while it runs."""
        if self._process is None:
            raise RuntimeError("the server is not running")
        return self._process.pid

    def start(self) -> None:
        """Start, and return once the server accepts connections."""
        address = (f"--host={HOST}", f"--port={self.port}")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._module, *address],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._leash = subprocess.Popen(
            ["/bin/sh", "-c", LEASH, "leash", str(self._process.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        deadline = time.monotonic() + PATIENCE_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the server did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> int:
        """Send SIGTERM, as a service manager does, and return the exit code."""
        if self._process is None:
            raise RuntimeError("the server is not running")
        self._process.terminate()
        code = self._process.wait(PATIENCE_S)
        self.kill()
        return code

    def kill(self) -> None:
        """Kill the server at once with SIGKILL; do nothing if it does not run."""
        if self._leash is not None:
            self._leash.kill()
            self._leash.communicate()
        if self._process is not None:
            with suppress(ProcessLookupError):  # it has ended
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._leash = self._process = None

    def _answers(self) -> bool:
        with socket.socket() as attempt:
            return attempt.connect_ex((HOST, self.port)) == 0


@contextmanager
def serving(log: Path, module: Sequence[str] = NEEDLEWORK, **environment: str) -> Iterator[Serving]:
    """Serve while the block runs."""
    server = Serving(log, module, **environment)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
