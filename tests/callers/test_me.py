"""A client learns from `GET /v1/me` whose it is and what it may do."""

from datetime import UTC, datetime, timedelta

from app.clients import service as clients
from app.core.values.access import Scope
from app.muscles.queries import CATALOGUE_VERSION
from tests.ground import Api, Clinic


def test_a_program_learns_its_clinic_client_and_scopes(api: Api, clinic: Clinic) -> None:
    op = clinic.operation("clients.create")
    ends = op.at + timedelta(hours=1)
    with clinic.database.writing(clinic.id) as db:
        op.begin(db)
        key = clients.add(op, "Front desk", [Scope.SESSIONS_READ, Scope.PATIENTS_READ], ends)
        op.finish()
    me = Api(api.wire, str(key)).get("/v1/me").json()
    time = datetime.fromisoformat(me.pop("time"))
    assert abs(datetime.now(UTC) - time) < timedelta(minutes=5)
    assert datetime.fromisoformat(me["client"].pop("expires_at")) == ends
    assert me == {
        "clinic": {"id": str(clinic.id), "name": me["clinic"]["name"], "time_zone": "UTC"},
        "client": {"id": str(key.client_id), "name": "Front desk", "kind": "api_key"},
        "account": None,
        "practitioner_id": None,
        "scopes": ["patients:read", "sessions:read"],
        "catalogue_version": CATALOGUE_VERSION,
    }
    assert me["clinic"]["name"] == api.get("/v1/clinic").json()["name"]


def test_the_app_of_a_practitioner_learns_who_they_are(api: Api) -> None:
    practitioner = api.practitioners({Scope.SESSIONS_SIGN})
    me = practitioner.get("/v1/me").json()
    assert me["practitioner_id"] in {
        each["id"] for each in api.get("/v1/practitioners").json()["items"]
    }
    assert me["scopes"] == ["sessions:sign"]


def test_scopes_are_what_the_token_may_do_and_not_what_the_client_may(
    api: Api, clinic: Clinic
) -> None:
    key = clinic.key([Scope.CLINIC_READ, "dreams:read"])  # type: ignore[list-item]
    assert Api(api.wire, key).get("/v1/me").json()["scopes"] == ["clinic:read"]


def test_without_a_valid_token_nothing_is_told(api: Api) -> None:
    assert Api(api.wire, "nobody").get("/v1/me").status_code == 401


def test_reading_it_leaves_no_entry_in_the_ledger(api: Api) -> None:
    before = api.get("/v1/audit/checkpoint").text
    api.get("/v1/me")
    assert api.get("/v1/audit/checkpoint").text.splitlines()[1] == before.splitlines()[1]
