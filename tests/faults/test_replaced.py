"""The files of SQLite are replaced beneath a server: writes stop, and no answered one is lost."""

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from app.core.db.database import Database
from tests.faults.account import check_account, check_file
from tests.faults.callers import Caller, Written
from tests.faults.conftest import Site, create_site, deploy
from tests.ground import Clinic

CALLERS = 4
BEFORE, AFTER = 40, 12
REPLACED = "/problems/database-replaced"

Undo = Callable[[], object]


@pytest.fixture(name="file")
def file_of_the_database(tmp_path: Path) -> Path:
    return tmp_path / "served" / "needlework.db"


@pytest.fixture(name="served")
def served_site(file: Path, tmp_path: Path) -> Iterator[Site]:
    file.parent.mkdir()
    with (
        deploy(f"sqlite:///{file}", tmp_path) as deployment,
        closing(create_site(deployment)) as site,
    ):
        deployment.database.close()  # only the server has the file open
        yield site


def rename(file: Path) -> Undo:
    other = file.with_name("renamed")
    file.rename(other)
    return partial(other.replace, file)


def replace_by_a_copy(file: Path) -> Undo:
    kept, copied = file.with_name("kept"), file.with_name("copied")
    kept.hardlink_to(file)
    shutil.copyfile(file, copied)
    copied.replace(file)
    return partial(kept.replace, file)


def remove_the_wal(file: Path) -> Undo:
    file.with_name(f"{file.name}-wal").unlink()
    return lambda: None


def replace_the_wal(file: Path) -> Undo:
    path = file.with_name(f"{file.name}-wal")
    shutil.copyfile(path, path.with_name("copied"))
    path.with_name("copied").replace(path)
    return partial(path.unlink, missing_ok=True)


class Writers:
    """Callers that create patients, each in its own thread, until some were refused."""

    def __init__(self, site: Site) -> None:
        self.callers = [site.caller() for _ in range(CALLERS)]
        self.halfway = threading.Event()

    def run(self, act: Callable[[], None]) -> None:
        """Act after some writes, and return when each caller was refused often enough."""
        with ThreadPoolExecutor(CALLERS + 1) as pool:
            works = [pool.submit(self._write, caller) for caller in self.callers]
            self.halfway.wait()
            act()
            for work in works:
                work.result()

    def _write(self, caller: Caller) -> None:
        refused = 0
        while refused < AFTER:
            answer = caller.write("POST", "/v1/patients", {})
            assert answer.status in {201, 503}, answer
            if answer.status == 503:
                assert answer.body["type"] == REPLACED
                assert "retry-after" not in answer.headers
                refused += 1
            else:
                assert refused == 0
            if self.count > BEFORE:
                self.halfway.set()

    @property
    def count(self) -> int:
        return sum(len(caller.written) for caller in self.callers)

    @property
    def acknowledged(self) -> list[Written]:
        return [w for caller in self.callers for w in caller.written if w.answer.status == 201]


@pytest.mark.parametrize("end", ["stop", "kill"])
@pytest.mark.parametrize(
    "act", [rename, replace_by_a_copy, remove_the_wal, replace_the_wal], ids=lambda f: f.__name__
)
def test_writes_stop_and_nothing_answered_is_lost(
    served: Site, file: Path, act: Callable[[Path], Undo], end: str
) -> None:
    undo: list[Undo] = []
    writers, reader = Writers(served), served.caller()
    writers.run(lambda: undo.append(act(file)))
    acknowledged = writers.acknowledged
    assert len(acknowledged) > BEFORE
    # A read of a patient leaves an entry, so it stops as well. Reference data is still served.
    one = acknowledged[0].answer.body["id"]
    read = reader.once("GET", f"/v1/patients/{one}")
    assert (read.status, read.body["type"]) == (503, REPLACED)
    assert reader.once("GET", "/v1/muscles").status == 200
    server = served.deployment.serving
    if end == "stop":
        assert server.stop() == 0
    else:
        server.kill()
    undo[0]()
    server.start()
    reader.close()
    for written in acknowledged:
        path = f"/v1/patients/{written.answer.body['id']}"
        assert reader.read(path) == written.answer.body
    assert reader.write("POST", "/v1/patients", {}).status == 201
    check_file(served.deployment.url)
    with closing(Database(served.deployment.url)) as database:
        check_account(Clinic(served.clinic.id, database))
