"""A summary that can't be printed names the text for which it is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from app.core.values.access import Scope
from app.kinds import IN_CHART_SUMMARY
from app.records.kinds import Kind
from app.summaries.rules.content import Chart, content
from app.summaries.rules.places import places
from app.summaries.rules.words import Names
from tests.ground import Api
from tests.summaries.charts import changed, released, signed
from tests.summaries.test_fields import (
    RELEASE,
    a_full_chart,  # noqa: F401 - a fixture
    leaves,
    put,
)

pytestmark = pytest.mark.alike

MISSING = "\U00012000"  # cuneiform
Named = tuple[str, str, str, str]
"""The patient, and the resource, id and pointer of the text that can't be printed."""


def psfs(**more: Any) -> dict[str, Any]:
    return {"instrument": "psfs", "activity": MISSING, "value": 3, **more}


def a_patients_name(api: Api) -> Named:
    id_ = api.patient(family_name=MISSING)["id"]
    return id_, "patients", id_, "/family_name"


def a_note(api: Api) -> Named:
    session = api.session(note=MISSING)
    return session["patient_id"], "sessions", session["id"], "/note"


def a_practitioners_name(api: Api) -> Named:
    id_ = api.practitioner(family_name=MISSING)["id"]
    return api.session(practitioner_id=id_)["patient_id"], "practitioners", id_, "/family_name"


def a_comment(api: Api) -> Named:
    session = api.session()
    report = {"reported_at": "2026-11-02T10:00:00-08:00", "soreness": 4, "comment": MISSING}
    made = api.create(f"/v1/sessions/{session['id']}/follow-ups", **report)
    return session["patient_id"], "follow_ups", made["id"], "/comment"


def a_goal(api: Api) -> Named:
    id_ = api.patient()["id"]
    goals = ["Walk", MISSING]
    made = api.create("/v1/episodes", patient_id=id_, complaint="Pain", goals=goals)
    return id_, "episodes", made["id"], "/goals/1"


def an_activity(api: Api) -> Named:
    session = api.session(measurements=[psfs(phase="before")])
    return session["patient_id"], "sessions", session["id"], "/measurements/0/activity"


def an_activity_measured_between_visits(api: Api) -> Named:
    id_ = api.session(occurred_at="2026-11-10T10:00:00Z")["patient_id"]
    taken = psfs(patient_id=id_, taken_at="2026-11-09T10:00:00Z", phase="before")
    return id_, "measurements", api.create("/v1/measurements", **taken)["id"], "/activity"


def a_source_of_thresholds(api: Api) -> Named:
    made = api.create("/v1/thresholds", instrument="nprs", mcid=3, source=f"By {MISSING}")
    measured = {"instrument": "nprs", "value": 3, "phase": "before"}
    session = api.session(measurements=[measured])
    return session["patient_id"], "thresholds", made["id"], "/source"


def an_earlier_note(api: Api) -> Named:
    session = signed(api, note=MISSING)
    changes = {"kind": "correction", "reason": "r", "changes": {"note": "x"}}
    changed(api, session, "amend", **changes)
    return session["patient_id"], "sessions", session["id"], "/note"


def a_reason(api: Api) -> Named:
    session = signed(api)
    changed(api, session, "amend", kind="correction", reason=MISSING, changes={"note": "x"})
    return session["patient_id"], "sessions", session["id"], "/reason"


def the_clinics_name(api: Api) -> Named:
    clinic = api.get("/v1/clinic")
    tag = {"If-Match": clinic.headers["etag"]}
    api("PATCH", "/v1/clinic", json={"name": MISSING}, headers=tag)
    return api.patient()["id"], "clinics", clinic.json()["id"], "/name"


def a_programs_name(api: Api) -> Named:
    made = api.create("/v1/clients", name=MISSING, scopes=sorted(Scope))
    session = signed(Api(api.wire, made["api_key"]))
    return session["patient_id"], "clients", made["id"], "/name"


@pytest.mark.parametrize(
    "make",
    [
        *(a_patients_name, a_note, a_practitioners_name, a_comment, a_goal, an_activity),
        an_activity_measured_between_visits,
        *(a_source_of_thresholds, an_earlier_note, a_reason, the_clinics_name, a_programs_name),
    ],
)
def test_a_text_that_no_font_can_show_is_refused_and_named(
    api: Api, make: Callable[[Api], Named]
) -> None:
    patient, resource, id_, pointer = make(api)
    # A text that isn't printed, and one that is printed, don't hide it.
    api.change(api.get(f"/v1/patients/{patient}").json(), "/v1/patients", phone=f"5 {MISSING}")
    answer = released(api, patient, **{"from": "2026-06-01T00:00:00Z"})
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (409, "/problems/unprintable")
    assert (problem["resource"], problem["resource_id"], problem["pointer"]) == (
        resource,
        id_,
        pointer,
    )
    assert "CUNEIFORM" in problem["detail"]
    assert MISSING not in answer.text


@pytest.mark.parametrize("kind", IN_CHART_SUMMARY, ids=lambda kind: kind.noun)
def test_every_printed_text_of_every_kind_has_its_place(
    chart: tuple[Chart, Names], kind: Kind[Any, Any]
) -> None:
    full, names = chart
    records: Any = full.records
    found, printed = set(), set()
    for way in leaves(records[kind.noun], kind.noun):
        _, nth, *steps = way
        if steps == ["id"]:
            continue
        altered = put(full, way, MISSING)
        try:
            shown = content(altered, RELEASE, names)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
            continue  # the member is no text
        if MISSING in str(shown):
            printed.add(way)
            place = places({}, altered, (), shown).get(MISSING)
            if place == (
                kind.noun,
                str(records[kind.noun][nth]["id"]),
                "".join(f"/{s}" for s in steps),
            ):
                found.add(way)
    assert printed
    assert found == printed


@pytest.mark.parametrize("activity", ["q\u0323 reach", "Արամ", "\u0301", "x\u20dd"])
def test_an_activity_that_a_picture_cannot_show_is_no_reason_to_refuse_it(
    api: Api, activity: str
) -> None:
    session = api.session(measurements=[psfs(phase="before", activity=f"a {activity}")])
    answer = released(api, session["patient_id"])
    if answer.status_code != 200:
        # The package has no font for this script.
        assert answer.json()["pointer"] == "/measurements/0/activity", answer.text


def test_a_text_of_the_request_that_no_font_can_show_is_a_fault(api: Api) -> None:
    answer = released(api, api.patient()["id"], purpose=f"for {MISSING}")
    [fault] = answer.json()["errors"]
    assert (answer.status_code, fault["pointer"], fault["code"]) == (
        422,
        "/purpose",
        "unprintable",
    )
