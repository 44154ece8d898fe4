"""R7, short form: sixteen clients write to one clinic at once, and no update is lost."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from uuid import uuid4

from app.core.http.deadline import REQUEST_MAX_S
from tests.faults.account import check_account, check_written
from tests.faults.callers import Caller, Json
from tests.faults.conftest import Site
from tests.faults.load import Load, at_once, change, created, follow_up

WRITERS = 16
TURNS = 4
SHARED = 2


def follow(caller: Caller, enough: Event) -> list[Json]:
    """Read the change feed as a tablet does, until told to stop and caught up."""
    found: list[Json] = []
    cursor = "0"
    while True:
        last = enough.is_set()
        page = caller.read(f"/v1/changes?after={cursor}&limit=20")
        found += page["items"]
        cursor = page["cursor"]
        if last and page["next"] is None:
            return found


def was_done(caller: Caller, session_id: str, plan: str) -> bool:
    """Whether a change was made although it got no answer in time."""
    time.sleep(REQUEST_MAX_S)
    page = caller.read(f"/v1/sessions/{session_id}/versions?limit=200")
    return any(version["body"]["plan"] == plan for version in page["items"])


def increment(caller: Caller, session_id: str) -> int:
    """Add one to the number in a session's note; return how often another client was faster."""
    for lost in range(WRITERS * TURNS * 10):
        session = caller.read(f"/v1/sessions/{session_id}")
        held = {"If-Match": f'"{session["version"]}"'}
        own = str(uuid4())
        more = {"note": str(int(session["note"]) + 1), "plan": own}
        answer = caller.once("PATCH", f"/v1/sessions/{session_id}", more, **held)
        if answer.status == 200 or (answer.status == 503 and was_done(caller, session_id, own)):
            return lost
        if answer.status == 503:
            continue
        assert answer.status == 412, answer
        assert answer.body["current_version"] > session["version"]
    raise AssertionError("never the first")


def work(load: Load, shared: list[str], n: int) -> int:
    """One writer: increments shared sessions, logs sessions, sends follow-ups and red flags."""
    caller, chance = load.callers[n], random.Random(n)
    for _ in range(TURNS):
        increment(caller, chance.choice(shared))
        session = created(caller, "/v1/sessions", load.visit())
        change(caller, session, {"plan": "again"})
        flags = ["fainting"] if chance.random() < 0.3 else []
        follow_up(caller, chance.choice([session["id"], *shared]), soreness=3, red_flags=flags)
    return TURNS


def test_sixteen_writers_lose_no_update_and_a_reader_sees_all_in_order(site: Site) -> None:
    load = Load(site, WRITERS)
    reader = site.caller()
    shared = [created(reader, "/v1/sessions", load.visit())["id"] for _ in range(SHARED)]
    enough = Event()
    with ThreadPoolExecutor(1) as following:
        feed = following.submit(follow, reader, enough)
        try:
            turns = sum(at_once(lambda n: work(load, shared, n), WRITERS))
        finally:
            enough.set()
        changes = feed.result()
    check_counts(reader, shared, turns)
    check_feed(reader, changes)
    check_written(site.clinic, [*load.written, *reader.written], reader)
    check_account(site.clinic)


def check_counts(caller: Caller, shared: list[str], turns: int) -> None:
    """Every increment is a separate version, and none overwrote another."""
    total = 0
    for session_id in shared:
        versions = caller.read(f"/v1/sessions/{session_id}/versions?limit=200")["items"]
        counted = [int(version["body"]["note"]) for version in versions]
        assert list(dict.fromkeys(counted)) == list(range(counted[-1] + 1))
        updates = [v for v in versions if v["operation"] == "sessions.update"]
        assert len(updates) == counted[-1]
        total += counted[-1]
    assert total == turns


def check_feed(caller: Caller, changes: list[Json]) -> None:
    """The reader saw exactly the changes that are stored now, in the same order."""
    numbers = [change["number"] for change in changes]
    assert numbers == sorted(set(numbers))
    quiet = Event()
    quiet.set()
    assert changes == follow(caller, quiet)
