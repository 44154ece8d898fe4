"""The stored entry of each change is enough to prove that it was not altered."""

from typing import Any

from pydantic_core import from_json
from sqlalchemy import Row

from app.core.operation import rows
from app.ledger.format import entry
from app.ledger.models import LedgerEntry
from tests.faults.account import check_account
from tests.ground import Api, Clinic
from tests.sweeps.document import operations
from tests.sweeps.world import World

PUBLIC = (
    *("clinic_id", "number", "kind", "operation", "at", "actor", "client", "request_id"),
    *("resource", "resource_id", "patient_id", "version", "reason"),
)


def entries(clinic: Clinic) -> list[Row[Any]]:
    """The stored entries, oldest first."""
    op = clinic.operation()
    with clinic.database.reading(clinic.id) as db:
        op.begin(db)
        return list(op.all(rows(LedgerEntry).order_by(LedgerEntry.number)))


def as_json(value: Any) -> Any:
    """A stored value, as an auditor's program without our libraries writes it."""
    if value is None or isinstance(value, int):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)


def test_every_stored_entry_can_be_recomputed(api: Api, clinic: Clinic) -> None:
    world = World(api)
    for operation in operations():
        if operation.writes:
            assert world.request(operation).by(api).is_success, operation.name
    found = entries(clinic)
    assert len(found) > 40
    # What changes no record has an entry without a body.
    bare = {row.operation for row in found if row.body is None}
    released = {"chart_summaries.create", "letters.create"}
    assert bare == {"alerts.list", "asks.list", "sign-ins.end"} | released
    for row in found:
        if row.body is None:
            assert row.salt is row.body_digest is None
            continue
        assert entry.body_digest(row.salt, row.body.encode()) == row.body_digest
        assert entry.canonical(from_json(row.body)) == row.body.encode()
        public = {name: as_json(getattr(row, name)) for name in PUBLIC}
        assert (
            entry.leaf(entry.canonical({**public, "body_digest": row.body_digest.hex()}))
            == row.leaf
        )
        is_security = row.resource in {"emergencies", "credentials"}
        assert row.kind == ("security" if is_security else "change")
    assert len({row.salt for row in found}) == len([row for row in found if row.body]) + 1
    check_account(clinic)


def test_an_entry_says_who_did_what_to_whom_and_by_which_request(api: Api, clinic: Clinic) -> None:
    session = api.session()
    path, held = f"/v1/sessions/{session['id']}", {"If-Match": '"1"', "X-Request-Id": "tablet/9"}
    body = {"reason": "logged twice"}
    void = api.post(f"{path}/void", body, headers=held).json()
    last = entries(clinic)[-1]
    client_id = last.client
    assert last.actor == f"client:{client_id}"
    assert client_id.hex == api.key.split("_")[1]
    assert (last.operation, last.resource, last.reason) == (
        "sessions.void",
        "sessions",
        "logged twice",
    )
    assert (str(last.resource_id), last.version) == (session["id"], 2)
    assert str(last.patient_id) == session["patient_id"]
    assert last.request_id == "tablet/9"
    assert from_json(last.body) == void
    assert as_json(last.at) == void["updated_at"]


def test_the_command_line_is_a_caller_too(clinic: Clinic) -> None:
    clinic.key()
    founding, issuing, stating = entries(clinic)
    assert (founding.operation, issuing.operation) == ("clinics.create", "clients.create")
    assert (stating.operation, stating.resource) == ("clients.create", "credentials")
    assert {founding.actor, issuing.actor} == {"cli"}
    assert founding.client is issuing.client is None


def test_no_entry_holds_a_secret(api: Api, clinic: Clinic) -> None:
    secret = api.key.split("_", 2)[2]
    assert secret not in "".join(row.body for row in entries(clinic))
    assert secret not in api.get("/v1/changes").text
