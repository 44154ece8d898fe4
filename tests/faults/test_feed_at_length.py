"""R7: sixteen writers of one clinic and a reader of its feed, up to a given number of entries."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from threading import Event
from uuid import UUID, uuid4

from app.core.db.database import Database
from app.core.operation import Operation, perform
from app.core.values.problems import Unavailable
from app.ledger.service import record
from tests.faults.account import check_ledger
from tests.faults.callers import Caller
from tests.faults.conftest import Site
from tests.ground import Clinic

WRITERS = 16
AT_ONCE = 60
PAGE = 200
FOUNDED = 2


def write(clinic: Clinic, entries: int, seed: int) -> list[str]:
    """Append changes, several in a transaction, as an import does; return their records' ids."""
    chance, written = random.Random(seed), list[str]()
    while len(written) < entries:
        ids = [uuid4() for _ in range(min(chance.randint(1, AT_ONCE), entries - len(written)))]
        op = clinic.operation("test.write")
        try:
            perform(clinic.database, op, partial(append, op, ids))
        except Unavailable:  # sixteen writers take turns at SQLite's write lock
            continue
        written += map(str, ids)
    return written


def append(op: Operation, ids: list[UUID]) -> None:
    for id in ids:
        record(op, "things", {"id": id, "version": 1})


def follow(caller: Caller, enough: Event) -> list[tuple[int, str]]:
    """Read the feed to its end: each change's number and its record's id."""
    found, cursor = list[tuple[int, str]](), "0"
    while True:
        last = enough.is_set()
        page = caller.read(f"/v1/changes?after={cursor}&limit={PAGE}")
        found += [(change["number"], change["resource_id"]) for change in page["items"]]
        cursor = page["cursor"]
        if last and page["next"] is None:
            return found
        if page["next"] is None:
            time.sleep(0.01)


def test_a_reader_misses_repeats_and_reorders_nothing(
    site: Site, entries: int, record_property: Callable[[str, object], None]
) -> None:
    reader, enough, began = site.caller(), Event(), time.monotonic()
    with ThreadPoolExecutor(1) as following, ThreadPoolExecutor(WRITERS) as pool:
        feed = following.submit(follow, reader, enough)
        try:
            with closing(Database(site.deployment.url)) as database:
                clinic = Clinic(site.clinic.id, database)
                share = entries // WRITERS
                works = [pool.submit(write, clinic, share, seed) for seed in range(WRITERS)]
                written = [id for work in works for id in work.result()]
        finally:
            enough.set()
        numbers, seen = zip(*feed.result(), strict=True)
    assert numbers == tuple(sorted(set(numbers)))
    # Creating the clinic and its key are changes, too.
    assert sorted(seen[FOUNDED:]) == sorted(written)
    check_ledger(site.clinic)
    record_property("entries", len(numbers))
    record_property("missed, repeated or reordered", 0)
    record_property("s", round(time.monotonic() - began))
