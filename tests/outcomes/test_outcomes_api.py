"""Promises of a clinic's outcomes over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from tests.ground import Api
from tests.progress.charts import Chart, Record, moment, read, take_in

PERIOD = {"from": "2020-01-01T00:00:00Z", "to": "2026-11-01T00:00:00Z"}


def read_outcomes(api: Api, **asked: str) -> dict[str, Any]:
    answer = api.get("/v1/outcomes", params=PERIOD | asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_outcomes_of_the_cohort_are_those_of_its_patients(
    api: Api, cohort: Sequence[Record]
) -> None:
    take_in(api, cohort)
    regions = {row["patient_id"]: row["region"] for row in cohort if row["type"] == "episode"}
    states: dict[str, list[str]] = {}
    patients: dict[str, set[str]] = {}
    for patient_id, region in regions.items():
        shown = read(api, patient_id, as_of=PERIOD["to"])
        if shown["sessions"]["attended"]:
            patients.setdefault(region, set()).add(patient_id)
        for measure in shown["measures"]:
            if measure["instrument"] == "nprs" and measure["responder"]:
                states.setdefault(region, []).append(measure["responder"]["state"])
    shown = read_outcomes(api, by="region")
    assert {group["group"]: group["patients"] for group in shown["groups"]} == {
        region: len(known) for region, known in patients.items()
    }
    for group in shown["groups"]:
        found = [one for one in group["measures"] if one["instrument"] == "nprs"]
        if group["group"] == "shoulder":  # no MDC is known of its pain ratings
            assert found == []
            continue
        [pain] = found
        states_here = states[group["group"]]
        held = sum(state in {"held", "wavering"} for state in states_here)
        counts = (held, len(states_here))
        told = (pain["held"]["count"], pain["held"]["of"])
        if told[0] is None:
            assert 0 < counts[0] < 5 or 0 < counts[1] - counts[0] < 5
        else:
            assert told == counts
    [whole] = read_outcomes(api)["groups"]
    assert whole["patients"] == sum(map(len, patients.values()))
    assert {one["source"][:5] for one in shown["published"]} == {"Brady", "Boyce"}


def begun(api: Api, number: int, day: float, **body: Any) -> list[Chart]:
    charts = [Chart(api) for _ in range(number)]
    for chart in charts:
        chart.visit(day, 7, **body)
        chart.visit(day + 7, 4, **body)
    return charts


def test_care_that_began_before_the_period_is_not_in_its_cohort(api: Api) -> None:
    begun(api, 5, 0)
    begun(api, 6, 30)
    asked = {"from": moment(5), "to": moment(60)}
    [group] = read_outcomes(api, **asked)["groups"]
    assert (group["patients"], group["sessions"]) == (6, 12)


def test_a_new_episode_of_a_known_patient_is_new_care(api: Api) -> None:
    for chart in begun(api, 5, 0):
        episode = chart.episode(region="neck", opened_at=moment(30))
        chart.visit(30, 5, episode_id=episode["id"])
    asked = {"from": moment(20), "to": moment(60)}
    [group] = read_outcomes(api, by="region", **asked)["groups"]
    assert (group["group"], group["patients"]) == ("neck", 5)


def test_void_sessions_and_missed_visits_are_no_care(api: Api) -> None:
    charts = begun(api, 5, 0)
    charts[0].missed(20, "no_show")
    visit = charts[0].act(charts[0].visit(21, 3), "sign")
    charts[0].act(visit, "void", {"reason": "It was another patient's."})
    [group] = read_outcomes(api)["groups"]
    assert group["sessions"] == 10


def test_practitioners_may_ask_for_their_own_patients_and_programs_may_not(api: Api) -> None:
    own = api.practitioners()
    [practitioner] = api.get("/v1/practitioners").json()["items"]
    begun(api, 5, 0)
    for _ in range(6):
        chart = Chart(api)
        chart.practitioner_id = practitioner["id"]
        chart.visit(0, 7)
    asked = PERIOD | {"own": "true"}
    [group] = own.get("/v1/outcomes", params=asked).json()["groups"]
    assert group["patients"] == 6
    assert api.get("/v1/outcomes", params=asked).status_code == 403


@pytest.mark.parametrize(("by", "name"), [("technique", "gunn_ims"), ("diagnosis", "icd-10|M54.2")])
def test_groups_have_their_names(api: Api, by: str, name: str) -> None:
    coded = [{"system": "icd-10", "code": "M54.2"}]
    for _ in range(5):
        chart = Chart(api)
        episode = chart.episode(diagnoses=coded, opened_at=moment(0))
        chart.visit(0, 7, episode_id=episode["id"])
    [group] = read_outcomes(api, by=by)["groups"]
    assert group["group"] == name


def test_the_period_is_the_last_year_unless_it_is_given(api: Api) -> None:
    shown = api.get("/v1/outcomes").json()
    begin, end = (datetime.fromisoformat(shown[name]) for name in ("from", "to"))
    assert (end - begin).days == 365
    assert shown["groups"] == []


def test_a_period_that_ends_before_it_begins_is_refused(api: Api) -> None:
    period = {"from": moment(2), "to": moment(1)}
    answer = api.get("/v1/outcomes", params=period)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/to"]


def test_an_event_without_a_session_belongs_to_the_current_care(api: Api) -> None:
    for chart in begun(api, 5, 0):
        episode = chart.episode(region="neck", opened_at=moment(30))
        chart.visit(30, 5, episode_id=episode["id"])
        chart.event(31)
    mild = {
        group["group"]: group["adverse_events"]["mild"]["per_patient"]["count"]
        for group in read_outcomes(api, by="region")["groups"]
    }
    assert mild == {"neck": 5, None: 0}
