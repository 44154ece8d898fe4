"""R11: a clinic learns and changes nothing with ids and keys that it stole from another clinic.

Two clinics do the same, step by step: one with ids and keys of a third clinic, the other with
ids that never existed. Both get the same answers, and every byte of the third clinic is unchanged.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import pytest
from httpx2 import Client, Response
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json, to_json
from sqlalchemy import select

from app.core.db.database import Database
from app.core.db.tables import ClinicOwned, Table
from app.core.values.clock import uuid7
from app.state.models import StateWalk
from tests.ground import Api, Clinic, create_clinic
from tests.sweeps.document import operations
from tests.sweeps.test_tenancy import ID, seen
from tests.sweeps.world import SECRETS, Sent, World

STEPS = 10
KEY = "a key that the other clinic has used"
NAMES = {"id", "patient_id", "practitioner_id", "session_id", "episode_id", "adverse_event_id"}

# Values that depend on ids: digests, in hex or base64, the leaf in a cursor of the change feed, and
# the addresses of next pages.
MADE_OF_IDS = re.compile(
    r"[0-9a-f]{64}|[A-Za-z0-9+/]{43}=|(?<=[0-9]\.)[0-9a-f]{16}\b|cursor=[^\"]+"
)
SECRET = re.compile(rf'("(?:{"|".join(SECRETS)})":)"[^"]+"')


def comparable(answer: Response) -> tuple[int, dict[str, str], str]:
    """An answer without the values that differ between any two clinics."""
    status, headers, text = seen(answer)
    if headers.get("etag", "").startswith("W/"):
        del headers["etag"]  # a digest of the text, which is compared
    headers = {name: MADE_OF_IDS.sub("", value) for name, value in headers.items()}
    is_json = "json" in headers.get("content-type", "")
    return status, headers, SECRET.sub(r"\1", MADE_OF_IDS.sub("", text)) if is_json else ""


@dataclass(frozen=True)
class Step:
    """One request, and which of the clinic's ids in it are replaced."""

    operation: int
    taken: tuple[int, ...]
    """For each id in the request: the index of the foreign id that replaces it; 0 for none."""
    keyed: bool

    def sent(self, world: World, foreign: Sequence[str]) -> Sent:
        """The request for a clinic's world, with ids out of `foreign` in it."""
        every = operations()
        sent = world.request(every[self.operation % len(every)])
        turns = cycle(self.taken)

        def other(own: str) -> str:
            number = next(turns)
            # Strides through the ids of all kinds, so that a few of them occur often.
            return foreign[number * 7 % len(foreign)] if number else own

        sent.path = ID.sub(lambda match: other(match[0]), sent.path)
        if sent.content is not None and "json" in sent.headers["Content-Type"]:
            body = from_json(sent.content)
            for name in sorted(NAMES & set(body)):
                body[name] = other(body[name])
            sent.content = to_json(body)
        if self.keyed and sent.method != "GET":
            sent.headers["Idempotency-Key"] = KEY
        return sent


def steps() -> st.SearchStrategy[list[Step]]:
    taken = st.lists(st.integers(0, 12), min_size=3, max_size=3).map(tuple)
    step = st.builds(Step, st.integers(0, len(operations()) - 1), taken, st.booleans())
    return st.lists(step, min_size=STEPS, max_size=STEPS)


@dataclass(frozen=True)
class Victim:
    """A clinic with a record of each kind, whose ids were stolen."""

    clinic: Clinic
    ids: Sequence[str]
    never: Sequence[str]
    """As many ids that do not exist, in the same order."""

    def rows(self) -> dict[str, Any]:
        """Everything that is stored for the clinic, but for how far the keeper's walk has come."""
        tables = [m.class_ for m in Table.registry.mappers if issubclass(m.class_, ClinicOwned)]
        tables.remove(StateWalk)
        with self.clinic.database.reading(self.clinic.id) as db:
            return {
                table.__tablename__: sorted(
                    map(repr, db.execute(select(table).where(table.clinic_id == self.clinic.id)))
                )
                for table in tables
            }


@pytest.fixture(name="victim", scope="module")
def robbed_clinic(wire: Client, database: Database) -> Victim:
    clinic = create_clinic(database)
    api = Api(wire, clinic.key())
    world, pairs = World(api), list[tuple[str, str]]()
    for operation in operations():
        sent = world.request(operation)
        if operation.method == "POST":
            sent.headers["Idempotency-Key"] = KEY
        answer = sent.by(api)
        for id_ in ID.findall(sent.path + answer.text):
            pairs.append((id_, str(uuid7())))
    ids = sorted({id_ for id_, _ in pairs})
    return Victim(clinic, ids, sorted(never for _, never in pairs)[: len(ids)])


def test_no_clinic_can_tell_that_another_exists(
    wire: Client, database: Database, victim: Victim, pytestconfig: pytest.Config
) -> None:
    before = victim.rows()
    done = 0

    @settings(max_examples=int(pytestconfig.getoption("steps")) // STEPS)
    @given(steps())
    def behaves(walk: list[Step]) -> None:
        nonlocal done
        thief, honest = (World(Api(wire, create_clinic(database).key())) for _ in range(2))
        for step in walk:
            answers = [
                step.sent(world, ids).by(world.api)
                for world, ids in ((thief, victim.ids), (honest, victim.never))
            ]
            stolen, unknown = map(comparable, answers)
            assert stolen == unknown, operations()[step.operation].name
            done += 1

    behaves()
    assert victim.rows() == before
    assert done
