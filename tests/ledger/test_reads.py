"""Every read of a patient's data leaves its access entry before the answer is sent."""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Client, Response
from sqlalchemy import func, select

from app.clients import service as clients
from app.core.db.database import Database
from app.core.operation import perform, rows
from app.core.values.access import Scope
from app.core.values.clock import now, uuid7
from app.ledger.models import LedgerHead
from app.vocabularies.schemas import VOCABULARIES
from tests.ground import Api, Clinic, later
from tests.ledger.attacker import Stored, history, size_of
from tests.sweeps.document import Documented, operations
from tests.sweeps.world import Sent, World

READS = [operation for operation in operations() if not operation.writes]
# A read of the ledger is one entry, whatever it shows; numbers and hashes are about nobody.
ACCOUNT = {"audit.entries", "audit.export", "disclosures.list"}
QUERY = {"audit.consistency": "?from=1&to=2"}
OF_PATIENTS = (
    *("sessions", "episodes", "measurements", "consents", "screenings", "adverse-events", "alerts"),
    "asks",
)
WITH_SOMETHING = {"session_id": "sessions", "patient_id": "patients"}


def request(world: World, operation: Documented) -> Sent:
    if operation.path.startswith("/v1/audit"):
        path = operation.path.replace("{number}", "1")
        return Sent("GET", path + QUERY.get(operation.name, ""))
    sent = world.request(operation)
    ids = {f"{{{name}}}": world.known(noun) for name, noun in WITH_SOMETHING.items()}
    for name, id_ in ids.items():
        if (
            name in operation.path and "{id}" not in operation.path
        ):  # a new one would have nothing to show
            steps = zip(operation.path.split("/"), sent.path.split("/"), strict=True)
            sent.path = "/".join(id_ if step == name else was for step, was in steps)
    return sent


def access_entries(clinic: Clinic, request_id: str) -> list[Stored]:
    """The entries other than changes that one request left in the ledger."""
    return [e for e in history(clinic) if e["request_id"] == request_id and e["kind"] != "change"]


def patients_in(answer: Response, clinic: Clinic) -> set[str]:
    """The clinic's patients that an answer names or is about."""
    known = {str(e["patient_id"]) for e in history(clinic) if e["patient_id"]}
    about = answer.request.url.path if answer.is_success else ""
    return {patient for patient in known if patient in answer.text + about}


def summary(left: list[Stored]) -> list[tuple[str, str, str]]:
    return sorted((e["resource"], str(e["resource_id"]), str(e["patient_id"])) for e in left)


def expected(operation: Documented, answer: Response, clinic: Clinic) -> list[tuple[str, str, str]]:
    """The access entries that an answer must leave."""
    if operation.name in ACCOUNT:
        about = answer.request.url.path.split("/")[3] if "patients" in operation.path else "None"
        return [("ledger", str(clinic.id), about)]
    if operation.name == "outcomes.read":
        return [("clinics", str(clinic.id), "None")]
    patients = patients_in(answer, clinic) if operation.name != "audit.proof" else set()
    one = operation.path.rpartition("/")[2]
    if one in {"{id}", "{version}", "versions", "note"} and patients:
        noun = operation.name.partition(".")[0]
        place = {"versions": -2, "note": -2, "{version}": -3}.get(one, -1)
        [patient] = patients
        return [(noun, answer.request.url.path.split("/")[place], patient)]
    return sorted(("patients", patient, patient) for patient in patients)


def test_every_read_leaves_an_entry_for_each_shown_patient_and_no_other(
    api: Api, clinic: Clinic
) -> None:
    world, other = World(api), World(api)
    for each in (world, other):
        for collection in OF_PATIENTS:
            each.known(collection)
        each.make(f"/v1/sessions/{each.known('sessions')}/follow-ups")
    wrong: dict[str, Any] = {}
    shown: dict[str, int] = {}
    for operation in READS:
        sent = request(world, operation)
        answer = sent.by(api, X_Request_Id=f"look-{operation.name}")
        assert answer.status_code == 200, (operation.name, answer.text)
        left = access_entries(clinic, f"look-{operation.name}")
        if summary(left) != expected(operation, answer, clinic):
            wrong[operation.name] = summary(left), expected(operation, answer, clinic)
        client = UUID(api.key.split("_")[1])
        who = {(e["operation"], e["actor"], e["client"], e["kind"]) for e in left}
        assert who <= {(operation.name, f"client:{client}", client, "access")}
        assert all(e["body_digest"] is None and e["body"] is None for e in left)
        shown[operation.name] = len(left)
    assert wrong == {}
    accounted = {name for name, count in shown.items() if count}
    no_ones = {"accounts", "sign-ins", "clinics", "clients", "devices", "emergencies", "me"}
    no_ones |= {"practitioners", "muscles", "instruments", "thresholds", "terms", *VOCABULARIES}
    silent = {operation.name for operation in READS} - accounted
    assert {name for name in silent if name.partition(".")[0] not in no_ones} == {
        "audit.checkpoint",
        "audit.proof",
        "audit.consistency",
        "exports.package",
    }
    assert shown["patients.list"] > 3
    assert [e["number"] for e in history(clinic)] == list(range(1, size_of(clinic) + 1))


def test_a_page_leaves_entries_only_for_the_patients_on_it(api: Api, clinic: Clinic) -> None:
    patients = [api.patient()["id"] for _ in range(5)]
    page = api.get("/v1/patients?limit=2", headers={"X-Request-Id": "first"}).json()
    assert {str(e["patient_id"]) for e in access_entries(clinic, "first")} == {
        item["id"] for item in page["items"]
    }
    nobody = api.get(f"/v1/patients/{uuid7()}", headers={"X-Request-Id": "none"})
    assert nobody.status_code == 404
    nothing = api.get(f"/v1/sessions?patient_id={patients[0]}", headers={"X-Request-Id": "none"})
    assert nothing.json()["items"] == []
    assert access_entries(clinic, "none") == []


def test_reading_the_versions_of_a_moved_session_leaves_an_entry_for_each_patient(
    api: Api, clinic: Clinic
) -> None:
    session, other = api.session(), api.patient()
    path = f"/v1/sessions/{session['id']}"
    patch = {"If-Match": '"1"', "Content-Type": "application/merge-patch+json"}
    moved = api("PATCH", path, json={"patient_id": other["id"]}, headers=patch)
    assert moved.status_code == 200
    answer = api.get(f"{path}/versions", headers={"X-Request-Id": "versions"})
    assert patients_in(answer, clinic) == {session["patient_id"], other["id"]}
    assert {str(e["patient_id"]) for e in access_entries(clinic, "versions")} == patients_in(
        answer, clinic
    )


@contextmanager
def locked_ledger(clinic: Clinic) -> Iterator[None]:
    """Lock the clinic's counter row (PostgreSQL) or all writes (SQLite)."""
    head = rows(LedgerHead).with_for_update()
    with clinic.database.writing(clinic.id) as db:
        assert db.execute(head, {"clinic": clinic.id}).first()
        yield


def test_a_read_whose_entry_can_not_be_written_shows_nothing(api: Api, clinic: Clinic) -> None:
    secret = "Quetzalcoatl"
    session = api.session(note=secret)
    patient = api.patient(given_name=secret)
    paths = [
        f"/v1/patients/{patient['id']}",
        "/v1/patients",
        f"/v1/sessions/{session['id']}",
        f"/v1/sessions/{session['id']}/versions",
        f"/v1/patients/{session['patient_id']}/progress",
        "/v1/changes",
        "/v1/audit/entries",
        "/v1/audit/export",
        f"/v1/patients/{session['patient_id']}/disclosures",
    ]
    before = history(clinic)
    with ThreadPoolExecutor(len(paths)) as pool:
        with locked_ledger(clinic):
            refused = list(pool.map(api.get, paths))
        assert [answer.status_code for answer in refused] == [503] * len(paths)
        for answer in refused:
            assert answer.headers["retry-after"]
            assert secret not in answer.text
            assert patients_in(answer, clinic) == set()
        assert history(clinic) == before
        assert [answer.status_code for answer in pool.map(api.get, paths)] == [200] * len(paths)


def test_simultaneous_reads_each_leave_an_entry_and_numbers_have_no_gaps(
    api: Api, clinic: Clinic
) -> None:
    patients = [api.patient()["id"] for _ in range(4)]
    before, threads, each = size_of(clinic), 16, 6
    together = threading.Barrier(threads)

    def read(thread: int) -> list[tuple[str, str]]:
        together.wait()
        made = []
        for turn in range(each):
            patient, name = patients[(thread + turn) % len(patients)], f"{thread}-{turn}"
            answer = api.get(f"/v1/patients/{patient}", headers={"X-Request-Id": name})
            assert answer.status_code == 200
            made.append((name, patient))
        return made

    with ThreadPoolExecutor(threads) as pool:
        made = sorted(itertools.chain(*pool.map(read, range(threads))))
    entries = history(clinic)
    assert [e["number"] for e in entries] == list(range(1, before + threads * each + 1))
    assert sorted((e["request_id"], str(e["patient_id"])) for e in entries[before:]) == made


def test_a_replayed_answer_leaves_another_access_entry(api: Api, clinic: Clinic) -> None:
    body = {"id": str(uuid7()), "given_name": "Ada"}
    key = {"Idempotency-Key": str(uuid7())}
    first = api.post("/v1/patients", body, headers={**key, "X-Request-Id": "first"})
    again = api.post("/v1/patients", body, headers={**key, "X-Request-Id": "again"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotency-replayed"] == "true"
    repeated = api.post("/v1/patients", body, headers={"X-Request-Id": "repeated"})
    assert repeated.status_code == 200
    path = f"/v1/patients/{body['id']}"
    patch = {"If-Match": '"1"', "Content-Type": "application/merge-patch+json"}
    same = {**patch, "X-Request-Id": "same"}
    assert api("PATCH", path, json={"given_name": "Ada"}, headers=same).status_code == 200
    assert access_entries(clinic, "first") == []
    for name, operation in (
        ("again", "patients.create"),
        ("repeated", "patients.create"),
        ("same", "patients.update"),
    ):
        [look] = access_entries(clinic, name)
        assert (look["operation"], look["kind"], look["version"]) == (operation, "access", 1)
        assert str(look["resource_id"]) == str(look["patient_id"]) == body["id"]
    assert [e["operation"] for e in history(clinic) if e["kind"] == "change"][2:] == [
        "patients.create"
    ]


def test_a_replayed_answer_whose_entry_can_not_be_written_is_not_sent(
    api: Api, clinic: Clinic
) -> None:
    body, key = {"given_name": "Quetzalcoatl"}, {"Idempotency-Key": str(uuid7())}
    assert api.post("/v1/patients", body, headers=key).status_code == 201
    with ThreadPoolExecutor(1) as pool, locked_ledger(clinic):
        again = pool.submit(api.post, "/v1/patients", body, headers=key).result()
    assert again.status_code == 503
    assert "Quetzalcoatl" not in again.text


Spoilt = Callable[[Clinic], str]


def wrong(clinic: Clinic) -> str:
    key = clinic.key()
    return key[:-4] + ("aaaa" if key[-4:] != "aaaa" else "bbbb")


def expired(clinic: Clinic) -> str:
    op = clinic.operation("clients.create")
    return str(perform(clinic.database, op, lambda: clients.add(op, "old", Scope, now())))


def revoked(clinic: Clinic) -> str:
    key, op = clinic.key(), clinic.operation("clients.revoke")
    perform(clinic.database, op, lambda: clients.revoke(op, UUID(key.split("_")[1])))
    return key


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [(wrong, "wrong secret"), (expired, "expired key"), (revoked, "revoked key")],
)
def test_an_invalid_key_of_a_known_client_leaves_an_entry_once_a_minute(
    clinic: Clinic,
    wire: Client,
    monkeypatch: pytest.MonkeyPatch,
    spoilt: Spoilt,
    reason: str,
) -> None:
    api = Api(wire, spoilt(clinic))
    before = size_of(clinic)
    for _ in range(3):
        assert api.get("/v1/patients").status_code == 401
        assert api.get("/v1/sessions").status_code == 401
    [noted] = history(clinic)[before:]
    client = UUID(api.key.split("_")[1])
    assert (noted["kind"], noted["operation"]) == ("security", "patients.list")
    assert (noted["reason"], noted["resource"]) == (reason, "clients")
    assert (noted["client"], noted["resource_id"], noted["patient_id"]) == (client, client, None)
    later(monkeypatch, 61)
    assert api.get("/v1/patients").status_code == 401
    assert [e["reason"] for e in history(clinic)[before:]] == [reason, reason]


def test_a_missing_scope_leaves_an_entry_each_time(clinic: Clinic, wire: Client) -> None:
    api = Api(wire, clinic.key([Scope.PATIENTS_READ]))
    before = size_of(clinic)
    for number in range(2):
        denied = api.post("/v1/sessions", {}, headers={"X-Request-Id": f"denied-{number}"})
        assert denied.status_code == 403
    noted = history(clinic)[before:]
    assert [e["request_id"] for e in noted] == ["denied-0", "denied-1"]
    assert {(e["kind"], e["operation"], e["reason"], e["patient_id"]) for e in noted} == {
        ("security", "sessions.create", "without the scope sessions:write", None)
    }


def test_a_token_of_nobody_leaves_no_entry(
    clinic: Clinic, wire: Client, database: Database
) -> None:
    def all_entries() -> int:
        with database.reading() as db:
            return int(db.execute(select(func.sum(LedgerHead.size))).scalar_one())

    before = all_entries()
    stranger = f"nw_{uuid7().hex}_{clinic.key().rpartition('_')[2]}"
    before += 2  # for the key just made and for its digest
    for token in (stranger, "nw_x_y", "nonsense", "nw_", "eyJhbGciOiJub25lIn0.e30."):
        assert Api(wire, token).get("/v1/patients").status_code == 401
    assert wire.get("/v1/patients").status_code == 401
    assert all_entries() == before


@pytest.mark.parametrize("limit", [1, 2, 7, 200])
def test_reading_the_whole_ledger_page_by_page_comes_to_an_end(
    api: Api, clinic: Clinic, limit: int
) -> None:
    for _ in range(10):
        api.patient()
    there = size_of(clinic)
    numbers, pages = [], 0
    path: str | None = f"/v1/audit/entries?limit={limit}"
    while path:
        page = api.get(path).json()
        numbers += [item["number"] for item in page["items"]]
        path, pages = page["next"], pages + 1
        assert pages <= there
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == there
    # One page is one access to the ledger, whatever it shows.
    assert [(e["operation"], e["resource"]) for e in history(clinic)[there:]] == [
        ("audit.entries", "ledger")
    ] * pages


def test_reading_one_patients_entries_leaves_an_entry_for_that_patient(
    api: Api, clinic: Clinic
) -> None:
    one, other = api.patient()["id"], api.patient()["id"]
    for patient in (one, other, one):
        api.get(f"/v1/patients/{patient}")
    found = api.get(f"/v1/audit/entries?patient_id={one}&kind=access").json()["items"]
    assert [item["patient_id"] for item in found] == [one, one]
    last = history(clinic)[-1]
    assert (last["operation"], str(last["patient_id"])) == ("audit.entries", one)


def test_disclosures_list_who_saw_the_patient_newest_first(api: Api) -> None:
    session, other = api.session(), api.patient()
    one = session["patient_id"]
    for path in (
        f"patients/{one}",
        "patients",
        f"sessions/{session['id']}",
        f"patients/{other['id']}",
    ):
        assert api.get(f"/v1/{path}").status_code == 200
    path = f"/v1/patients/{one}/disclosures"
    found = api.get(path).json()["items"]
    assert [(item["operation"], item["resource"]) for item in found] == [
        ("sessions.read", "sessions"),
        ("patients.list", "patients"),
        ("patients.read", "patients"),
    ]
    assert [item["number"] for item in found] == sorted(
        (item["number"] for item in found), reverse=True
    )
    again = api.get(path).json()["items"]
    assert [item["operation"] for item in again] == [
        "disclosures.list",
        *[i["operation"] for i in found],
    ]
    paged, following = [], f"{path}?limit=1"
    while following:
        page = api.get(following).json()
        paged += page["items"]
        following = page["next"]
    assert [item["number"] for item in paged[-3:]] == [item["number"] for item in found]


def test_disclosures_of_an_unknown_patient_are_404(
    api: Api, other_api: Api, clinic: Clinic
) -> None:
    theirs, before = other_api.patient()["id"], size_of(clinic)
    answers = [api.get(f"/v1/patients/{id_}/disclosures") for id_ in (theirs, uuid7())]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert size_of(clinic) == before
    assert other_api.get(f"/v1/patients/{theirs}/disclosures").json()["items"] == []
