"""Promises of the groups: who is counted where, and that no patient can be recognised."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.outcomes.rules.cases import Case, Harm, Patient, cases_of
from app.outcomes.rules.groups import (
    OTHERS,
    SHOWN_FROM,
    OutcomesBy,
    outcomes,
    outside,
    proportion,
    share,
)
from app.progress.rules.history import Clock, Episode, History, Json, Reading, Scale, instant
from tests.progress.facts import outside as outside_value
from tests.progress.facts import reading, scale, visit, week

PAIN = scale(mdc=2, mcid=2)


def scale_of(*_of: str | None) -> Scale:
    return PAIN


def case(
    patient: int,
    values: tuple[float, ...] = (7, 4, 4),
    readings: list[Reading] | None = None,
    region: str = "neck",
    begun: int = 0,
    **how: Any,
) -> Case:
    """A course of weekly visits with these pain ratings, ten insertions in all."""
    weeks = range(begun, begun + len(values))
    visits = [visit(number)._replace(episode_id="episode") for number in weeks]
    rated = [reading(number, value) for number, value in zip(weeks, values, strict=True)]
    history = History(
        scale_of,
        visits,
        readings=rated if readings is None else readings,
        episodes=[Episode("episode", region, week(begun), None, None, None)],
    )
    known = Patient(
        f"patient {patient}",
        history,
        [],
        {one.session_id: "gunn_ims" for one in visits},
        {"episode": ["icd-10|M54.2"]},
        {visits[0].session_id: 10},
    )
    [found] = cases_of(known, 0, instant(week(900)), Clock())
    return found._replace(**how)


def groups_of(cases: list[Case], by: OutcomesBy | None) -> list[Json]:
    return outcomes(cases, by, scale_of, Clock())


def one(cases: list[Case]) -> Json:
    [group] = groups_of(cases, None)
    return group


def test_a_course_counts_while_its_improvement_is_held() -> None:
    cases = [case(n) for n in range(6)] + [case(n, (7, 4, 6, 6)) for n in range(6, 11)]
    [measure] = one(cases)["measures"]
    assert (measure["instrument"], measure["thresholds"]) == ("nprs", ["made-up"])
    assert (measure["held"]["count"], measure["held"]["of"]) == (6, 11)
    assert measure["held"]["interval"]["method"] == "clopper_pearson"


def test_a_course_without_a_later_value_is_in_no_count_of_responders() -> None:
    [measure] = one([case(n) for n in range(10)] + [case(n, (7,)) for n in range(10, 15)])[
        "measures"
    ]
    assert measure["held"]["of"] == 10
    assert measure["measured_again"] == {"count": 10, "of": 15, "proportion": round(2 / 3, 9)}


def test_a_patient_with_two_courses_counts_once_by_the_last_one_measured_again() -> None:
    first = [case(n) for n in range(10)]
    second = [case(n, (7, 7, 7), begun=20) for n in range(5)]
    unmeasured = [case(n, (7,), begun=20) for n in range(5, 10)]
    [measure] = one([*second, *unmeasured, *first])["measures"]
    assert (measure["held"]["count"], measure["held"]["of"]) == (5, 10)


def test_patients_whose_scale_has_no_room_are_counted_apart() -> None:
    cases = [case(n, readings=None) for n in range(5)]
    cases += [case(n, (1, 1, 1)) for n in range(5, 11)]

    def bounded(*_of: str | None) -> Scale:
        return PAIN._replace(best=0, worst=10)

    [group] = outcomes(cases, None, bounded, Clock())
    [measure] = group["measures"]
    assert (measure["held"]["count"], measure["held"]["of"]) == (5, 5)
    assert measure["no_room"] == 6


def test_activities_make_one_score_where_the_same_were_rated() -> None:
    def rated(number: int, activity: str, value: float) -> Reading:
        return reading(number, value, "psfs")._replace(activity=activity)

    readings = [rated(0, "a", 8), rated(0, "b", 4), rated(1, "a", 5), rated(1, "b", 3)]
    readings += [rated(2, "a", 5), rated(2, "b", 3)]
    readings.append(rated(3, "a", 8))  # not a comparable score
    cases = [case(n, (7, 7, 7, 7), readings=readings) for n in range(5)]
    [measure] = one(cases)["measures"]
    assert (measure["held"]["count"], measure["held"]["of"]) == (5, 5)


def test_a_patient_with_two_diagnoses_is_counted_in_each() -> None:
    cases = [case(n, diagnoses=["x|1", "x|2"]) for n in range(5)]
    cases += [case(n, diagnoses=[]) for n in range(5, 10)]
    groups = groups_of(cases, "diagnosis")
    assert [(group["group"], group["patients"]) for group in groups] == [
        (None, 5),
        ("x|1", 5),
        ("x|2", 5),
    ]


def test_a_cohort_of_fewer_than_five_patients_shows_nothing() -> None:
    cases = [case(n, region="elbow") for n in range(4)] * 3
    told: list[tuple[OutcomesBy | None, str | None]] = [("region", OTHERS), (None, None)]
    for by, name in told:
        [group] = groups_of(cases, by)
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
    def group(region: str, *patients: int) -> list[Case]:
        return [case(n, region=region) for n in patients]

    large = group("neck", *range(20, 30)) + group("shoulder", *range(30, 36))
    one_alone = groups_of([*large, *group("hand", 1)], "region")
    assert [(g["group"], g["patients"]) for g in one_alone] == [("neck", 10), (OTHERS, 7)]
    several = groups_of([*large, *group("hand", 1, 2), *group("foot", 3, 4, 5)], "region")
    assert [(g["group"], g["patients"]) for g in several] == [
        ("neck", 10),
        ("shoulder", 6),
        (OTHERS, 5),
    ]


def test_a_patient_in_two_small_groups_counts_once_in_the_others() -> None:
    cases = [case(n, diagnoses=["x|1", "x|2"]) for n in range(4)]
    cases += [case(n, diagnoses=["x|3"]) for n in range(4, 10)]
    [group] = groups_of(cases, "diagnosis")
    assert (group["group"], group["patients"], group["courses"]) == (OTHERS, 10, 10)


def test_events_are_counted_by_patient_by_session_and_by_number() -> None:
    linked = [Harm(f"{n}", "mild", f"visit-{n}") for n in range(2)]
    cases = [case(0, harms=[Harm("loose", "mild", None)])]
    cases += [case(n, harms=linked) for n in range(1, 6)]
    mild = one(cases + [case(n) for n in range(6, 12)])["adverse_events"]["mild"]
    assert (mild["per_patient"]["count"], mild["per_patient"]["of"]) == (6, 12)
    assert mild["events_per_session"] == {"count": 11, "of": 36, "proportion": round(11 / 36, 9)}
    assert (mild["per_insertion"]["count"], mild["per_insertion"]["of"]) == (11, 120)
    assert (mild["by_date"], mild["without_session"]) == (0, None)


def test_a_count_of_zero_has_an_upper_bound_that_says_it_is_one_sided() -> None:
    serious = one([case(n) for n in range(5)])["adverse_events"]["serious"]
    interval = {"method": "rule_of_three", "sides": 1, "level": 0.95, "low": 0, "high": 0.6}
    assert serious["per_patient"] == {"count": 0, "of": 5, "proportion": 0, "interval": interval}
    assert serious["per_session"] == {"count": 0, "of": 15, "proportion": 0}


def test_there_may_be_more_events_than_sessions() -> None:
    assert share(12, 6) == {"count": 12, "of": 6, "proportion": 2}


def test_events_that_no_course_counts_are_shown_without_small_numbers() -> None:
    cases = [case(0, harms=[Harm("known", "serious", None)])]
    happened = {"known": "serious", "other": "serious", **{f"{n}": "mild" for n in range(6)}}
    assert outside(cases, happened) == {"mild": 6, "significant": 0, "serious": None}


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
    later = [outside_value(n, 3) for n in (5, 6)]
    cases = [case(n, (7, 7), readings=[reading(0, 7), *later]) for n in range(5)]
    assert one(cases)["measures"][0]["held"]["count"] == 5
