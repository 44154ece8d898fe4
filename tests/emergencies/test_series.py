"""Emergency access is never refused by number; a series is shown at once, and reviewed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from pydantic_core import from_json

from app.core.http.rates import Rates
from app.core.values.access import Scope
from app.core.values.clock import now, uuid7
from app.emergencies.queries import SHOWN_MAX, unreviewed_series
from app.emergencies.rules import SERIES_MIN, SERIES_WITHIN, Opening, series
from app.ledger import queries as ledger
from tests.accounts.people import joined
from tests.cli.program import url_of, within
from tests.emergencies.test_emergencies import PATH, REASON, Person
from tests.ground import Api, Clinic

# A series is counted by rules that know no database.
pytestmark = pytest.mark.alike

START = datetime(2026, 11, 1, tzinfo=UTC)
ANN, BEN, CY, DI = (uuid7() for _ in range(4))


@pytest.fixture(name="dana")
def new_person(api: Api) -> Person:
    return Person(api)


@pytest.fixture(name="clock")
def stopped_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now(), tick=False) as clock:
        yield clock


def open_and_end(person: Person, times: int = 1) -> list[str]:
    """Open emergency access so many times; the ids."""
    ids = []
    for _ in range(times):
        ids.append(person.let_in()["id"])
        person.own.post(f"{PATH}/{ids[-1]}/end")
    return ids


def to_review(api: Api) -> list[dict[str, Any]]:
    answer = api.get(f"{PATH}/review")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def counted(by: str) -> float:
    return REGISTRY.get_sample_value("needlework_emergency_series_total", {"by": by}) or 0.0


def openings(*minutes: float, by: UUID = ANN) -> list[Opening]:
    return [Opening(uuid7(), by, START + timedelta(minutes=each)) for each in minutes]


def test_four_openings_within_an_hour_are_a_series_and_three_are_not() -> None:
    four, later = openings(0, 20, 40, 60), openings(0, 20, 40, 60.1)
    assert series(four) == {each.id: "practitioner" for each in four}
    assert series(later) == {}
    assert series(four[:3]) == {}


def test_several_practitioners_can_make_a_series_together() -> None:
    mixed = [*openings(0, 1), *openings(2, by=BEN), *openings(3, by=CY)]
    assert series(mixed) == {each.id: "clinic" for each in mixed}
    own = openings(0, 1, 2, 3)
    more = openings(4, by=DI)
    assert series([*own, *more]) == {each.id: "practitioner" for each in own} | {
        more[0].id: "clinic"
    }


@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from([ANN, BEN, CY])), max_size=30))
def test_an_opening_is_in_a_series_if_an_hour_around_it_has_four(
    drawn: list[tuple[int, UUID]],
) -> None:
    all_ = [Opening(uuid7(), by, START + timedelta(minutes=at)) for at, by in drawn]
    found = series(all_)
    for each in all_:
        starts = [o.opened_at for o in all_ if timedelta() <= each.opened_at - o.opened_at]
        hours = [
            [o for o in all_ if start <= o.opened_at <= start + SERIES_WITHIN]
            for start in starts
            if each.opened_at - start <= SERIES_WITHIN
        ]
        assert (each.id in found) == any(len(hour) >= SERIES_MIN for hour in hours)
        own = [[o for o in hour if o.practitioner_id == each.practitioner_id] for hour in hours]
        is_own = any(len(hour) >= SERIES_MIN for hour in own)
        assert (found.get(each.id) == "practitioner") == is_own


def test_opening_is_never_refused_for_the_number_of_requests(dana: Person, app: FastAPI) -> None:
    rates, app.state.rates = app.state.rates, Rates(1)
    try:
        assert dana.own.get("/v1/muscles").status_code == 200
        assert dana.own.get("/v1/muscles").status_code == 429
        answer = dana.begin()
    finally:
        app.state.rates = rates
    assert answer.status_code == 201
    assert answer.headers["ratelimit"].startswith('"client";r=0;')


def test_many_openings_in_an_hour_are_all_granted(dana: Person) -> None:
    assert len(open_and_end(dana, 12)) == 12


def test_the_metric_counts_from_the_fourth_opening_in_an_hour(
    dana: Person, clock: time_machine.Traveller
) -> None:
    before = counted("practitioner"), counted("clinic")
    open_and_end(dana, 3)
    assert (counted("practitioner"), counted("clinic")) == before
    open_and_end(dana, 2)
    assert (counted("practitioner"), counted("clinic")) == (before[0] + 2, before[1] + 2)
    open_and_end(Person(dana.api))
    assert (counted("practitioner"), counted("clinic")) == (before[0] + 2, before[1] + 3)
    clock.shift(3_601)
    open_and_end(Person(dana.api))
    assert (counted("practitioner"), counted("clinic")) == (before[0] + 2, before[1] + 3)


def test_the_review_list_shows_who_when_why_and_how_many_patients(
    dana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "CHUNK", 2)
    begun = dana.let_in()
    other = dana.api.patient(given_name="B")["id"]
    assert dana.reads()
    assert dana.reads()
    dana.own.get(f"/v1/patients/{other}")
    ended = dana.own.post(f"{PATH}/{begun['id']}/end").json()
    dana.api.get(f"/v1/patients/{other}")
    assert to_review(dana.api) == [
        {**ended, "practitioner_name": "Dana Demo", "series": None, "patients_seen": 2}
    ]


def test_a_series_heads_the_review_list(dana: Person, clock: time_machine.Traveller) -> None:
    old = open_and_end(dana)
    clock.shift(7_200)
    dense: list[str] = []
    for _ in range(4):
        dense += open_and_end(Person(dana.api))
        clock.shift(1)
    clock.shift(7_200)
    last = open_and_end(Person(dana.api))
    items = to_review(dana.api)
    assert [item["id"] for item in items] == [*dense, *old, *last]
    assert [item["series"] for item in items] == ["clinic"] * 4 + [None] * 2


def test_a_reviewed_emergency_leaves_the_list_and_the_ledger_has_the_note(
    dana: Person, clinic: Clinic
) -> None:
    first, second = open_and_end(dana, 2)
    answer = dana.api.post(f"{PATH}/{first}/review", {"note": "Justified."})
    assert (answer.status_code, answer.json()["id"]) == (200, first)
    assert [item["id"] for item in to_review(dana.api)] == [second]
    [entry] = dana.entries("operation=emergencies.review")
    assert (entry["resource"], entry["resource_id"], entry["reason"]) == (
        "emergencies",
        first,
        "Justified.",
    )
    op = clinic.operation()
    with clinic.database.reading(clinic.id) as db:
        op.begin(db)
        assert unreviewed_series(op) == 0


def test_an_open_emergency_is_reviewed_once_it_is_over(
    dana: Person, clock: time_machine.Traveller
) -> None:
    begun = dana.let_in(minutes=1)
    answer = dana.api.post(f"{PATH}/{begun['id']}/review", {"note": "Too early."})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/emergency-not-over")
    clock.shift(61)
    assert dana.api.post(f"{PATH}/{begun['id']}/review", {"note": "Fine."}).status_code == 200


def test_nobody_reviews_their_own_emergency_access(api: Api) -> None:
    dana = Person(api, Scope.EMERGENCY_REVIEWS_WRITE)
    [id_] = open_and_end(dana)
    assert dana.own.post(f"{PATH}/{id_}/review", {"note": "Fine."}).status_code == 403
    eli = Person(api, Scope.EMERGENCY_REVIEWS_WRITE)
    assert eli.own.post(f"{PATH}/{id_}/review", {"note": "Fine."}).status_code == 200


def test_nobody_reviews_their_own_emergency_access_with_an_account_that_they_made(
    api: Api, app: FastAPI, clinic: Clinic
) -> None:
    dana = api.practitioner()["id"]
    owner = {"name": "Dana Demo", "sign_in_name": "dana", "role": "owner"}
    first = joined(app, clinic, api, **owner, practitioner_id=dana).api()
    owner |= {"name": "Second", "sign_in_name": "second"}
    second = joined(app, clinic, first, **owner).api()
    third = joined(app, clinic, second, **owner | {"sign_in_name": "third"}).api()
    other = joined(app, clinic, api, **owner | {"sign_in_name": "other"}).api()
    ids = []
    for _ in range(SERIES_MIN):
        ids.append(first.create(PATH, reason=REASON)["id"])
        assert first.post(f"{PATH}/{ids[-1]}/end").status_code == 200
    [alert] = alerts(api)
    note, done = {"note": "Fine."}, {"action": "other", "note": "Asked why."}
    for refused in (first, second, third):
        assert refused.post(f"{PATH}/{ids[0]}/review", note).status_code == 403
        answer = refused.post(f"/v1/alerts/{alert['id']}/acknowledge", done)
        assert answer.status_code == 403
    assert other.post(f"{PATH}/{ids[0]}/review", note).status_code == 200
    assert other.post(f"/v1/alerts/{alert['id']}/acknowledge", done).status_code == 200


@pytest.mark.parametrize("note", ["", " ", "a\abell", "x" * 501])
def test_a_note_is_one_line(dana: Person, note: str) -> None:
    [id_] = open_and_end(dana)
    assert dana.api.post(f"{PATH}/{id_}/review", {"note": note}).status_code == 422
    assert dana.api.post(f"{PATH}/{id_}/review", {}).status_code == 422


def test_another_clinics_emergency_is_neither_listed_nor_reviewed(
    dana: Person, other_api: Api
) -> None:
    [id_] = open_and_end(dana)
    assert to_review(other_api) == []
    assert other_api.post(f"{PATH}/{id_}/review", {"note": "Fine."}).status_code == 404


def test_the_list_is_limited_and_says_how_many_more_there_are(
    dana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.emergencies.queries.SHOWN_MAX", 2)
    open_and_end(dana, 3)
    shown = dana.api.get(f"{PATH}/review").json()
    assert (len(shown["items"]), shown["more"]) == (2, 1)
    assert SHOWN_MAX == 50


def test_doctor_reports_a_series_until_it_is_reviewed(
    dana: Person,
    clinic: Clinic,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def doctor() -> list[str]:
        ran = within(monkeypatch, capsys, url_of(clinic.database), "doctor", "--json")
        found = [f for f in from_json(ran.out) if f["check"] == "emergency access"]
        assert all(f["state"] == "warning" for f in found)
        return [f["found"] for f in found]

    def told() -> int:
        op = clinic.operation()
        with clinic.database.reading(clinic.id) as db:
            op.begin(db)
            return unreviewed_series(op)

    ids = open_and_end(dana, 3)
    assert told() == 0
    ids += open_and_end(dana)
    assert told() == 4
    assert len(doctor()) == 1
    for id_ in ids:
        dana.api.post(f"{PATH}/{id_}/review", {"note": REASON})
    assert told() == 0


def test_a_series_raises_one_alert_which_the_practitioner_can_t_silence(
    api: Api, clinic: Clinic, dana: Person
) -> None:
    open_and_end(dana, SERIES_MIN - 1)
    assert alerts(api) == []
    open_and_end(dana, 2)
    [alert] = alerts(api)
    assert alert["source"]["resource"] == "practitioners"
    assert (alert["reasons"], alert["patient_id"]) == (["emergency_series"], None)
    path, done = f"/v1/alerts/{alert['id']}/acknowledge", {"action": "other", "note": "Asked why."}
    assert dana.own.post(path, done).status_code == 403
    clerk = Api(api.wire, clinic.key({Scope.ALERTS_READ, Scope.ALERTS_WRITE}))
    assert clerk.post(path, done).status_code == 403
    assert api.post(path, done).status_code == 200
    open_and_end(dana)
    assert [each["status"] for each in alerts(api)] == ["open", "acknowledged"]


def test_a_series_of_several_practitioners_raises_an_alert_about_the_clinic(
    api: Api, clinic: Clinic
) -> None:
    for _ in range(SERIES_MIN):
        open_and_end(Person(api))
    [alert] = alerts(api)
    assert alert["source"] == {"resource": "clinics", "id": str(clinic.id)}


def alerts(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("/v1/alerts").json()["items"]
    return found
