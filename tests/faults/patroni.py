"""Three PostgreSQLs on the loopback, of which Patroni elects the leader in etcd.

Patroni and etcd are packages of the system. The package index has Patroni's etcd client only as
source, and building it needs tools that have no pinned hash.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml
from sqlalchemy import URL

from tests.postgres import Server, launch, made_runnable, own, parent_of_homes, programs_at_hand
from tests.serving import HOST, free_port

PROGRAMS = ("etcd", "patroni")
NODES = ("one", "two", "three")
TTL_S = 20
"""How long a leader may be silent until another one is elected: Patroni's minimum."""
READY_WITHIN_S = 90.0
ASKED_EVERY_S = 0.2
ANSWERS_WITHIN_S = 5.0
RUNNING = {"running", "streaming"}

AGREED = {
    "ttl": TTL_S,
    "loop_wait": 5,
    "retry_timeout": 5,
    "synchronous_mode": True,
    # A change on only one of the three is not acknowledged, even if the others are gone.
    "synchronous_mode_strict": True,
    "postgresql": {"use_pg_rewind": True, "use_slots": True, "parameters": {"fsync": "off"}},
}

# Stop everything once the input ends. Patroni first, because it would restart PostgreSQL.
LEASH = """
read -r _
for file in "$1"/*.pid "$1"/*/postmaster.pid; do
    if [ -f "$file" ]; then kill -KILL "$(head -n 1 "$file")"; fi
done
rm -rf "$1"
[ ! -e "$1" ] || { sleep 1; rm -rf "$1"; }
"""

Json = Any


class Node:
    """One Patroni and the PostgreSQL that it manages."""

    def __init__(self, name: str, home: Path) -> None:
        self.name = name
        self.data = home / name
        self.port, self.api_port = free_port(), free_port()
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None

    def configure(self, programs: Path, etcd_port: int) -> None:
        """Write Patroni's configuration."""
        settings = {
            "scope": "needlework",
            "name": self.name,
            "restapi": _address(self.api_port),
            "etcd3": {"host": f"{HOST}:{etcd_port}"},
            "bootstrap": {"dcs": AGREED, "initdb": [{"encoding": "UTF8"}, "no-locale"]},
            "postgresql": {
                **_address(self.port),
                "data_dir": str(self.data),
                "bin_dir": str(programs),
                "pgpass": str(self._home / f"{self.name}.pgpass"),
                "authentication": {
                    "superuser": {"username": "postgres"},
                    "replication": {"username": "postgres"},
                },
                "parameters": {"unix_socket_directories": str(self._home)},
                "pg_hba": [
                    "local all all trust",
                    f"host all all {HOST}/32 trust",
                    f"host replication all {HOST}/32 trust",
                ],
            },
        }
        self._settings.write_text(yaml.safe_dump(settings))

    @property
    def _settings(self) -> Path:
        return self._home / f"{self.name}.yml"

    def start(self) -> None:
        """Start Patroni, which starts PostgreSQL."""
        command = [found("patroni"), str(self._settings)]
        self._process = launched(command, self._home, self.name)

    def kill(self) -> None:
        """Kill both, as the end of their machine would."""
        if self._process is None:
            raise RuntimeError(f"node {self.name} is not running")
        postmaster = (self.data / "postmaster.pid").read_text().split("\n")[0]
        self._process.kill()
        os.kill(int(postmaster), signal.SIGKILL)
        self.reap()
        (self._home / f"{self.name}.pid").unlink()

    def reap(self) -> None:
        """Wait for the end of a Patroni that was killed."""
        if self._process is not None:
            self._process.wait()
        self._process = None


class Cluster(Server):
    """All three as one URL, which connects to the one that accepts writes."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes = {node.name: node for node in nodes}
        query = {
            "host": ",".join([HOST] * len(self.nodes)),
            "port": ",".join(str(node.port) for node in self.nodes.values()),
            "target_session_attrs": "read-write",
        }
        super().__init__(URL.create("postgresql", username="postgres", query=query))

    def leader(self) -> Node | None:
        """The current leader, as the nodes report it."""
        names = [each["name"] for each in self._members() if each["role"] == "leader"]
        return self.nodes[names[0]] if names else None

    def wait_until_whole(self) -> None:
        """Wait until all three run, two are replicas, and one of those is synchronous."""
        deadline = time.monotonic() + READY_WITHIN_S
        while not _whole(members := self._members()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not whole in {READY_WITHIN_S} s: {members}")
            time.sleep(ASKED_EVERY_S)

    def _members(self) -> list[Json]:
        for node in self.nodes.values():
            try:
                address = f"http://{HOST}:{node.api_port}/cluster"
                with urlopen(address, timeout=ANSWERS_WITHIN_S) as answer:
                    members: list[Json] = json.load(answer)["members"]
            except OSError:
                continue
            return members
        return []


def _whole(members: list[Json]) -> bool:
    roles = sorted(member["role"] for member in members)
    return (
        roles == ["leader", "replica", "sync_standby"]
        and {member["state"] for member in members} <= RUNNING
        and len({member.get("timeline") for member in members}) == 1
    )


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Run a cluster while the block runs; nothing of it stays, however the block ends."""
    home = Path(tempfile.mkdtemp(prefix="needlework-cluster-", dir=parent_of_homes()))
    own(home)
    with ExitStack() as ended, _leash(home):
        programs = made_runnable(programs_at_hand(), home)
        etcd_port = free_port()
        ended.enter_context(etcd(home, etcd_port))
        nodes = [Node(name, home) for name in NODES]
        for node in nodes:
            ended.callback(node.reap)
            node.configure(programs, etcd_port)
            node.start()
        whole = Cluster(nodes)
        whole.wait_until_whole()
        yield whole


def etcd(home: Path, port: int) -> subprocess.Popen[bytes]:
    """Start etcd, which stores who the leader is, on this port."""
    listening, peers = f"http://{HOST}:{port}", f"http://{HOST}:{free_port()}"
    options = {
        "data-dir": str(home / "etcd"),
        "listen-client-urls": listening,
        "advertise-client-urls": listening,
        "listen-peer-urls": peers,
        "initial-advertise-peer-urls": peers,
        "initial-cluster": f"default={peers}",
    }
    command = [found("etcd"), *(f"--{name}={value}" for name, value in options.items())]
    return launched(command, home, "etcd")


def launched(command: list[str], home: Path, name: str) -> subprocess.Popen[bytes]:
    """Start a program, and register it with the leash."""
    process = launch(command, home, home / f"{name}.log")
    (home / f"{name}.pid").write_text(f"{process.pid}\n")
    return process


def found(program: str) -> str:
    """The path of a program; fails with a message that says what to install."""
    path = shutil.which(program)
    if path is None:
        pytest.fail(f"There is no {program} here: `apt install patroni etcd-server`, as root.")
    return path


def _address(port: int) -> dict[str, str]:
    return {"listen": f"{HOST}:{port}", "connect_address": f"{HOST}:{port}"}


@contextmanager
def _leash(home: Path) -> Iterator[None]:
    """Stop everything that runs in a folder, and remove it, when the block or process ends."""
    with subprocess.Popen(
        ["/bin/sh", "-c", LEASH, "leash", str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ):
        yield
