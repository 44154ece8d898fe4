"""Codes, figures and texts as a reader sees them."""

import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.progress.rules.wording import MINUS, NOTHING, release_time
from app.summaries.rules import progress
from app.summaries.rules.amendments import Version, amendments
from app.summaries.rules.in_full import InFull
from app.summaries.rules.words import ISOLATE, ISOLATED, Names, isolated_whole, moment, printable

AT = datetime(2026, 11, 20, 18, 5, tzinfo=UTC)
WORDS = InFull("en", str, ZoneInfo("UTC"), AT, str.title, lambda _: None, lambda _, code: code, str)
NAMES = Names(
    words=WORDS,
    muscle=str.title,
    instrument=str.upper,
    practitioner=lambda id: f"practitioner {id}",
    actor=lambda who: f"<{who}>",
    episode=lambda id: f"episode {id}",
    patient=lambda id: f"chart {id}",
)
NEEDLING = {"muscle": "infraspinatus", "depth_mm": 25, "needle": {"lot": None}}
# The fields of a session that the rules read.
SESSION: Any = {
    "status": "signed",
    "patient_id": "a",
    "note": "Was.",
    "needlings": [NEEDLING, NEEDLING | {"muscle": "supraspinatus"}],
    "aftercare": ["heat"],
    "needle_count": None,
    "version": 2,
}


def amended(before: Any, **changes: Any) -> list[list[str]]:
    """The changes that one amendment shows."""
    versions = [
        Version("sessions.sign", AT, "client:x", None, before),
        Version("sessions.amend", AT, "client:y", "correction: Misread.", before | changes),
    ]
    [amendment] = amendments(versions, NAMES)
    assert amendment["title"] == "Amended 2026-11-20 18:05 (UTC): correction"
    assert amendment["facts"] == [["By", "<client:y>"], ["Reason", "Misread."]]
    changes_shown: list[list[str]] = amendment["changes"]
    return changes_shown


def test_an_amendment_names_each_leaf_that_changed() -> None:
    first, second = SESSION["needlings"]
    deeper = first | {"depth_mm": 35, "needle": {"lot": "L_7"}}
    assert amended(
        SESSION, note="Is.", needlings=[deeper, second], aftercare=["heat", "no_gym"]
    ) == [
        ["note", "Was.", "Is."],
        ["needlings 1 depth (mm)", "25", "35"],
        ["needlings 1 needle lot", NOTHING, "L_7"],
        ["aftercare", "heat", "heat, no_gym"],
    ]


def test_removing_a_row_does_not_shift_the_others() -> None:
    _, second = SESSION["needlings"]
    assert amended(SESSION, needlings=[second]) == [
        ["needlings 1 muscle", "Infraspinatus", NOTHING],
        ["needlings 1 depth (mm)", "25", NOTHING],
    ]


def test_an_object_that_was_null_before_is_shown_member_by_member() -> None:
    counted = {"opened": 1, "mismatch_reason": None}
    assert amended(SESSION, needle_count=counted) == [["needle count opened", NOTHING, "1"]]


def test_another_patients_chart_is_named_as_such() -> None:
    assert amended(SESSION, patient_id="b") == [["patient id", "chart a", "chart b"]]


def test_a_change_before_the_signature_is_not_an_amendment() -> None:
    draft = SESSION | {"status": "draft"}
    versions = [
        Version("sessions.create", AT, "client:x", None, draft),
        Version("sessions.update", AT, "client:x", None, draft | {"note": "Is."}),
        Version("sessions.sign", AT, "client:x", None, SESSION | {"note": "Is."}),
        Version("sessions.alert", AT, "client:x", None, SESSION | {"note": "Is.", "alert": True}),
    ]
    assert amendments(versions, NAMES) == []


@pytest.mark.parametrize(
    ("offset", "written"),
    [
        (timedelta(), "2026-11-20 18:05 (UTC)"),
        (timedelta(hours=-8), f"2026-11-20 10:05 (UTC{MINUS}08:00)"),
        (timedelta(hours=5, minutes=30), "2026-11-20 23:35 (UTC+05:30)"),
    ],
)
def test_a_time_is_shown_in_its_own_utc_offset(offset: timedelta, written: str) -> None:
    assert moment(AT.astimezone(timezone(offset))) == written


def test_p_is_shown_only_where_there_is_one() -> None:
    trend = {"per_week": -0.8, "n": 6, "p": None, "evidence": "descriptive"}
    measure: dict[str, Any] = {
        "instrument": "nprs",
        "activity": None,
        "side": None,
        "muscle": None,
        "movement": None,
        "region": "neck",
        "unit": "{score}",
        "better": "lower",
        "baseline": {
            "value": 7.0,
            "n": 2,
            "at": "2026-11-01T10:00:00Z",
            "last": {"value": 6.0, "at": "2026-11-02T10:00:00Z"},
        },
        "latest": {"value": 3.0, "at": "2026-11-08T10:00:00Z"},
        "change": -4.0,
        "change_percent": None,
        "thresholds": None,
        "verdict": "improved_important",
        "verdict_from_last": None,
        "provisional": False,
        "exceeds_mdc": True,
        "reachable": {"improved": True, "worse": False},
        "responder": {"state": "held", "since": "2026-11-08T10:00:00Z", "first_at": None},
        "points": [],
        "trend": trend,
    }

    def cells(**of_trend: Any) -> list[str]:
        return progress.measure(measure | {"trend": trend | of_trend}, NAMES, {})

    assert cells()[-1] == f"{MINUS}0.8 a week, n = 6 (descriptive)"
    assert cells(p=0.0123, evidence="tested")[-1].endswith("n = 6, p = 0.012")
    assert cells(p=0.00001)[-1].endswith("p < 0.001 (descriptive)")
    assert cells(per_week=None)[-1] == NOTHING
    assert cells()[:4] == [
        "NPRS, neck (lower is better)",
        "7 from 2026-11-01, mean of 2 days, last 6",
        "3 on 2026-11-08",
        f"{MINUS}4, n = 6",
    ]
    assert cells()[4].endswith("; important improvement held since 2026-11-08")


def test_a_plan_is_shown_beside_the_visits_that_took_place() -> None:
    agreed = {"planned_sessions": 6, "planned_per_week": 1, "region": "low_back", "attended": 4}
    assert (
        progress.plan(agreed | {"per_week": 0.9333}, NAMES)
        == "low_back: 4 of 6 sessions, 0.9 of 1 a week"
    )
    nothing = {"planned_sessions": None, "planned_per_week": None}
    assert progress.plan(agreed | nothing | {"per_week": 1}, NAMES) is None


def test_a_time_to_release_is_shown_where_there_is_a_median() -> None:
    timed = {"method": "kaplan_meier", "n": 9, "released": 6, "median_s": 40}
    assert release_time(timed) == (
        "40 s: by then half of the 9 needlings with a time had released, those that never did"
        " included (Kaplan-Meier)"
    )
    assert release_time(timed | {"median_s": None}) is None


@given(st.text())
def test_every_text_becomes_printable_and_keeps_its_characters(text: str) -> None:
    shown = printable(text)
    kept = shown.replace("\u2068", "").replace("\u2069", "").replace("\t", " ")
    assert all(unicodedata.category(c) not in {"Cc", "Cn", "Co", "Cs"} for c in kept if c != "\n")
    assert shown.count("\u2068") == shown.count("\u2069")
    plain = [c for c in text if unicodedata.category(c)[0] in "LNPS"]
    assert "".join(plain) == "".join(c for c in kept if unicodedata.category(c)[0] in "LNPS") or (
        "[U+" in kept
    )


def test_a_name_from_right_to_left_is_one_isolate_in_its_own_order() -> None:
    given, family = printable(["محمد رضا", "حسینی"])
    assert isolated_whole(f"{given} {family}") == f"{ISOLATE}محمد رضا حسینی{ISOLATED}"
    assert isolated_whole("Ana Núñez") == "Ana Núñez"
