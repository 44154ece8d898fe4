"""A difference that a request meets raises its alert before the request is answered."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from app.deliveries.models import OutboxItem
from app.patients.models import Patient
from app.sessions.models import TreatmentSession
from tests.ground import Api, Clinic
from tests.ledger.attacker import owning
from tests.summaries.charts import pdf


def alerts_now(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("/v1/alerts").json()["items"]
    return [each for each in found if each["reasons"] == ["differs_from_ledger"]]


def test_a_refused_write_raises_the_alert_at_once_and_only_the_first_time(
    api: Api, clinic: Clinic
) -> None:
    session = api.session()
    with owning(clinic) as db:
        mine = TreatmentSession.id == UUID(session["id"])
        db.execute(update(TreatmentSession).where(mine).values(note="Nothing happened."))
    for _ in range(2):
        answer = api.post(f"/v1/sessions/{session['id']}/sign", headers={"If-Match": '"1"'})
        assert answer.status_code == 409
        [alert] = alerts_now(api)
        assert alert["source"] == {"resource": "sessions", "id": session["id"]}
    waiting = select(OutboxItem.status).where(OutboxItem.resource_id == UUID(alert["id"]))
    with clinic.database.reading(clinic.id) as db:
        assert db.execute(waiting).scalars().all() == ["waiting"]
    assert api.get(f"/v1/sessions/{session['id']}").json()["version"] == 1


def test_a_chart_summary_that_meets_a_difference_raises_the_alert_at_once(
    api: Api, clinic: Clinic
) -> None:
    patient = api.patient(given_name="Ada")
    with owning(clinic) as db:
        mine = Patient.id == UUID(patient["id"])
        db.execute(update(Patient).where(mine).values(language="xx"))
    pdf(api, patient["id"])
    [alert] = alerts_now(api)
    assert alert["source"] == {"resource": "patients", "id": patient["id"]}


def test_two_requests_that_meet_one_difference_at_once_raise_one_alert(
    api: Api, clinic: Clinic
) -> None:
    patient = api.patient(given_name="Ada")
    with owning(clinic) as db:
        mine = Patient.id == UUID(patient["id"])
        db.execute(update(Patient).where(mine).values(language="xx"))

    def change(_: int) -> int:
        path = f"/v1/patients/{patient['id']}"
        held = {"If-Match": '"1"'}
        return api("PATCH", path, json={"language": "de"}, headers=held).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(change, range(8))) == {409}
    assert len(alerts_now(api)) == 1
