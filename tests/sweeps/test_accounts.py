"""Every write leaves its ledger entry, and nothing else does."""

from typing import Any

from app.vocabularies.schemas import VOCABULARIES
from tests.ground import Api
from tests.sweeps.document import operations
from tests.sweeps.world import World, lasting, stated

# The operation that an entry names, where it isn't the operation of the request.
NAMED = {
    "imports.create": "patients.create",
    **{f"{noun}.create": "terms.create" for noun in VOCABULARIES},
}
# A temporary change of rights is not a record: its entry is of the kind security.
OF_SECURITY = {"emergencies.create", "emergencies.end", "emergencies.review", "sign-ins.end"}
# Data that leave the clinic change nothing: the entry is of the kind access.
DISCLOSURES = {"chart_summaries.create", "letters.create"}


def number_of_last(world: World) -> int:
    changes = world.feed()
    return int(changes[-1]["number"])


def accounted(world: World, after: int) -> list[str]:
    return [change["operation"] for change in world.feed(after)]


def test_every_write_leaves_exactly_its_entry(api: Api) -> None:
    world = World(api)
    wrong: dict[str, Any] = {}
    for operation in operations():
        sent = world.request(operation)
        before = number_of_last(world)
        answer = sent.by(api, X_Request_Id=f"sweep-{operation.name}")
        changes = world.feed(before)
        named = NAMED.get(operation.name, operation.name)
        created = named.replace(".replace", ".create") if answer.status_code == 201 else named
        changes_a_record = operation.writes and operation.name not in OF_SECURITY | DISCLOSURES
        expected = [created] if changes_a_record else []
        if [change["operation"] for change in changes] != expected:
            wrong[operation.name] = changes
        elif changes_a_record and operation.name not in NAMED:
            [change] = changes
            if change["body"] != stated(answer) or change["resource_id"] != answer.json()["id"]:
                wrong[operation.name] = change
    assert wrong == {}


def test_a_change_of_rights_leaves_exactly_its_entry(api: Api) -> None:
    world = World(api)
    for operation in operations():
        if operation.name in OF_SECURITY:
            sent = world.request(operation)
            answer = sent.by(api, X_Request_Id=operation.name)
            path = f"/v1/audit/entries?kind=security&operation={operation.name}"
            made = [e for e in api.get(path).json()["items"] if e["request_id"] == operation.name]
            # A list of sign-ins has no id: its account's is in the address.
            [found] = [entry["resource_id"] for entry in made]
            assert found == answer.json().get("id", found)
            assert "id" in answer.json() or found in sent.path


def test_data_that_leave_the_clinic_leave_exactly_their_entry(api: Api) -> None:
    world = World(api)
    for operation in operations():
        if operation.name in DISCLOSURES:
            sent = world.request(operation)
            sent.by(api, X_Request_Id=operation.name)
            path = f"/v1/audit/entries?operation={operation.name}"
            made = [e for e in api.get(path).json()["items"] if e["request_id"] == operation.name]
            assert [(e["kind"], e["resource"]) for e in made] == [("access", "patients")]
            assert made[0]["patient_id"] in sent.path


def test_a_write_that_is_refused_leaves_no_entry(api: Api) -> None:
    world = World(api)
    wrong: dict[str, Any] = {}
    for operation in operations():
        if not operation.writes:
            continue
        sent = world.request(operation)
        refusals = {
            "no JSON": sent.by(api, content=b"{"),
            "no such member": sent.by(api, content=b'{"no_such_member": 1}'),
            "other media": sent.by(api, Content_Type="text/plain"),
            "stale": sent.by(api, If_Match='"999"'),
        }
        if "If-Match" not in operation.parameters("header"):
            del refusals["stale"]
        if not operation.media:
            refusals = {why: answer for why, answer in refusals.items() if why == "stale"}
        before = number_of_last(world)
        wrong |= {
            f"{operation.name}: {why}": answer.text
            for why, answer in refusals.items()
            if answer.is_success and operation.name != "imports.create"
        }
        if accounted(world, before):
            wrong[operation.name] = "entries"
    assert wrong == {}


def test_a_write_that_changes_nothing_leaves_no_entry(api: Api) -> None:
    world = World(api)
    wrong = {}
    for operation in operations():
        if operation.method not in {"PATCH", "PUT"}:
            continue
        sent = world.request(operation)
        first = sent.by(api)
        before = number_of_last(world)
        again = sent.by(api, If_Match=first.headers["etag"])
        if again.status_code != 200 or lasting(again) != lasting(first) or accounted(world, before):
            wrong[operation.name] = again.text
    assert wrong == {}
