"""The rules of a session that span several fields, one by one."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sessions.rules import content as rules
from app.sessions.rules import signing
from app.sessions.views import Attendance, NeedleCountView, NeedlingView
from tests.records.breaking import broken

OCCURRED = datetime(2026, 11, 1, 10, tzinfo=UTC)
COUNT: NeedleCountView = {
    "opened": 2,
    "inserted": 2,
    "removed": 2,
    "disposed": 2,
    "mismatch_reason": None,
}
NEEDLING = cast(
    "NeedlingView",
    {
        "muscle": "infraspinatus",
        "side": "left",
        "spinal_level": None,
        "needle": {"diameter_mm": 0.3, "length_mm": 40, "lot": None},
        "needles": 2,
        "depth_mm": 25,
        "retention_s": None,
        "release_after_s": None,
    },
)
READY: signing.Signable = {
    "attendance": "attended",
    "occurred_at": OCCURRED,
    "technique": "gunn_ims",
    "needlings": [NEEDLING],
    "needle_count": COUNT,
}


@pytest.mark.parametrize(
    ("level", "paraspinal", "code"),
    [
        ("C5", True, None),
        (None, False, None),
        (None, True, "spinal_level_missing"),
        ("C5", False, "spinal_level_forbidden"),
    ],
)
def test_only_a_paraspinal_muscle_has_a_level(
    level: str | None, code: str | None, *, paraspinal: bool
) -> None:
    assert broken(rules.check_spinal_level, level, paraspinal=paraspinal) == code


@given(st.integers(1, 500), st.integers(1, 50))
def test_a_needle_is_inserted_at_least_once(insertions: int, needles: int) -> None:
    code = broken(rules.check_insertions, insertions, needles)
    assert (code is None) == (insertions >= needles)


@pytest.mark.parametrize(
    ("stimulation", "given_", "code"),
    [
        ("electrical", True, None),
        ("electrical", False, "electrical_missing"),
        ("manual", False, None),
        ("manual", True, "not_electrical"),
        ("none", True, "not_electrical"),
        (None, True, "not_electrical"),
        (None, False, None),
    ],
)
def test_only_electrical_stimulation_has_a_current(
    stimulation: str | None, code: str | None, *, given_: bool
) -> None:
    assert broken(rules.check_electrical, stimulation, given=given_) == code


@pytest.mark.parametrize(
    ("release", "after_s", "code"),
    [
        ("complete", 40, None),
        ("partial", 0, None),
        ("complete", None, None),
        ("none", None, None),
        (None, None, None),
        ("none", 0, "no_release"),
        (None, 40, "no_release"),
    ],
)
def test_only_a_release_has_a_time_to_release(
    release: str | None, after_s: int | None, code: str | None
) -> None:
    assert broken(rules.check_release_time, release, after_s) == code


@pytest.mark.parametrize(
    ("sensations", "code"),
    [
        ([], None),
        (["none"], None),
        (["deep_ache", "cramp"], None),
        (["cramp", "cramp"], "repeated"),
        (["none", "none"], "repeated"),
        (["none", "cramp"], "none_and_more"),
    ],
)
def test_the_sensation_none_excludes_all_others(sensations: list[str], code: str | None) -> None:
    assert broken(rules.check_sensations, sensations) == code


@pytest.mark.parametrize("attendance", ["attended", "cancelled", "no_show", "declined"])
@pytest.mark.parametrize("needled", [False, True])
def test_only_an_attended_session_has_needlings(attendance: str, *, needled: bool) -> None:
    code = broken(rules.check_visited, attendance, needled=needled)
    assert (code == "not_attended") == (needled and attendance != "attended")


@given(st.timedeltas(timedelta(days=-3), timedelta(days=3)), st.integers(-14, 14))
def test_an_entry_is_late_after_24_real_hours(passed: timedelta, zone: int) -> None:
    recorded = (OCCURRED + passed).astimezone(timezone(timedelta(hours=zone)))
    assert rules.is_late(OCCURRED, recorded) == (passed > timedelta(hours=24))


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"technique": None}, ["technique_missing"]),
        ({"needle_count": None}, ["needle_count_missing"]),
        ({"needle_count": {**COUNT, "removed": 1}}, ["needles_unaccounted"]),
        (
            {"needle_count": {**COUNT, "removed": 3}},
            ["needles_unaccounted", "needles_not_disposed"],
        ),
        ({"needle_count": {**COUNT, "removed": 1, "mismatch_reason": "broken"}}, []),
        (
            {"needle_count": {**COUNT, "removed": 1, "mismatch_reason": " "}},
            ["needles_unaccounted"],
        ),
        ({"needle_count": None, "needlings": []}, []),
        ({"needle_count": None, "technique": None}, ["technique_missing", "needle_count_missing"]),
        ({"attendance": "no_show", "technique": None, "needle_count": None, "needlings": []}, []),
    ],
)
def test_a_signature_needs_the_technique_and_the_needle_count(
    change: dict[str, Any], codes: list[str]
) -> None:
    session = cast("signing.Signable", {**READY, **change})
    assert [fault.code for fault in signing.signing_faults(session, OCCURRED, {})] == codes


@pytest.mark.parametrize("attendance", ["attended", "cancelled", "no_show", "declined"])
@pytest.mark.parametrize("ahead_s", [-1, 300, 301])
def test_a_future_visit_can_not_be_signed(attendance: Attendance, ahead_s: int) -> None:
    at = OCCURRED - timedelta(seconds=ahead_s)
    codes = [
        fault.code for fault in signing.signing_faults({**READY, "attendance": attendance}, at, {})
    ]
    to_come = ahead_s > 300 and attendance in {"attended", "no_show"}
    assert codes == (["in_the_future"] if to_come else [])


@pytest.mark.parametrize("attendance", ["attended", "cancelled", "no_show", "declined"])
@pytest.mark.parametrize("ahead_s", [-1, 0, 1])
def test_a_signature_is_not_earlier_than_the_visit(attendance: str, ahead_s: int) -> None:
    signed_at = OCCURRED - timedelta(seconds=ahead_s)
    code = broken(rules.check_signed_after, signed_at, OCCURRED, attendance)
    to_come = ahead_s > 0 and attendance in {"attended", "no_show"}
    assert code == ("before_session" if to_come else None)


@pytest.mark.parametrize(
    ("status", "given_", "code"),
    [
        ("signed", True, None),
        ("draft", False, None),
        ("signed", False, "signature_missing"),
        ("draft", True, "not_signed"),
    ],
)
def test_only_a_signed_session_has_a_signature(
    status: str, code: str | None, *, given_: bool
) -> None:
    assert broken(rules.check_signed, status, given=given_) == code
