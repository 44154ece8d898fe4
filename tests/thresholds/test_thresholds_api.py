"""A clinic's own thresholds take precedence, and a verdict names their record."""

import pytest

from tests.ground import Api
from tests.progress.charts import Chart, Record, moment


@pytest.fixture
def chart(api: Api) -> Chart:
    """Pain falls from 7 to 5 in an episode of the neck."""
    chart = Chart(api)
    episode = chart.episode(region="neck", opened_at=moment(0))
    for day, value in ((0, 7), (7, 5)):
        chart.visit(day, value, episode_id=episode["id"])
    return chart


def used(chart: Chart) -> Record:
    """The thresholds of the verdict on pain."""
    shown = chart.api.get(f"/v1/patients/{chart.patient_id}/progress").json()
    thresholds: Record = shown["measures"][0]["thresholds"]
    return thresholds


def test_published_figures_of_the_region_are_used_at_first(chart: Chart) -> None:
    assert used(chart)["id"] == "nprs.kovacs_2008_roc"


def test_the_clinics_thresholds_come_first_and_regional_ones_before_general_ones(
    chart: Chart,
) -> None:
    own = chart.api.create("/v1/thresholds", instrument="nprs", mcid=3, source="The clinic.")
    assert used(chart) == {
        "id": f"clinic:{own['id']}:1",
        "population": None,
        "mdc": None,
        "mcid": 3,
        "mcid_percent": None,
        "source": "The clinic.",
    }
    neck = {"region": "neck", "mcid": 4.1, "mdc": 4, "source": "Kovacs 2008."}
    own = chart.api.create("/v1/thresholds", instrument="nprs", **neck)
    chart.api.create("/v1/thresholds", instrument="nprs", mcid=1, source="The clinic, again.")
    chart.api.create("/v1/thresholds", instrument="vas_mm", mcid=1, source="Of something else.")
    assert used(chart)["id"] == f"clinic:{own['id']}:1"


def test_an_mdc_at_ninety_percent_is_used_at_ninety_five(chart: Chart) -> None:
    """The record keeps what was sent."""
    own = chart.api.create(
        "/v1/thresholds", instrument="nprs", mdc=2, mdc_level=90, mcid=1, source="The clinic."
    )
    assert (own["mdc"], own["mdc_level"]) == (2, 90)
    assert used(chart)["mdc"] == 2.38


def test_inactive_thresholds_are_not_used(chart: Chart) -> None:
    own = chart.api.create("/v1/thresholds", instrument="nprs", mcid=3, source="The clinic.")
    chart.api.change(own, "/v1/thresholds", status="inactive")
    assert used(chart)["id"] == "nprs.kovacs_2008_roc"


def test_another_clinics_thresholds_change_nothing(chart: Chart, other_api: Api) -> None:
    other_api.create("/v1/thresholds", instrument="nprs", mcid=3, source="Another clinic.")
    assert used(chart)["id"] == "nprs.kovacs_2008_roc"


def test_thresholds_without_a_figure_are_refused(api: Api) -> None:
    answer = api.post("/v1/thresholds", {"instrument": "nprs", "source": "The clinic."})
    assert answer.status_code == 422
    assert [fault["code"] for fault in answer.json()["errors"]] == ["no_figure"]
