"""Promises of the picture of progress."""

import re
from datetime import datetime
from xml.etree.ElementTree import Element, fromstring

from hypothesis import HealthCheck, given, settings

from app.progress.rules.document import document
from app.progress.rules.history import Json
from app.progress.rules.layout import NARROW, WIDE
from app.progress.rules.picture import Names, Scale, describe, heading, picture
from app.progress.rules.wording import (
    change_words,
    rates_change,
    signed,
    soreness_words,
    verdict_words,
)
from tests.causes import causal_words
from tests.ground import Api
from tests.progress.charts import Chart
from tests.progress.records import AS_OF, Record, histories, history_of

SVG = "{http://www.w3.org/2000/svg}"
NAMES = Names(
    lambda code: Scale(f"Scale <{code}>", 0, 10),
    lambda slug: f"Muscle & {slug}",
    lambda _, code: code,
)
A_FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def progress(records: list[Record]) -> Json:
    return document("a patient", None, AS_OF, history_of(records), datetime.isoformat)


def drawn(records: list[Record]) -> Element:
    return fromstring(picture(progress(records), NAMES))  # noqa: S314 - our own


def numbers(svg: Element, *names: str) -> list[float]:
    return [float(e.attrib[n]) for e in svg.iter() for n in names if n in e.attrib]


@A_FEW
@given(histories())
def test_every_history_makes_a_picture_that_shows_all_of_it(records: list[Record]) -> None:
    """Each value is a point, each muscle a row, and nothing is outside the frame."""
    svg, whole = drawn(records), progress(records)
    points = [point for measure in whole["measures"] for point in measure["points"]]
    assert len(svg.findall(f"{SVG}circle")) == len(points)
    drafts = [circle for circle in svg.findall(f"{SVG}circle") if circle.get("fill") != "#1b1b1b"]
    assert len(drafts) == len([point for point in points if point["draft"]])
    words = [text.text or "" for text in svg.findall(f"{SVG}text")]
    rows = [word for word in words if word.startswith(("released in ", "not recorded"))]
    assert len(rows) == len(whole["muscles"])
    assert all(0 <= x <= float(svg.attrib["width"]) for x in numbers(svg, "x", "cx"))
    assert all(0 <= y <= float(svg.attrib["height"]) for y in numbers(svg, "y", "cy"))


def test_months_without_a_visit_are_a_gap_in_every_panel_and_no_line_crosses_it(api: Api) -> None:
    chart = Chart(api)
    for day in (0, 7, 14, 200, 207, 214):
        chart.visit(day, 5)
    for name, layout in (("wide", WIDE), ("narrow", NARROW)):
        svg = fromstring(picture(chart.progress(), NAMES, layout))  # noqa: S314 - our own
        gaps = [path for path in svg.iter(f"{SVG}path") if "data-gap" in path.attrib]
        assert len(gaps) == len(svg.findall(f"{SVG}rect[@fill='none']")) > 0, name
        begin, end = map(float, re.findall(r"[MH]([\d.]+)", gaps[0].attrib["d"]))
        for curve in svg.iter(f"{SVG}polyline"):
            xs = [float(point.split(",")[0]) for point in curve.attrib["points"].split()]
            assert max(xs) <= begin + 1 or min(xs) >= end - 1, name
        words = [text.text or "" for text in svg.findall(f"{SVG}text")]
        said = "nothing for 186 days" if layout is WIDE else "186 days"
        assert words.count(said) == len(gaps) + 1, name  # the strip of muscles has it, too


def test_a_picture_beside_its_findings_does_not_say_them_again(api: Api) -> None:
    chart = Chart(api)
    for day, pain in ((0, 8), (7, 5), (14, 2)):
        chart.visit(day, pain)
    whole = chart.progress()
    quiet = picture(whole, NAMES, WIDE._replace(has_findings=False))
    svg = fromstring(quiet)  # noqa: S314 - our own
    shown = " ".join(text.text or "" for text in svg.findall(f"{SVG}text"))
    for words in (
        change_words(whole["measures"][0]),
        soreness_words(whole["soreness"]),
        heading(whole),
    ):
        assert words not in shown
        assert words in quiet, "people who can't see the picture read it in its description"


@A_FEW
@given(histories())
def test_the_picture_says_in_words_what_it_shows(records: list[Record]) -> None:
    svg, whole = drawn(records), progress(records)
    told = svg.findtext(f"{SVG}desc")
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == "progress-title progress-desc"
    assert told == describe(whole, NAMES)
    for measure in whole["measures"]:
        change = measure["change"]
        assert change is None or rates_change(measure) or f"changed by {signed(change)}" in told
        assert change is None or f"n = {measure['trend']['n']}" in told
        assert f": {change_words(measure)}; {verdict_words(measure)}" in told
    assert f"Soreness: {soreness_words(whole['soreness'])}." in told
    assert causal_words(told) == []


def test_a_picture_without_records_says_so() -> None:
    words = [text.text for text in drawn([]).findall(f"{SVG}text")]
    assert words == ["No attended session", "No attended session and no measurement yet."]


def test_a_threshold_in_percent_of_the_baseline_has_its_band(api: Api) -> None:
    api.create("/v1/thresholds", instrument="nprs", mcid_percent=30, source="The clinic.")
    measured = [{"phase": "before", "instrument": "nprs", "value": 5}]
    patient = api.session(measurements=measured)["patient_id"]
    svg = fromstring(api.get(f"/v1/patients/{patient}/progress.svg").text)  # noqa: S314 - our own
    assert "Within one MCID (1.5) of the baseline" in [title.text for title in svg.iter()]


def test_the_picture_of_a_patient_holds_no_name_and_no_script(api: Api) -> None:
    activity = '<script>alert(1)</script> & "more"'
    patient = api.patient(given_name="Quetzalcoatl", family_name="Xochimilco")
    api.session(
        patient_id=patient["id"],
        measurements=[
            {"phase": "before", "instrument": "psfs", "value": 3, "activity": "\x01" + activity}
        ],
    )
    answer = api.get(f"/v1/patients/{patient['id']}/progress.svg")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "<script" not in answer.text
    assert "Quetzalcoatl" not in answer.text
    assert activity in "".join(fromstring(answer.text).itertext())  # noqa: S314 - our own
    entries = api.get(f"/v1/patients/{patient['id']}/disclosures").json()["items"]
    assert "progress.picture" in {entry["operation"] for entry in entries}


def test_an_unknown_patient_is_404(api: Api, other_api: Api) -> None:
    for id_ in (other_api.patient()["id"], "01a1ff39-8fe2-74ae-a879-3c9e3866e21e"):
        assert api.get(f"/v1/patients/{id_}/progress.svg").status_code == 404
