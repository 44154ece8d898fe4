"""R8: three servers of one clinic, two of them with clocks that are three days wrong."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from tests.faults import elsewhen
from tests.faults.account import check_account
from tests.faults.conftest import SQLITE_AT_LENGTH, Site
from tests.faults.load import Load
from tests.faults.test_at_once import check_feed, follow
from tests.faults.test_kill import wait_for
from tests.serving import serving

CALLERS = 6
WRITTEN = 60
WRONG = ("uvicorn", f"{elsewhen.__name__}:create_app", "--factory")


@SQLITE_AT_LENGTH
def test_wrong_clocks_affect_neither_order_nor_cursors(site: Site, tmp_path: Path) -> None:
    environment = {"NEEDLEWORK_DATABASE_URL": site.deployment.url}
    with (
        serving(tmp_path / "ahead.log", WRONG, **environment, **{elsewhen.DAYS: "3"}) as ahead,
        serving(tmp_path / "behind.log", WRONG, **environment, **{elsewhen.DAYS: "-3"}) as behind,
        ThreadPoolExecutor(1) as following,
    ):
        load, reader, enough = Load(site, CALLERS), site.caller(), Event()
        ports = (site.deployment.serving.port, ahead.port, behind.port)
        for n, caller in enumerate(load.callers):
            caller.close()
            caller.port = ports[n % len(ports)]
        feed = following.submit(follow, reader, enough)
        try:
            with load.running():
                wait_for(load, WRITTEN)
        finally:
            enough.set()
        changes = feed.result()
        check_feed(reader, changes)
    times = [datetime.fromisoformat(change["at"]) for change in changes]
    assert max(times) - min(times) > timedelta(days=5)
    assert times != sorted(times)
    check_account(site.clinic)
