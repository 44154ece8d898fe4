"""Every documented problem can occur, and no other does."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from httpx2 import Response
from pydantic_core import from_json, to_json

from app.alerts.rules import NOTES_MAX
from app.core.http.rates import Rates
from app.core.values.clock import now, uuid7
from app.core.values.problems import catalogue
from tests.ground import Api, Clinic
from tests.sweeps.document import PROBLEM, Documented, operations, undocumented
from tests.sweeps.world import ASKS, EMERGENCY, OTHER, Sent, World

# These need a race, or a database that is down: tests/faults provokes them.
NEEDS_A_RACE = {"conflict", "still-running", "unavailable"}
# This one needs other settings: tests/ledger provokes it.
NEEDS_ANOTHER_KEY = {"no-signing-key", "strange-signing-key"}
# These need a database that somebody altered or replaced: tests/ledger and tests/faults provoke
# them.
NEEDS_DAMAGE = {
    *("database-replaced", "differs-from-ledger", "ledger-damaged", "unreadable-record"),
}
# These need a longer chart, a rare script, or a server without an extra: tests/summaries and
# tests/transfer provoke them.
NEEDS_ANOTHER_CHART = {"chart-too-long", "no-parquet", "press-missing", "unprintable"}
# This one needs a person who chose a password: tests/accounts provokes it.
NEEDS_A_PERSON = {"last-owner"}
# This one needs a record that resembles another one: tests/records provokes it.
NEEDS_A_LIKENESS = {"possible-duplicate"}
# This one needs a client that sends slowly: tests/core provokes it.
NEEDS_TIME = {"too-slow"}
# These occur outside `/v1`, or only in unexpected failures.
ELSEWHERE = {
    "head-too-large",
    "internal",
    "leaving",
    "link-closed",
    "malformed-request",
    "method-not-allowed",
    "not-migrated",
    "unknown-host",
}
AMEND = "sessions.amend"
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}")


def documented(operation: Documented) -> set[str]:
    texts = " ".join(answer["description"] for answer in operation.spec["responses"].values())
    return set(re.findall(r"`([a-z-]+)`: ", texts))


class Provoker:
    """Provokes every problem of one operation."""

    def __init__(self, world: World, nobody: Api, operation: Documented) -> None:
        self.world, self.nobody, self.operation = world, nobody, operation
        self.sent = world.request(operation)

    def answers(self) -> Iterator[Response]:
        """The answers to requests with one fault or one obstacle each."""
        api, sent, operation = self.world.api, self.sent, self.operation
        yield sent.by(self.nobody)
        yield sent.by(Api(api.wire, "nobody"))
        yield self._one_too_many()
        yield sent.by(api, Idempotency_Key="x" * 256)
        yield replace(sent, path=sent.path + "?limit=0").by(api)
        for number in ("0", "999999"):
            path = re.sub(r"/(versions|proofs)/1$", rf"/\1/{number}", sent.path)
            yield replace(sent, path=path).by(api)
        yield replace(sent, path=ID.sub(lambda _: str(uuid7()), sent.path)).by(api)
        if "alert-notes-full" in documented(operation):
            yield [sent.by(api) for _ in range(NOTES_MAX + 1)][-1]
        if "cursor-superseded" in documented(operation):
            yield replace(sent, path=sent.path + "?after=999999").by(api)
        yield replace(sent, path=re.sub(r"/(infraspinatus|nprs)$", "/nothing", sent.path)).by(api)
        if "not-acceptable" in documented(operation):
            yield sent.by(api, Accept="image/png")
        if operation.media:
            yield sent.by(api, Content_Type="text/plain")
            yield self._too_large()
        if operation.body_model:
            yield sent.by(api, content=b"[")
            yield sent.by(api, content=b'{"no_such_member": 1}')
        if "consent-missing" in documented(operation):
            body = from_json(sent.content or b"") | {"override_reason": None}
            nobodys = ID.sub(lambda _: self.world.make("/v1/patients")["id"], sent.path)
            yield replace(sent, path=nobodys).by(api, content=to_json(body))
        if operation.writes:
            yield from self._unwanted_writes()

    def _one_too_many(self) -> Response:
        sent, sender = self.sent, self.sent.sender(self.world.api)
        state = self.world.api.wire.app.state  # type: ignore[attr-defined]
        rates, state.rates = state.rates, Rates(1)
        sender.get("/v1/clinic")
        answer = sender(sent.method, sent.path, headers=sent.headers, content=sent.content)
        state.rates = rates
        return answer

    def _too_large(self) -> Response:
        return self.sent.by(self.world.api, Content_Length=str(2**40))

    def _unwanted_writes(self) -> Iterator[Response]:
        api, sent, fresh = self.world.api, self.sent, self.world.request(self.operation)
        yield self.world.request(self.operation).by(api, Idempotency_Key="one key")
        yield fresh.by(api, Idempotency_Key="one key", content=(fresh.content or b"") + b" ")
        yield sent.by(api, If_Match='"999"')
        yield replace(sent, headers=without_version(sent)).by(api)
        collection = sent.path
        if self.operation.method != "POST":
            collection = sent.path.rpartition("/")[0]
        if self.operation.creates:
            yield from self._taken(collection, self.world.make(collection))
        if "emergency-open" in documented(self.operation):
            for _ in range(2):
                yield self.world.practitioners.post(collection, from_json(sent.content or b""))
        if "emergency-not-over" in documented(self.operation):
            begun = f"{EMERGENCY}/{self.world.make(EMERGENCY)['id']}"
            yield api.post(f"{begun}/review", from_json(sent.content or b""))
        if "no-key-to-rotate" in documented(self.operation):
            ended = f"/v1/clients/{self.world.make('/v1/clients')['id']}"
            api.post(f"{ended}/revoke")
            yield api.post(f"{ended}/rotate", {})
        if "ask-not-sendable" in documented(self.operation):
            stopped = {"decision": "withdrawn", "withdrawn_at": now().isoformat()}
            body = self.world.example("ConsentBody") | {"kind": "messages"} | stopped
            asked = {"patient_id": self.world.asked["patient_id"]}
            api.create("/v1/consents", **body | asked)
            yield api.post(f"{ASKS}/{self.world.asked['id']}/send")
        if "account-revoked" in documented(self.operation):
            ended = f"/v1/accounts/{self.world.make('/v1/accounts')['id']}"
            api.post(f"{ended}/revoke")
            path = "/".join([ended, *sent.path.split("/")[4:]])
            yield replace(sent, path=path).by(api)
        if "identifier-taken" in documented(self.operation) and self.operation.name != AMEND:
            other = self.world.make(collection)["identifiers"]
            fresh = self.world.request(self.operation)
            mine = {**from_json(fresh.content or b""), "identifiers": other}
            yield fresh.by(api, content=to_json(mine))

    def _taken(self, collection: str, taken: dict[str, Any]) -> Iterator[Response]:
        """The id belongs to another record, or to none."""
        api, body = self.world.api, from_json(self.sent.content or b"")
        other = {**body, **OTHER[str(self.operation.body_model)]}
        tag = {"If-Match": f'"{taken.get("version", 1)}"'}
        if self.operation.method == "POST":
            yield api.post(collection, {**other, "id": taken["id"]})
        else:
            yield api("PUT", f"{collection}/{taken['id']}", json=other)
            yield api("PUT", f"{collection}/{uuid7()}", json=other, headers=tag)


def without_version(sent: Sent) -> dict[str, str]:
    return {name: value for name, value in sent.headers.items() if name != "If-Match"}


def in_other_states(world: World, operation: Documented) -> Iterator[Response]:
    """The refusals that depend on the state of a session or an episode, and those of exports."""
    if operation.path.startswith("/v1/exports/"):
        path = world.request(operation).path
        for asked in (f"{path}?deidentified=true", "/v1/exports/nothing.csv"):
            if operation.name == "exports.read" or asked.startswith(path):
                yield world.api.get(asked)
    if not operation.needs_version and not operation.name.endswith("s.replace"):
        return
    api, sent = world.api, world.request(operation)
    collection = sent.path.split("/")[2]
    if collection not in {"sessions", "episodes"}:
        return
    step = sent.path.split("/")[4:]
    if "not-your-session" in documented(operation):
        yield sent.by(world.practitioners)
    bodies = [to_json({"patient_id": world.make("/v1/patients")["id"]}), sent.content]
    if operation.name == AMEND:
        taken = {"identifiers": world.make("/v1/sessions")["identifiers"]}
        changes = (from_json(bodies[0] or b""), {"technique": None}, taken)
        bodies = [amendment(each) for each in changes]
    for state in ("draft", "unready", "signed", "void", "relied on", "signed and relied on"):
        record = in_state(world, collection, state)
        path = "/".join([f"/v1/{collection}/{record['id']}", *step])
        for body in (
            [*bodies, whole_of(record, bodies[0])] if "replace" in operation.name else bodies
        ):
            headers = {**sent.headers, "If-Match": f'"{record["version"]}"'}
            yield api(operation.method, path, content=body, headers=headers)


def born_after_a_visit(world: World, operation: Documented) -> Iterator[Response]:
    """The refusal to correct a patient's birth date to a day after a visit."""
    if operation.name not in {"patients.update", "patients.replace"}:
        return
    patient = world.make("/v1/patients")
    world.api.create("/v1/sessions", **world.example("SessionBody") | {"patient_id": patient["id"]})
    body, path = {"birth_date": "2026-11-25"}, f"/v1/patients/{patient['id']}"
    yield world.api(operation.method, path, json=body, headers={"If-Match": '"1"'})


def amendment(changes: Any) -> bytes:
    return to_json({"reason": "r", "kind": "correction", "changes": changes})


def whole_of(record: dict[str, Any], changes: bytes | None) -> bytes:
    """The content of a record with one member changed."""
    sent = {
        *("patient_id", "practitioner_id", "occurred_at", "complaint", "opened_at", "technique"),
        *("needlings", "needle_count", "attendance"),
    }
    kept = {name: value for name, value in record.items() if name in sent}
    return to_json({**kept, **from_json(changes or b"")})


def in_state(world: World, collection: str, state: str) -> dict[str, Any]:
    """A new session or episode in this state."""
    api, record = world.api, world.make(f"/v1/{collection}")
    path = f"/v1/{collection}/{record['id']}"
    if collection == "episodes":
        if "relied on" in state:
            session = world.example("SessionBody") | {"episode_id": record["id"]}
            api.create("/v1/sessions", **session)
        return record
    tag = {"If-Match": '"1"'}
    if state == "unready":
        record = api("PATCH", path, json={"needle_count": None}, headers=tag).json()
    if "relied on" in state:
        api.create(f"{path}/follow-ups", **world.example("FollowUpBody"))
    if "signed" in state:
        record = api.post(f"{path}/sign", headers=tag).json()
    if state == "void":
        record = api.post(f"{path}/void", {"reason": "r"}, headers=tag).json()
    return record


def test_every_documented_problem_occurs_and_no_other(api: Api, clinic: Clinic) -> None:
    world, nobody = World(api), Api(api.wire, clinic.key(()))
    wrong: dict[str, Any] = {}
    for operation in operations():
        met = set()
        for answer in [
            *Provoker(world, nobody, operation).answers(),
            *in_other_states(world, operation),
            *born_after_a_visit(world, operation),
        ]:
            if answer.headers.get("content-type") == PROBLEM:
                met.add(answer.json()["type"].rpartition("/")[2])
                fault = undocumented(operation, answer)
                if fault:
                    wrong[f"{operation.name}: {fault}"] = str(answer.request.url)
        expected = documented(operation) - NEEDS_A_RACE - NEEDS_ANOTHER_KEY - NEEDS_ANOTHER_CHART
        expected -= NEEDS_A_PERSON | NEEDS_A_LIKENESS | NEEDS_TIME
        missing = expected - NEEDS_DAMAGE - met
        if missing:
            wrong[operation.name] = sorted(missing)
    assert wrong == {}


def test_every_problem_is_documented_somewhere() -> None:
    known = {problem.code for problem in catalogue()}
    codes = {code for operation in operations() for code in documented(operation)}
    assert codes | ELSEWHERE == known
