"""Load: several callers, each in its own thread, until they are told to stop."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from uuid import uuid4

from tests.faults.callers import Caller, Json, Written
from tests.faults.conftest import Site

OCCURRED_AT = "2026-11-01T10:00:00-08:00"
REPORTED_AT = "2026-11-02T12:00:00-08:00"


class Load:
    """Callers that log visits, change them and send follow-ups, as a clinic does."""

    def __init__(self, site: Site, callers: int) -> None:
        self.callers = [site.caller() for _ in range(callers)]
        self._enough = Event()
        first = self.callers[0]
        self.patient_id = created(first, "/v1/patients", {})["id"]
        name = {"given_name": "Dana", "family_name": "Demo"}
        self.practitioner_id = created(first, "/v1/practitioners", name)["id"]

    @property
    def written(self) -> list[Written]:
        """All changes that were acknowledged so far."""
        return [one for caller in self.callers for one in caller.written]

    def visit(self, **more: Json) -> Json:
        """A session with two needlings."""
        return {
            "patient_id": self.patient_id,
            "practitioner_id": self.practitioner_id,
            "occurred_at": OCCURRED_AT,
            "needlings": [
                {"muscle": "infraspinatus", "side": "left", "ache": 6},
                {"muscle": "supraspinatus", "side": "left", "twitches": 2},
            ],
            "note": "0",
            **more,
        }

    @contextmanager
    def running(self, rest_s: float = 0.0) -> Iterator[None]:
        """Run the callers while the block runs; each finishes its current request.

        If the block waits for a program, let callers pause between visits, so that it can run.
        """
        with ThreadPoolExecutor(len(self.callers)) as pool:
            works = [
                pool.submit(self._work, caller, n, rest_s) for n, caller in enumerate(self.callers)
            ]
            try:
                yield
            finally:
                self._enough.set()
        for work in works:
            work.result()

    def _work(self, caller: Caller, seed: int, rest_s: float) -> None:
        chance = random.Random(seed)
        while not self._enough.is_set():
            own_id = {"id": str(uuid4())} if chance.random() < 0.5 else {}
            session = created(caller, "/v1/sessions", self.visit(**own_id))
            if chance.random() < 0.5:
                change(caller, session, {"note": "1"})
            if chance.random() < 0.5:
                follow_up(caller, session["id"], soreness=chance.randrange(11))
            self._enough.wait(rest_s)


def created(caller: Caller, path: str, body: Json) -> Json:
    """Create a record; any final answer but 201 fails."""
    answer = caller.write("POST", path, body)
    assert answer.status == 201, answer
    return answer.body


def follow_up(caller: Caller, session_id: str, **report: Json) -> Json:
    """Send a follow-up of a session."""
    path = f"/v1/sessions/{session_id}/follow-ups"
    return created(caller, path, {"reported_at": REPORTED_AT, **report})


def change(caller: Caller, session: Json, changes: Json) -> Json:
    """Change a session that no other caller changes."""
    held = {"If-Match": f'"{session["version"]}"'}
    answer = caller.write("PATCH", f"/v1/sessions/{session['id']}", changes, **held)
    assert answer.status == 200, answer
    return answer.body


def at_once(work: Callable[[int], Json], times: int) -> list[Json]:
    """Call a function in many threads at the same moment, and return all results."""
    gate = Event()

    def wait_and_work(n: int) -> Json:
        gate.wait()
        return work(n)

    with ThreadPoolExecutor(times) as pool:
        works = [pool.submit(wait_and_work, n) for n in range(times)]
        gate.set()
        return [each.result() for each in works]
