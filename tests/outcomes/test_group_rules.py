"""Promises of the groups: who is counted where, and that no patient can be recognised."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.outcomes.rules.groups import (
    OTHERS,
    SHOWN_FROM,
    Care,
    Harm,
    OutcomesBy,
    outcomes,
    proportion,
)
from app.progress.rules.history import Json, Reading, Scale
from tests.progress.facts import reading, scale, visit, week

PAIN = scale(mdc=2, mcid=2)


def scale_of(*_of: str | None) -> Scale:
    return PAIN


def care(patient: int, values: tuple[float, ...] = (7, 4, 4), **how: Any) -> Care:
    """A course of weekly visits with these pain ratings."""
    plain = Care(
        f"patient {patient}",
        "neck",
        ["icd-10|M54.2"],
        ["gunn_ims"],
        [visit(number)._replace(session_id=f"visit-{number}") for number in range(len(values))],
        [reading(number, value) for number, value in enumerate(values)],
        10,
        [],
    )
    return plain._replace(**how)


def one(cares: list[Care]) -> Json:
    [group] = outcomes(cares, None, scale_of)
    return group


def test_a_course_counts_while_its_improvement_is_held() -> None:
    cares = [care(n) for n in range(6)] + [care(n, (7, 4, 6, 6)) for n in range(6, 11)]
    [measure] = one(cares)["measures"]
    assert (measure["instrument"], measure["thresholds"]) == ("nprs", ["made-up"])
    assert (measure["responding"]["count"], measure["responding"]["of"]) == (6, 11)
    assert measure["responding"]["interval"]["method"] == "clopper_pearson"


def test_a_course_without_a_later_value_is_in_no_count_of_responders() -> None:
    [measure] = one([care(n) for n in range(5)] + [care(9, (7,))])["measures"]
    assert measure["responding"]["of"] == 5


def test_activities_make_one_score_where_the_same_were_rated() -> None:
    def rated(number: int, activity: str, value: float) -> Reading:
        return reading(number, value, "psfs")._replace(activity=activity)

    readings = [rated(0, "a", 8), rated(0, "b", 4), rated(1, "a", 5), rated(1, "b", 3)]
    readings += [rated(2, "a", 5), rated(2, "b", 3)]
    readings.append(rated(3, "a", 8))  # not a comparable score
    cares = [care(n, (7, 7, 7, 7), readings=readings) for n in range(5)]
    [measure] = one(cares)["measures"]
    assert (measure["responding"]["count"], measure["responding"]["of"]) == (5, 5)


def test_a_patient_with_two_diagnoses_is_counted_in_each() -> None:
    cares = [care(n, diagnoses=["x|1", "x|2"]) for n in range(5)]
    cares += [care(n, diagnoses=[]) for n in range(5, 10)]
    groups = outcomes(cares, "diagnosis", scale_of)
    assert [(group["group"], group["patients"]) for group in groups] == [
        (None, 5),
        ("x|1", 5),
        ("x|2", 5),
    ]


def test_a_cohort_of_fewer_than_five_patients_shows_nothing() -> None:
    cares = [care(n, region="elbow") for n in range(4)] * 3
    told: list[tuple[OutcomesBy | None, str | None]] = [("region", OTHERS), (None, None)]
    for by, name in told:
        [group] = outcomes(cares, by, scale_of)
        assert group == {
            "group": name,
            "suppressed": True,
            "patients": None,
            "courses": None,
            "sessions": None,
            "insertions": None,
            "measures": [],
            "adverse_events": None,
        }


def test_small_groups_are_combined_with_as_many_larger_ones_as_necessary() -> None:
    def group(region: str, *patients: int) -> list[Care]:
        return [care(n, region=region) for n in patients]

    large = group("neck", *range(20, 30)) + group("shoulder", *range(30, 36))
    one_alone = outcomes([*large, *group("hand", 1)], "region", scale_of)
    assert [(g["group"], g["patients"]) for g in one_alone] == [("neck", 10), (OTHERS, 7)]
    several = outcomes([*large, *group("hand", 1, 2), *group("foot", 3, 4, 5)], "region", scale_of)
    assert [(g["group"], g["patients"]) for g in several] == [
        ("neck", 10),
        ("shoulder", 6),
        (OTHERS, 5),
    ]


def test_a_patient_in_two_small_groups_counts_once_in_the_others() -> None:
    cares = [care(n, diagnoses=["x|1", "x|2"]) for n in range(4)]
    cares += [care(n, diagnoses=["x|3"]) for n in range(4, 10)]
    [group] = outcomes(cares, "diagnosis", scale_of)
    assert (group["group"], group["patients"], group["courses"]) == (OTHERS, 10, 10)


def test_an_event_of_no_session_counts_once_for_its_patient() -> None:
    loose = [Harm("e", "mild", None)]
    cares = [care(0, events=loose), care(0)]
    cares += [care(n, events=[Harm(f"{n}", "mild", f"{n}")]) for n in range(1, 6)]
    mild = one(cares + [care(n) for n in range(6, 12)])["adverse_events"]["mild"]
    assert (mild["per_patient"]["count"], mild["per_patient"]["of"]) == (6, 12)
    assert (mild["per_session"]["count"], mild["per_session"]["of"]) == (5, 39)
    assert (mild["per_insertion"]["count"], mild["per_insertion"]["of"]) == (6, 130)


def test_a_count_of_zero_has_an_upper_bound() -> None:
    serious = one([care(n) for n in range(5)])["adverse_events"]["serious"]["per_session"]
    assert serious == {
        "count": 0,
        "of": 15,
        "proportion": 0,
        "interval": {"method": "rule_of_three", "level": 0.95, "low": 0, "high": 0.2},
    }


def test_more_events_than_insertions_give_no_rate() -> None:
    shown = proportion(9, 7)
    assert shown == {"count": 9, "of": 7, "proportion": None, "interval": None}


@given(st.integers(0, 40), st.integers(0, 40))
def test_no_number_from_one_to_four_is_shown_or_can_be_derived(count: int, more: int) -> None:
    shown = proportion(count, count + more)
    if shown["count"] is None:
        assert shown["proportion"] is shown["interval"] is None
    else:
        told = (shown["count"], shown["of"] - shown["count"], shown["of"])
        assert not {number for number in told if 0 < number < SHOWN_FROM}
    assert shown["of"] is None or not 0 < shown["of"] < SHOWN_FROM


def test_a_single_measurement_keeps_its_own_time() -> None:
    later = [reading(1, 3)._replace(session_id=None, at=week(n)) for n in (5, 6)]
    cares = [care(n, (7, 7), readings=[reading(0, 7), *later]) for n in range(5)]
    assert one(cares)["measures"][0]["responding"]["count"] == 5
