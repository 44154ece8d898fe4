"""A practitioner's status and the first day on which they are inactive always agree."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine
from httpx2 import Response
from hypothesis import given
from hypothesis import strategies as st

from app.auth.rules import is_inactive
from app.core.db.database import Database
from app.core.operation import perform
from app.main import create_app
from app.practitioners import rules
from app.practitioners.service import PRACTITIONERS, end_departed
from app.practitioners.views import PractitionerStatus
from app.records import queries as records
from app.records.service import store
from tests.ground import Api, Clinic, create_clinic, migrated_like
from tests.records.bodies import faults
from tests.wire import wired

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY, YESTERDAY, TOMORROW = "2026-11-20", "2026-11-19", "2026-11-21"
PATH = "/v1/practitioners"
Activity = tuple[str, str | None]

DAYS = st.dates(date(2026, 1, 1), date(2027, 1, 1))
STATUSES = st.sampled_from(["active", "inactive"])


@pytest.fixture(name="clock", autouse=True)
def stopped_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def activity(record: dict[str, Any]) -> Activity:
    return record["status"], record["inactive_from"]


def patched(api: Api, record: dict[str, Any], **changes: Any) -> Response:
    held = {"If-Match": f'"{record["version"]}"'}
    return api("PATCH", f"{PATH}/{record['id']}", json=changes, headers=held)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({}, ("active", None)),
        ({"status": "active"}, ("active", None)),
        ({"status": "active", "inactive_from": None}, ("active", None)),
        ({"status": "inactive"}, ("inactive", TODAY)),
        ({"inactive_from": TODAY}, ("inactive", TODAY)),
        ({"inactive_from": YESTERDAY}, ("inactive", YESTERDAY)),
        ({"inactive_from": TOMORROW}, ("active", TOMORROW)),
        ({"status": "active", "inactive_from": TOMORROW}, ("active", TOMORROW)),
        ({"status": "inactive", "inactive_from": YESTERDAY}, ("inactive", YESTERDAY)),
    ],
)
def test_a_new_practitioners_status_and_day_agree(
    api: Api, given: dict[str, Any], stored: Activity
) -> None:
    made = api.practitioner(**given)
    assert activity(made) == stored
    assert activity(api.get(f"{PATH}/{made['id']}").json()) == stored


@pytest.mark.parametrize(
    "pair",
    [
        {"status": "active", "inactive_from": TODAY},
        {"status": "active", "inactive_from": YESTERDAY},
        {"status": "inactive", "inactive_from": TOMORROW},
    ],
)
def test_a_status_and_a_day_that_contradict_each_other_are_refused(
    api: Api, pair: dict[str, Any]
) -> None:
    named = {"given_name": "Dana", "family_name": "Demo"}
    wrong = {"/inactive_from": "contradicts_status"}
    assert faults(api.post(PATH, {**named, **pair})) == wrong
    for before in ({}, {"status": "inactive", "inactive_from": "2020-01-01"}):
        made = api.practitioner(**before)
        assert faults(patched(api, made, **pair)) == wrong
        held = {"If-Match": '"1"'}
        whole = {**named, **pair}
        assert faults(api("PUT", f"{PATH}/{made['id']}", json=whole, headers=held)) == wrong


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ({}, {"status": "inactive"}, ("inactive", TODAY)),
        ({}, {"inactive_from": YESTERDAY}, ("inactive", YESTERDAY)),
        ({}, {"inactive_from": TOMORROW}, ("active", TOMORROW)),
        ({"inactive_from": TOMORROW}, {"inactive_from": TODAY}, ("inactive", TODAY)),
        ({"inactive_from": TOMORROW}, {"inactive_from": None}, ("active", None)),
        ({"inactive_from": TOMORROW}, {"status": "inactive"}, ("inactive", TODAY)),
        ({"inactive_from": TOMORROW}, {"status": "active"}, ("active", TOMORROW)),
        ({"inactive_from": TOMORROW}, {"given_name": "Eve"}, ("active", TOMORROW)),
        ({"inactive_from": YESTERDAY}, {"status": "active"}, ("active", None)),
        ({"inactive_from": YESTERDAY}, {"status": "inactive"}, ("inactive", YESTERDAY)),
        ({"inactive_from": YESTERDAY}, {"given_name": "Eve"}, ("inactive", YESTERDAY)),
        ({"inactive_from": YESTERDAY}, {"inactive_from": TODAY}, ("inactive", TODAY)),
        ({"inactive_from": YESTERDAY}, {"inactive_from": None}, ("inactive", YESTERDAY)),
        (
            {"inactive_from": YESTERDAY},
            {"status": "active", "inactive_from": TOMORROW},
            ("active", TOMORROW),
        ),
    ],
)
def test_a_patch_of_one_of_both_takes_the_other_along(
    api: Api, before: dict[str, Any], change: dict[str, Any], after: Activity
) -> None:
    answer = patched(api, api.practitioner(**before), **change)
    assert (answer.status_code, activity(answer.json())) == (200, after)


def test_an_inactive_practitioner_needs_their_status_changed_for_a_later_day(api: Api) -> None:
    made = api.practitioner(status="inactive")
    answer = patched(api, made, inactive_from=TOMORROW)
    assert faults(answer) == {"/inactive_from": "contradicts_status"}


def test_a_replacement_that_repeats_the_stored_content_is_no_change_whatever_the_day(
    api: Api, clock: time_machine.Traveller
) -> None:
    whole = {"given_name": "Dana", "family_name": "Demo", "status": "inactive"}
    made = api.create(PATH, **whole)
    clock.shift(timedelta(days=3))
    held = {"If-Match": '"1"'}
    answer = api("PUT", f"{PATH}/{made['id']}", json=whole, headers=held)
    assert (activity(answer.json()), answer.json()["version"]) == (("inactive", TODAY), 1)


def test_from_their_day_on_a_practitioner_counts_as_inactive_whatever_their_stored_status(
    api: Api, clock: time_machine.Traveller
) -> None:
    made = api.practitioner(inactive_from=TOMORROW)
    clock.shift(timedelta(days=1))
    assert activity(api.get(f"{PATH}/{made['id']}").json()) == ("active", TOMORROW)
    assert activity(patched(api, made, given_name="Eve").json()) == ("inactive", TOMORROW)
    other = api.practitioner(inactive_from="2026-11-22")
    clock.shift(timedelta(days=1))
    assert activity(patched(api, other, status="active").json()) == ("active", None)


def test_the_stored_status_follows_the_day_by_itself(
    database: Database, tmp_path: Path, clock: time_machine.Traveller
) -> None:
    with migrated_like(database, tmp_path) as own, wired(create_app(own)) as wire:
        api = Api(wire, create_clinic(own).key())
        made = api.practitioner(inactive_from=TOMORROW)
        end_departed(own)
        assert activity(api.get(f"{PATH}/{made['id']}").json()) == ("active", TOMORROW)
        clock.shift(timedelta(days=1))
        end_departed(own)
        end_departed(own)
        followed = api.get(f"{PATH}/{made['id']}").json()
        assert (activity(followed), followed["version"]) == (("inactive", TOMORROW), 2)
        last = api.get("/v1/changes?limit=200").json()["items"][-1]
        assert (last["operation"], last["actor"]) == ("practitioners.deactivate", "server:keeper")
        assert last["body"] == followed


def test_an_inactive_practitioner_from_before_days_existed_keeps_having_none(
    api: Api, clinic: Clinic
) -> None:
    made = api.practitioner(status="inactive")
    op = clinic.operation()

    def forget_the_day() -> None:
        current = records.record(op, PRACTITIONERS, UUID(made["id"]))
        store(op, PRACTITIONERS, current, {"inactive_from": None})

    perform(clinic.database, op, forget_the_day)
    made["version"] += 1
    renamed = patched(api, made, given_name="Eve").json()
    assert activity(renamed) == ("inactive", None)
    assert activity(patched(api, renamed, inactive_from=YESTERDAY).json()) == (
        "inactive",
        YESTERDAY,
    )


def test_in_an_import_the_day_decides_because_the_file_may_be_older(api: Api) -> None:
    row = '{"type": "practitioner", "given_name": "A", "family_name": "B", "status": "active",'
    row += f' "inactive_from": "{YESTERDAY}"}}'
    media = {"Content-Type": "application/x-ndjson"}
    report = api("POST", "/v1/imports", content=row, headers=media).json()
    assert (report["created"], report["errors"]) == (1, [])
    [made] = api.get(PATH).json()["items"]
    assert activity(made) == ("inactive", YESTERDAY)


@given(STATUSES, st.none() | DAYS, DAYS, st.none() | st.tuples(STATUSES, st.none() | DAYS))
def test_after_every_write_the_status_is_what_the_day_says(
    status: PractitionerStatus,
    day: date | None,
    today: date,
    current: tuple[PractitionerStatus, date | None] | None,
) -> None:
    was = current and rules.Activity(*current)
    after = rules.next_activity(status, day, today, was)
    if was != after:
        assert (after.status == "inactive") == (
            after.inactive_from is not None and after.inactive_from <= today
        )
    if day is not None:
        assert after.inactive_from == day


def test_a_practitioner_is_inactive_by_their_status_or_from_their_day_on() -> None:
    day = date(2026, 11, 20)
    days = (None, day, day + timedelta(days=1))
    found = [is_inactive(*each, day) for each in product(("active", "inactive"), days)]
    assert found == [False, True, False, True, True, True]
