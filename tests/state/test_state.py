"""Whatever is done through the program, every row equals its newest ledger entry."""

from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from alembic.config import Config
from httpx2 import Response
from sqlalchemy import func, insert, select, update

from app.auth.models import AccessToken, Client
from app.auth.rules import ACCESS_TOKEN, new_key
from app.clients import service as clients
from app.clinics.models import Clinic as Clinic_
from app.core.db.database import Database
from app.core.db.schema import migrate
from app.core.operation import perform
from app.core.values.access import Scope
from app.core.values.clock import now
from app.main import create_app
from app.patients.models import Patient
from app.records import marks
from app.records.models import FoundDifference
from app.records.reports import Difference
from app.retention import service as retention
from app.sessions.models import TreatmentSession
from app.state.compare import differences
from app.state.models import StateWalk
from app.state.states import STATES
from app.state.walk import walk
from tests.faults.account import check_account
from tests.ground import Api, Clinic, create_clinic, migrated_like
from tests.ledger.attacker import History, history, owning, renumbered, rewrite, seal
from tests.serving import ROOT
from tests.summaries.charts import pdf
from tests.summaries.reading import Paper
from tests.sweeps.document import operations
from tests.sweeps.world import World
from tests.wire import wired

ERASABLE = timedelta(days=365 * 30)


@pytest.fixture(name="own")
def clinic_in_a_database_of_its_own(database: Database, tmp_path: Path) -> Iterator[Clinic]:
    with migrated_like(database, tmp_path) as opened:
        yield create_clinic(opened)


def found(clinic: Clinic) -> list[Difference]:
    """Every difference of a clinic."""
    op = clinic.operation()
    with clinic.database.snapshot(clinic.id) as db:
        op.begin(db)
        return list(differences(op))


def test_after_every_operation_each_row_is_as_the_ledger_states(api: Api, clinic: Clinic) -> None:
    world = World(api)
    for operation in operations():
        answer = world.request(operation).by(api)
        assert answer.status_code < 400, (operation, answer.text)
    patient = UUID(world.known("patients"))
    for work in (
        lambda op: retention.set_policy(op, 10, 18),
        lambda op: retention.hold(op, patient, "a complaint"),
        lambda op: retention.release(op, patient, "settled"),
    ):
        op = clinic.operation()
        perform(clinic.database, op, lambda op=op, work=work: work(op))  # type: ignore[misc]
    stated = {row["resource"] for row in history(clinic) if row["body"] is not None}
    assert stated <= {state.noun for state in STATES}
    assert len(stated) >= 15
    assert found(clinic) == []


def test_an_erased_patient_is_no_difference(own: Clinic) -> None:
    with wired(create_app(own.database)) as wire:
        session = Api(wire, own.key()).session()
    op = own.operation()
    perform(own.database, op, lambda: retention.set_policy(op, 10, 18))
    late = own.operation("patients.erase")
    late.at += ERASABLE
    patient = UUID(session["patient_id"])
    work = lambda: retention.erase(late, patient, "time is up")  # noqa: E731 - one expression
    perform(own.database, late, work, owning=True)
    assert found(own) == []


def test_a_record_that_differs_is_marked_wherever_it_is_read(own: Clinic) -> None:
    with wired(create_app(own.database)) as wire:
        api = Api(wire, own.key())
        sound, altered = api.patient(given_name="Ada"), api.patient(given_name="Bea")
        with owning(own) as db:
            mine = Patient.id == UUID(altered["id"])
            db.execute(update(Patient).where(mine).values(given_name="Eve"))
        walk(own.database)
        read = api.get(f"/v1/patients/{altered['id']}")
        assert read.json()["given_name"] == "Eve"
        assert read.headers["needlework-differs"] == altered["id"]
        assert "needlework-differs" not in api.get(f"/v1/patients/{sound['id']}").headers
        assert api.get("/v1/patients").headers["needlework-differs"] == altered["id"]
    marks.remember(own.id, [])


def draft(api: Api) -> tuple[dict[str, Any], str]:
    session = api.session()
    return session, f"/v1/sessions/{session['id']}"


def test_a_session_that_differs_is_neither_signed_nor_amended(api: Api, clinic: Clinic) -> None:
    session, path = draft(api)
    signed, signed_path = draft(api)
    api.post(f"{signed_path}/sign", headers={"If-Match": '"1"'})
    before = len(history(clinic))
    with owning(clinic) as db:
        ours = TreatmentSession.id.in_([UUID(session["id"]), UUID(signed["id"])])
        db.execute(update(TreatmentSession).where(ours).values(note="Nothing happened."))
    sign = api.post(f"{path}/sign", headers={"If-Match": '"1"'})
    body = {"kind": "correction", "reason": "typo", "changes": {"plan": "Again."}}
    amend = api.post(f"{signed_path}/amend", body, headers={"If-Match": '"2"'})
    for refused, id_ in ((sign, session["id"]), (amend, signed["id"])):
        problem = refused.json()
        assert (refused.status_code, problem["type"]) == (409, "/problems/differs-from-ledger")
        assert problem["resource_id"] == id_
    entered = [row for row in history(clinic)[before:] if row["kind"] == "security"]
    assert [(row["operation"], str(row["resource_id"])) for row in entered] == [
        ("sessions.sign", session["id"]),
        ("sessions.amend", signed["id"]),
    ]
    assert all("in: note" in row["reason"] for row in entered)


def refused(answer: Response) -> bool:
    return (answer.status_code, answer.json().get("type")) == (
        409,
        "/problems/differs-from-ledger",
    )


def test_no_change_states_what_somebody_put_into_a_row(api: Api, clinic: Clinic) -> None:
    """Otherwise the next entry would make the tampering look like the caller's own change."""
    session, path = draft(api)
    patient = f"/v1/patients/{session['patient_id']}"
    key = api.create("/v1/clients", name="EMR", scopes=["patients:read"])
    one, tag = UUID(session["patient_id"]), {"If-Match": '"1"'}
    with owning(clinic) as db:
        db.execute(update(Patient).where(Patient.id == one).values(given_name="Eve"))
        own = TreatmentSession.id == UUID(session["id"])
        db.execute(update(TreatmentSession).where(own).values(note="Nothing happened."))
        mine = Clinic_.clinic_id == clinic.id
        db.execute(update(Clinic_).where(mine).values(whose_sessions="any"))
        scopes = {"scopes": ["patients:read", "patients:write"]}
        db.execute(update(Client).where(Client.id == UUID(key["id"])).values(**scopes))
    assert refused(api("PATCH", patient, json={"language": "fr"}, headers=tag))
    assert refused(api("PATCH", path, json={"duration_min": 30}, headers=tag))
    assert refused(api.post(f"{path}/void", {"reason": "r"}, headers=tag))
    assert refused(api("PATCH", "/v1/clinic", json={"name": "New"}, headers=tag))
    assert refused(api.post(f"/v1/clients/{key['id']}/rotate", {}))
    assert {each.resource for each in found(clinic)} == {
        *("patients", "sessions", "clinics", "clients")
    }


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_value_that_can_t_be_read_is_found_and_stops_nothing_else(own: Clinic) -> None:
    with wired(create_app(own.database)) as wire:
        api = Api(wire, own.key())
        spoilt, altered = api.patient(birth_date="1990-01-01"), api.patient(given_name="Bea")
        with owning(own) as db:
            spoil = "UPDATE patients SET birth_date = 'Secret' WHERE birth_date IS NOT NULL"
            db.exec_driver_sql(spoil)
            db.exec_driver_sql("UPDATE patients SET given_name = 'Eve' WHERE given_name = 'Bea'")
        for path in ("", f"/{spoilt['id']}"):
            answer = api.get(f"/v1/patients{path}")
            assert answer.status_code == 503
            assert answer.json()["type"] == "/problems/unreadable-record"
            assert "Secret" not in answer.text
        walk(own.database)
    assert {str(each.resource_id) for each in found(own)} == {spoilt["id"], altered["id"]}
    assert "Secret" not in str(found(own))
    with own.database.reading(own.id) as db:
        assert db.execute(select(func.count()).select_from(FoundDifference)).scalar_one() == 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE ledger_entries SET at = 'Secret' WHERE number = 1",
        "UPDATE ledger_entries SET leaf = 'Secret' WHERE number = 1",
        "UPDATE ledger_entries SET number = 'Secret' WHERE number = 1",
        "UPDATE ledger_heads SET size = 'Secret'",
        "UPDATE ledger_checkpoints SET note = 'Secret'",
    ],
)
def test_a_ledger_that_can_t_be_read_is_found_and_stops_no_other_walk(
    own: Clinic, spoil: str
) -> None:
    seal(own)
    other = create_clinic(own.database)
    with owning(own) as db:
        mine_ = f"clinic_id = '{own.id.hex}'"
        db.exec_driver_sql(f"{spoil} {'AND' if 'WHERE' in spoil else 'WHERE'} {mine_}")
        db.execute(update(Clinic_).where(Clinic_.clinic_id == other.id).values(name="Another"))
    walk(own.database)
    for clinic, resource in ((own, "ledger"), (other, "clinics")):
        with own.database.reading(clinic.id) as db:
            mine = FoundDifference.clinic_id == clinic.id
            stored = select(FoundDifference.resource, FoundDifference.found).where(mine)
            differences_ = db.execute(stored).all()
        assert resource in {row.resource for row in differences_}
        assert "Secret" not in str(differences_)


def test_a_walk_that_somebody_sent_into_the_future_begins_anew(own: Clinic) -> None:
    walk(own.database)
    with owning(own) as db:
        later = now() + timedelta(days=30_000)
        db.execute(update(StateWalk).values(began_at=later, moved_at=later, finished_at=later))
        db.execute(update(Clinic_).values(name="Another"))
    walk(own.database)
    with own.database.reading(own.id) as db:
        assert db.execute(select(FoundDifference.resource)).scalars().all() == ["clinics"]


def test_a_forged_access_token_lives_no_longer_than_a_real_one(api: Api, clinic: Clinic) -> None:
    client_id = UUID(hex=api.key.split("_")[1])
    key = new_key(client_id, ACCESS_TOKEN)
    row = {"clinic_id": clinic.id, "client_id": client_id, "digest": key.digest}
    forged = {**row, "scopes": ["patients:read"], "expires_at": now() + timedelta(days=3_000)}
    with owning(clinic) as db:
        db.execute(insert(AccessToken), forged)
    assert Api(api.wire, str(key)).get("/v1/patients").status_code == 401


def test_a_chart_summary_names_the_records_that_differ(api: Api, clinic: Clinic) -> None:
    session, _ = draft(api)
    warning = "somebody changed them outside the program: 1 of the sessions"
    assert not Paper(pdf(api, session["patient_id"])).says(warning)
    with owning(clinic) as db:
        mine = TreatmentSession.id == UUID(session["id"])
        db.execute(update(TreatmentSession).where(mine).values(note="Nothing happened."))
    assert Paper(pdf(api, session["patient_id"])).says(warning)
    last = history(clinic)[-3:]  # the change is the alert
    assert {row["kind"] for row in last} == {"access", "change", "security"}
    assert any("in: note" in row["reason"] for row in last)


def test_a_database_from_before_is_clean_after_the_upgrade(own: Clinic) -> None:
    """The upgrade states each credential, and gives the scopes that were split off."""
    scopes = ["clients:write", "devices:write", "imports:write", "sessions:write"]
    with wired(create_app(own.database)) as wire:
        api = Api(wire, own.key())
        api.session()  # without the identifiers, which the database before didn't know
        key = api.create("/v1/clients", name="EMR", scopes=scopes)
        Api(wire, key["api_key"]).create("/v1/clients", name="Its own", scopes=scopes[:1])
        api.tablet([Scope.SESSIONS_WRITE])
    as_before(own)
    migrate(own.database)
    assert found(own) == []
    with own.database.reading(own.id) as db:
        clients = {row.name: row for row in db.execute(select(Client))}
    answering = {"alerts:read", "alerts:write"}
    given = {"patients:write", "practitioners:write", "sessions:sign"} | answering
    assert set(clients["EMR"].scopes) == {*scopes, *given}
    assert clients["Its own"].scopes == scopes[:1]
    assert clients["Its own"].made_by == clients["EMR"].id
    assert clients["Tablet"].scopes == [*sorted(answering), "sessions:sign", "sessions:write"]
    upgrades = [row for row in history(own) if row["operation"] == "clients.upgrade"]
    assert str(clients["EMR"].id) in {str(row["resource_id"]) for row in upgrades}
    check_account(own)


def as_before(clinic: Clinic) -> None:
    """Make the database one that revision 0010 wrote: without entries of credentials."""

    def without_credentials(entries: History) -> History:
        return renumbered([row for row in entries if row["resource"] != "credentials"])

    rewrite(clinic, without_credentials)
    config = Config(ROOT / "alembic.ini")
    with clinic.database.owning() as db:
        config.attributes["connection"] = db
        command.downgrade(config, "0010")
        db.commit()


def test_an_expiry_with_another_offset_is_no_difference(clinic: Clinic) -> None:
    op = clinic.operation("clients.create")
    ends = (now() + timedelta(days=1)).astimezone(timezone(timedelta(hours=2)))
    perform(clinic.database, op, lambda: clients.add(op, "EMR", [Scope.PATIENTS_READ], ends))
    assert found(clinic) == []
