"""Progress over HTTP agrees with a calculation that knows nothing of it, whatever came in when."""

import csv
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings

from tests.ground import Api
from tests.progress.charts import Record, read, take_in
from tests.progress.every_field import EVERY_FIELD
from tests.progress.records import AS_OF, PLAIN_SCALES, ZONE, histories
from tests.progress.second_opinion import Asked, differences
from tests.progress.sending import known_by, people, roots, sendable, voided

THRESHOLDS = Path(__file__).with_name("thresholds.csv")
COHORT_READ_AT = "2026-08-08T12:00:00-07:00"
"""While the last of the cohort have been asked, and some of them have answered."""
IN_REGION: dict[tuple[str, str], Record] = {
    ("nprs", "neck"): {"mdc": 4.0, "mcid": 1.5},
    ("nprs", "shoulder"): {"mdc": None, "mcid": 2.17},
    ("vas_mm", "shoulder"): {"mdc": None, "mcid": 14.0},
    ("quickdash", "elbow"): {"mdc": 26.7631, "mcid": 15.8},
    ("quickdash", "shoulder"): {"mdc": 17.1, "mcid": 13.4},
}
"""Figures that were studied in one region, by hand from their papers; an MDC90 times 1.19."""
RANKS = {"practitioner": 0, "patient": 0, "episode": 1, "session": 2}


@pytest.fixture(scope="module")
def thresholds() -> dict[str, Record]:
    """Each instrument's direction and thresholds, which were not taken from the product."""
    with THRESHOLDS.open(encoding="utf-8", newline="") as lines:
        return {
            row["code"]: {
                "better": row["better"],
                **{
                    name: float(row[name]) if row[name] else None
                    for name in ("best", "worst", "mdc", "mcid")
                },
            }
            for row in csv.DictReader(lines)
        }


def shuffled(rows: Sequence[Record]) -> list[Record]:
    """The rows in another order, but for those that others refer to."""
    mixed = Random(11).sample(rows, len(rows))
    return sorted(mixed, key=lambda row: RANKS.get(row["type"], 3))


def test_the_progress_of_the_cohort_agrees_with_a_second_opinion(
    api: Api, cohort: Sequence[Record], thresholds: dict[str, Record]
) -> None:
    take_in(api, cohort)
    as_of = datetime.fromisoformat(COHORT_READ_AT)
    patients = [row["id"] for row in cohort if row["type"] == "patient"]
    assert len(patients) == 48
    regions = {row["patient_id"]: row["region"] for row in cohort if row["type"] == "episode"}
    for patient_id in patients:
        scales = {
            code: scale | IN_REGION.get((code, regions[patient_id]), {})
            for code, scale in thresholds.items()
        }
        ours = read(api, patient_id, as_of=COHORT_READ_AT)
        asked = Asked(as_of, scales, roots=roots())
        assert differences(ours, known_by(patient_id, cohort, as_of), asked) == []


def test_the_progress_of_the_cohort_does_not_depend_on_the_order_of_arrival(
    api: Api, other_api: Api, cohort: Sequence[Record]
) -> None:
    take_in(api, cohort)
    take_in(other_api, shuffled(cohort))
    for row in cohort:
        if row["type"] == "patient":
            assert read(api, row["id"]) == read(other_api, row["id"])


def test_an_episode_that_is_the_only_one_says_what_the_patient_s_progress_says(
    api: Api, cohort: Sequence[Record]
) -> None:
    take_in(api, cohort)
    episodes = [row for row in cohort if row["type"] == "episode"]
    for row in episodes[::6]:
        whole = read(api, row["patient_id"])
        [block] = whole["courses"]
        assert read(api, row["patient_id"], episode_id=row["id"]) == {
            **whole,
            "episode_id": row["id"],
            "adverse_events": block["adverse_events"],
        }


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(records=histories())
@example(records=EVERY_FIELD)
def test_any_history_that_can_be_sent_agrees_with_a_second_opinion(
    api: Api, records: list[Record]
) -> None:
    rows, chart = people(records)
    api.live_in(ZONE.key)
    sent = sendable(records, chart)
    take_in(api, [*rows, *shuffled(sent)])
    kept = voided(api, records, chart, sent)
    patient_id = chart["owner"]["patient_id"]
    asked = Asked(AS_OF, PLAIN_SCALES, ZONE, roots())
    whole = read(api, patient_id, as_of=AS_OF.isoformat())
    assert differences(whole, known_by(patient_id, kept, AS_OF), asked) == []
    for block in whole["courses"]:
        if episode_id := block["course"]["episode_id"]:
            alone = read(api, patient_id, as_of=AS_OF.isoformat(), episode_id=episode_id)
            assert alone["courses"] == [block]
