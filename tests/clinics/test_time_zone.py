"""Days belong to the clinic: its time zone decides on which day an instant falls."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from app.core.values.clock import clinic_day, now
from tests.ground import Api
from tests.records.bodies import faults
from tests.summaries.charts import changed, signed

PATH = "/v1/clinic"
ZONES = ("Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Vancouver")


def test_the_time_zone_is_utc_until_it_is_set(api: Api) -> None:
    assert api.get(PATH).json()["time_zone"] == "UTC"
    assert api.live_in("America/Vancouver")["time_zone"] == "America/Vancouver"
    assert api.get("/v1/me").json()["clinic"]["time_zone"] == "America/Vancouver"
    back = api("PATCH", PATH, json={"time_zone": None}, headers={"If-Match": '"2"'}).json()
    assert (back["time_zone"], back["version"]) == ("UTC", 3)


@pytest.mark.parametrize(
    "zone",
    [
        *("", "Vancouver", "america/vancouver", "PST8", "-08:00", "../UTC", "/etc/passwd"),
        *("America", "localtime", "posix/UTC", "UTC\n", "Factory", "x" * 65),
    ],
)
def test_a_time_zone_that_does_not_exist_is_refused(api: Api, zone: str) -> None:
    answer = api("PATCH", PATH, json={"time_zone": zone}, headers={"If-Match": '"1"'})
    expected = "string_too_long" if len(zone) > 64 else "unknown_time_zone"
    assert faults(answer) == {"/time_zone": expected}


def credential(day: str) -> dict[str, str]:
    kind = {"kind": "gunn_ims", "body": "B", "number": "1"}
    return {**kind, "valid_from": day, "valid_to": day}


@pytest.mark.parametrize("offset", ["-08:00", "+00:00", "+09:00"])
@pytest.mark.parametrize(("zone", "held"), [("America/Vancouver", True), ("UTC", False)])
def test_credentials_are_those_of_the_clinics_day(
    api: Api, zone: str, held: object, offset: str
) -> None:
    """At 20:30 in Vancouver it is the next day in UTC, whatever offset the sender writes."""
    api.live_in(zone)
    at = {"-08:00": "2026-11-01T20:30", "+00:00": "2026-11-02T04:30", "+09:00": "2026-11-02T13:30"}
    practitioner = api.practitioner(credentials=[credential("2026-11-01")])
    session = api.session(
        practitioner_id=practitioner["id"], occurred_at=f"{at[offset]}:00{offset}"
    )
    assert bool(session["credentials"]) is held


def test_a_new_time_zone_alters_no_signed_record(api: Api) -> None:
    api.live_in("America/Vancouver")
    practitioner = api.practitioner(credentials=[credential("2026-11-01")])
    session = signed(
        api, practitioner_id=practitioner["id"], occurred_at="2026-11-01T20:30:00-08:00"
    )
    before = api.get("/v1/changes?limit=200").json()["items"]
    api.live_in("Asia/Tokyo")
    assert api.get(f"/v1/sessions/{session['id']}").json() == session
    assert len(api.get("/v1/changes?limit=200").json()["items"]) == len(before) + 1
    amend = {"kind": "addendum", "reason": "More", "changes": {"note": "More"}}
    amended = changed(api, session, "amend", **amend)
    assert amended["credentials"] == session["credentials"] != []
    assert amended["late_entry"] == session["late_entry"]


@pytest.mark.parametrize("zone", ZONES)
def test_a_birth_date_is_at_most_the_clinics_today(api: Api, zone: str) -> None:
    api.live_in(zone)
    today = clinic_day(now(), ZoneInfo(zone))
    assert api.patient(birth_date=f"{today}")["birth_date"] == f"{today}"
    later = api.post("/v1/patients", {"birth_date": f"{today + timedelta(days=2)}"})
    assert faults(later) == {"/birth_date": "in_the_future"}


@pytest.mark.parametrize(("zone", "code"), [("America/Vancouver", 201), ("UTC", 422)])
def test_a_consent_is_valid_from_the_clinics_day(api: Api, zone: str, code: int) -> None:
    api.live_in(zone)
    consent = {
        "patient_id": api.patient()["id"],
        "kind": "needling",
        "decision": "given",
        "form": "written",
        "given_by": "The patient",
        "obtained_by": "Dana Demo",
        "obtained_at": "2026-11-02T04:30:00Z",
        "valid_until": "2026-11-01",
    }
    answer = api.post("/v1/consents", consent)
    assert answer.status_code == code
    if code != 201:
        assert faults(answer) == {"/valid_until": "out_of_order"}


def test_a_practitioner_is_inactive_from_the_clinics_day_on(api: Api) -> None:
    for zone, day in (("America/Vancouver", "2026-11-02"), ("UTC", "2026-11-03")):
        api.live_in(zone)
        gone = api.practitioner(inactive_from=day)["id"]
        body = {"patient_id": api.patient()["id"], "practitioner_id": gone}
        last = api.post("/v1/sessions", body | {"occurred_at": "2026-11-02T04:30:00Z"})
        assert last.status_code == 201, last.text
        after = api.post("/v1/sessions", body | {"occurred_at": f"{day}T12:00:00Z"})
        assert faults(after) == {"/practitioner_id": "practitioner_inactive"}


def test_pages_and_tables_for_people_have_the_clinics_time(api: Api) -> None:
    api.live_in("America/Vancouver")
    session = api.session(occurred_at="2026-11-02T04:30:00Z")
    table = api.get("/v1/exports/sessions.csv?excel=true").text
    assert "2026-11-01 20:30:00.000" in table
    assert "2026-11-02T04:30:00Z" in api.get("/v1/exports/sessions.csv").text
    picture = api.get(f"/v1/patients/{session['patient_id']}/progress.svg").text
    assert "2026-11-01" in picture
    progress = api.get(f"/v1/patients/{session['patient_id']}/progress").json()
    assert progress["sessions"]["first_at"] == session["occurred_at"] == "2026-11-02T04:30:00Z"
