"""An erasure waits for its time, removes all data of a patient, and no data of others."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.core.db.tables import Table
from app.core.operation import Operation, perform
from app.core.values.clock import uuid7
from app.core.values.problems import NotFound
from app.deliveries.courier import deliver_in
from app.kinds import KINDS
from app.ledger import export
from app.ledger.format.verify import verify
from app.retention import queries, service
from app.retention.errors import NoPolicy, OnHold, TooEarly
from tests.asks.asked import stored_ask
from tests.clinics.test_clinic import change
from tests.deliveries.test_courier import red_flag
from tests.ground import Api, Clinic
from tests.sweeps.world import CHANGES, World

LATE = datetime(2090, 1, 1, tzinfo=UTC)
MERGE = {"If-Match": '"1"', "Content-Type": "application/merge-patch+json"}


def do(
    clinic: Clinic, name: str, work: Callable[[Operation], Any], at: datetime | None = None
) -> Any:
    op = clinic.operation(name)
    op.at = at or op.at
    return perform(clinic.database, op, lambda: work(op), owning=name == service.ERASE)


def set_policy(clinic: Clinic, years: int = 10, majority: int = 18) -> None:
    do(clinic, "retention.policy", lambda op: service.set_policy(op, years, majority))


def erase(clinic: Clinic, patient_id: str, at: datetime = LATE) -> None:
    work = lambda op: service.erase(op, UUID(patient_id), "time is up")  # noqa: E731 - one expression
    do(clinic, service.ERASE, work, at)


def everything(clinic: Clinic) -> dict[str, list[dict[str, Any]]]:
    """Every row of the clinic in every table."""
    found = {}
    with clinic.database.reading(clinic.id) as db:
        for table in Table.metadata.sorted_tables:
            mine = select(table).where(table.c.clinic_id == clinic.id)
            found[table.name] = [dict(row) for row in db.execute(mine).mappings()]
    return found


def rows_with(rows: dict[str, list[dict[str, Any]]], part: str) -> set[str]:
    """The tables that contain a text."""
    bare = part.replace("-", "")
    return {
        name
        for name, some in rows.items()
        if any(text in repr(row).replace("-", "") for row in some for text in (part, bare))
    }


def one_of_everything(api: Api, word: str) -> tuple[World, str]:
    """A patient with a record of every kind, each changed once, and a unique word in each."""
    world = World(api)
    patient = world.known("patients")
    api("PATCH", f"/v1/patients/{patient}", json={"family_name": word}, headers=MERGE)
    for collection in (
        *("episodes", "sessions", "measurements", "consents", "screenings", "adverse-events"),
    ):
        path = f"/v1/{collection}/{world.known(collection)}"
        answer = api("PATCH", path, json=CHANGES[collection], headers=MERGE)
        assert answer.status_code == 200, (collection, answer.text)
    world.make(f"/v1/sessions/{world.known('sessions')}/follow-ups")
    told = api.post(f"/v1/alerts/{world.known('alerts')}/notes", {"note": word})
    assert told.status_code == 200, told.text
    about = api.get(f"/v1/sessions/{world.known('sessions')}").json()
    stored_ask(api, about, status="cancelled", note=word)
    key = {"Idempotency-Key": str(uuid7())}
    body = {"patient_id": patient, "complaint": word}
    assert api.post("/v1/episodes", body, headers=key).status_code == 201
    whole = world.example("SessionBody") | {"note": word}
    answer = api.post("/v1/sessions", whole, headers={"Idempotency-Key": f"of-{patient}"})
    assert answer.status_code == 201, answer.text
    for path in ("patients", f"patients/{patient}", "sessions", f"patients/{patient}/timeline"):
        assert api.get(f"/v1/{path}").status_code == 200
    return world, patient


def test_an_erasure_leaves_nothing_of_the_patient_in_any_table(api: Api, clinic: Clinic) -> None:
    other, kept = one_of_everything(api, "Montezuma")
    _, patient = one_of_everything(api, "Quetzalcoatl")
    set_policy(clinic)
    before = everything(clinic)
    assert rows_with(before, patient) >= {kind.table.__tablename__ for kind in KINDS} - {
        "practitioners",
        "follow_ups",
        "thresholds",
        "terms",
    } | {"stored_answers"}
    words = {patient, "Quetzalcoatl"}
    erase(clinic, patient)
    after = everything(clinic)
    # The ledger still says that the patient existed and who read the data, but not the content.
    assert rows_with(after, patient) == {"ledger_entries"}
    assert rows_with(after, "Quetzalcoatl") == set()
    mine = [e for e in after["ledger_entries"] if str(e["patient_id"]) == patient]
    assert len(mine) > 20
    *blanked, erasure = sorted(mine, key=lambda entry: entry["number"])
    assert all(e["body"] is None and e["salt"] is None for e in blanked)
    assert (erasure["operation"], erasure["kind"]) == ("patients.erase", "change")
    others = [e["body"] for e in after["ledger_entries"] if e not in mine and e["body"]]
    assert not any(word in body for word in words for body in others)
    assert api.get(f"/v1/patients/{patient}").status_code == 404
    untouched(before, after, patient)
    assert rows_with(after, "Montezuma") == rows_with(before, "Montezuma")
    assert api.get(f"/v1/patients/{kept}").json()["family_name"] == "Montezuma"
    assert api.get(f"/v1/sessions/{other.known('sessions')}").status_code == 200


def untouched(before: dict[str, Any], after: dict[str, Any], patient: str) -> None:
    """Compare every row with its earlier state, except those of the patient."""
    for name, rows in before.items():
        if name == "ledger_heads":
            continue
        gone = [row for row in rows if row not in after[name]]
        new = [row for row in after[name] if row not in rows]
        # Child rows of a session, such as its needlings, don't name the patient. Nor do messages.
        children = {c.table.__tablename__ for kind in KINDS for c in kind.children}
        children |= {"outbox", "deliveries"}
        assert name in children or rows_with({name: gone}, patient) == ({name} if gone else set())
        assert (name == "ledger_entries") == bool(new), name


def test_child_rows_are_erased_with_their_records_and_no_others_are(
    api: Api, clinic: Clinic
) -> None:
    mine, other = api.session(), api.session()
    set_policy(clinic)
    erase(clinic, mine["patient_id"])
    rows = everything(clinic)
    assert rows_with(rows, mine["id"]) == {"ledger_entries"}
    assert rows_with(rows, other["id"]) >= {"sessions", "needlings", "ledger_entries"}
    assert api.get(f"/v1/sessions/{other['id']}").json() == other


def test_the_messages_about_a_patients_alerts_are_erased_and_no_others_are(
    api: Api, clinic: Clinic
) -> None:
    change(api, alert_recipients=[{"name": "Dana", "channel": "email", "to": "d@clinic.example"}])
    gone, kept = red_flag(api), red_flag(api)
    deliver_in(clinic.database, clinic.id)  # which fails: there is no mail server
    set_policy(clinic)
    erase(clinic, api.get(f"/v1/alerts/{gone}").json()["patient_id"])
    rows = everything(clinic)
    for name in ("outbox", "deliveries"):
        assert [str(row["resource_id"]) for row in rows[name]] == [kept]


def test_the_feed_has_the_erasure_and_the_export_is_clean(
    api: Api, clinic: Clinic, tmp_path: Path
) -> None:
    patient = api.session()["patient_id"]
    set_policy(clinic)
    erase(clinic, patient)
    last = api.get("/v1/changes?limit=200").json()["items"][-1]
    assert (last["operation"], last["resource"], last["version"]) == (
        "patients.erase",
        "patients",
        2,
    )
    assert (last["resource_id"], last["patient_id"]) == (patient, patient)
    assert set(last["body"]) == {"id", "version", "erased_at"}
    folder = tmp_path / "export"
    export.folder(clinic.database, clinic.operation("audit.export"), folder)
    report = verify(folder)
    assert (report.exit, report.bodies_destroyed) == (0, 2)
    assert api.get(f"/v1/patients/{patient}/disclosures").status_code == 200


def test_nothing_is_erased_without_a_retention_policy(api: Api, clinic: Clinic) -> None:
    patient = api.patient()["id"]
    refused_and_unchanged(clinic, patient, NoPolicy, LATE)


def test_a_record_may_be_erased_on_its_day_and_not_before(api: Api, clinic: Clinic) -> None:
    patient = api.patient(birth_date="1980-02-29")["id"]
    set_policy(clinic)
    day = do(clinic, "retention.due", lambda op: queries.due(op, UUID(patient)))
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    refused_and_unchanged(clinic, patient, TooEarly, midnight - timedelta(microseconds=1))
    erase(clinic, patient, midnight)


def test_a_held_record_is_kept_until_it_is_released(api: Api, clinic: Clinic) -> None:
    patient = api.patient()["id"]
    set_policy(clinic)
    for _ in range(2):  # repeating it adds nothing
        do(clinic, "retention.hold", lambda op: service.hold(op, UUID(patient), "a complaint"))
    refused_and_unchanged(clinic, patient, OnHold, LATE)
    for _ in range(2):
        do(clinic, "retention.release", lambda op: service.release(op, UUID(patient), "settled"))
    told = [c["operation"] for c in api.get("/v1/changes?limit=200").json()["items"]]
    assert (told.count("retention.hold"), told.count("retention.release")) == (1, 1)
    erase(clinic, patient)


def test_an_unknown_patient_can_not_be_erased(clinic: Clinic, other_api: Api) -> None:
    set_policy(clinic)
    for patient in (str(uuid7()), other_api.patient()["id"]):
        refused_and_unchanged(clinic, patient, NotFound, LATE)


def test_a_patient_is_erased_once(api: Api, clinic: Clinic) -> None:
    patient = api.patient()["id"]
    set_policy(clinic)
    erase(clinic, patient)
    refused_and_unchanged(clinic, patient, NotFound, LATE)


def refused_and_unchanged(clinic: Clinic, patient: str, why: type[Exception], at: datetime) -> None:
    before = everything(clinic)
    with pytest.raises(why):
        erase(clinic, patient, at)
    assert everything(clinic) == before


def test_a_future_or_backdated_visit_does_not_shorten_the_retention(
    api: Api, clinic: Clinic
) -> None:
    set_policy(clinic, 10, 0)
    back = api.session(occurred_at="2001-05-01T10:00:00Z")["patient_id"]
    day = do(clinic, "retention.due", lambda op: queries.due(op, UUID(back)))
    assert day.year >= datetime.now(UTC).year + 10
