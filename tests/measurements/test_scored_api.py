"""Measured values are stored as entered, and compared in one unit."""

import pytest

from tests.ground import Api
from tests.progress.charts import Chart


@pytest.fixture
def chart(api: Api) -> Chart:
    """An empty chart."""
    return Chart(api)


def test_a_pressure_is_stored_as_entered_and_compared_in_kilopascals(chart: Chart) -> None:
    told = {"phase": "before", "instrument": "ppt", "muscle": "infraspinatus", "side": "left"}
    visit = chart.visit(0, measurements=[{**told, "value": 3.5, "unit": "kgf/cm2"}])
    assert [(m["value"], m["unit"]) for m in visit["measurements"]] == [(3.5, "kgf/cm2")]
    told |= {"patient_id": chart.patient_id, "taken_at": "2026-02-02T10:00:00Z"}
    chart.api.create("/v1/measurements", **told, value=400)
    [shown] = chart.progress()["measures"]
    assert shown["unit"] == "kPa"
    assert [point["value"] for point in shown["points"]] == [pytest.approx(343.23275), 400]


def test_a_score_may_be_computed_from_items(chart: Chart) -> None:
    visit = chart.visit(
        0, measurements=[{"phase": "before", "instrument": "psfs", "items": [3, 5, 4]}]
    )
    assert [(m["value"], m["items"]) for m in visit["measurements"]] == [(4, [3, 5, 4])]
    items = [3, 2, 4, 1, 2, 3, 5, 2, 1, 2, None]
    told = {"patient_id": chart.patient_id, "phase": "before", "taken_at": "2026-02-02T10:00:00Z"}
    kept = chart.api.create("/v1/measurements", **told, instrument="quickdash", items=items)
    assert (kept["value"], kept["items"]) == (37.5, items)


@pytest.mark.parametrize(
    ("told", "place", "code"),
    [
        ({"instrument": "psfs"}, "/value", "missing"),
        ({"instrument": "nprs", "items": [3]}, "/value", "missing"),
        ({"instrument": "psfs", "items": [3, 5], "value": 5}, "/value", "not_the_score"),
        ({"instrument": "lefs", "items": [3, 5], "value": 8}, "/items", "items_count"),
        ({"instrument": "ppt", "value": 3, "unit": "psi"}, "/unit", "unit"),
        ({"instrument": "ppt", "value": 30, "unit": "kgf/cm2"}, "/value", "off_scale"),
    ],
)
def test_a_member_that_does_not_fit_its_instrument_is_refused_by_pointer(
    chart: Chart, told: dict[str, object], place: str, code: str
) -> None:
    where = {"patient_id": chart.patient_id, "phase": "before", "taken_at": "2026-02-02T10:00:00Z"}
    answer = chart.api.post("/v1/measurements", {**where, **told})
    assert answer.status_code == 422
    faults = [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]
    assert (place, code) in faults
