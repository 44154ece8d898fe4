"""R5: the disk under the database is full, and then has space again.

The disk is a small tmpfs. Where none may be mounted, the processes may write no longer files
(RLIMIT_FSIZE), which is another error of the same kind; the summary says which it was. For
PostgreSQL it is the same only in the files of its log: there it meets the limit in a new one.
"""

import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.faults.account import check_account, check_file, check_written
from tests.faults.callers import PAUSE_S
from tests.faults.conftest import Site, create_site, deploy
from tests.faults.load import Load
from tests.faults.test_kill import wait_for
from tests.postgres import NoPostgresError, OwnServer, own_server, parent_of_homes

LIMITS_BYTES = {"sqlite": 4096, "postgresql": 8 * 1024 * 1024}
"""Less than any database of SQLite; more than any table, and less than a file of the log."""
REFUSED_WITHIN_S = 12.0
FILES_MADE_IN_ADVANCE = 5
PIECE = bytes(64 * 1024)
SIZES = {"sqlite": "16m", "postgresql": "160m"}


@dataclass(frozen=True)
class Disk:
    """A folder for a database, which can be filled."""

    folder: Path
    mounted: bool
    limit_bytes: int

    def fill(self, pids: Sequence[int]) -> None:
        if not self.mounted:
            self._limit(pids, self.limit_bytes)
            return
        try:
            with (self.folder / "ballast").open("wb", buffering=0) as ballast:
                while True:
                    ballast.write(PIECE)
        except OSError:
            pass

    def free(self, pids: Sequence[int]) -> None:
        if self.mounted:
            (self.folder / "ballast").unlink()
        else:
            self._limit(pids, resource.RLIM_INFINITY)

    def _limit(self, pids: Sequence[int], size: int) -> None:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@contextmanager
def small_disk(kind: str) -> Iterator[Disk]:
    folder = Path(tempfile.mkdtemp(prefix="needlework-disk-", dir=parent_of_homes()))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZES[kind]},mode=755", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    folder.chmod(0o755)
    try:
        yield Disk(folder, mounted, LIMITS_BYTES[kind])
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)  # noqa: S607 - where it is depends on the system
        shutil.rmtree(folder)


@dataclass(frozen=True)
class SmallDiskSite:
    """A clinic whose database has little space."""

    disk: Disk
    site: Site
    postgres: OwnServer | None

    @property
    def pids(self) -> list[int]:
        """The processes that write to the disk."""
        if self.postgres is None:
            return [self.site.deployment.serving.pid]
        try:
            postmaster = psutil.Process(self.postgres.pid)
        except NoPostgresError:
            return []
        return [postmaster.pid, *(child.pid for child in postmaster.children())]

    def fill(self) -> None:
        self.disk.fill(self.pids)
        if self.postgres is not None and not self.disk.mounted:
            with suppress(DBAPIError), self.site.deployment.database.owning() as db:
                for _ in range(FILES_MADE_IN_ADVANCE):
                    db.execute(text("SELECT pg_switch_wal()"))
                    time.sleep(PAUSE_S)  # nothing is written into it until somebody writes


@pytest.fixture(name="cramped", params=["sqlite", "postgresql"])
def clinic_with_little_room(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[SmallDiskSite]:
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk(request.param))
        if request.param == "sqlite":
            postgres, url = None, f"sqlite:///{disk.folder}/needlework.db"
        else:
            postgres = stack.enter_context(own_server(parent=disk.folder))
            url = stack.enter_context(postgres.database())
        deployment = stack.enter_context(deploy(url, tmp_path))
        site = stack.enter_context(closing(create_site(deployment)))
        yield SmallDiskSite(disk, site, postgres)


def test_on_a_full_disk_changes_are_refused_nothing_is_damaged_and_the_server_recovers(
    cramped: SmallDiskSite, record_property: Callable[[str, object], None]
) -> None:
    site = cramped.site
    load, caller = Load(site, 4), site.caller()
    pid = site.deployment.serving.pid
    with load.running():
        wait_for(load, 20)
        cramped.fill()
        deadline = time.monotonic() + REFUSED_WITHIN_S
        while caller.once("POST", "/v1/patients", {}).status != 503:
            assert time.monotonic() < deadline
            time.sleep(PAUSE_S)
        assert caller.once("GET", "/healthz").status == 200
        looked = caller.once("GET", f"/v1/patients/{load.patient_id}")
        assert looked.status in {200, 503}  # a read without a ledger entry is refused
        alive = cramped.postgres is None or bool(cramped.pids)
        if alive and cramped.disk.mounted:
            assert caller.once("GET", "/readyz").status == 200
            assert caller.once("GET", "/v1/muscles?limit=1").status == 200
        cramped.disk.free(cramped.pids)
        if cramped.postgres is not None and not cramped.pids:
            cramped.postgres.start()  # as a service manager would
        wait_for(load, 10)
    assert site.deployment.serving.pid == pid
    site.deployment.database.close()
    extra = [one for one in load.written if one.path != "/v1/patients"]
    check_written(site.clinic, extra, site.caller())
    check_account(site.clinic)
    check_file(site.deployment.url)
    record_property("disk", "tmpfs" if cramped.disk.mounted else "RLIMIT_FSIZE: no mount here")
    record_property("changes acknowledged", len(load.written))
