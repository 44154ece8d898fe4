"""One statement in the document, the picture, the page and the paper alike."""

import re
from html import unescape

import pytest

from app.progress.rules.wording import NO_ROOM, WITHIN_ERROR
from tests.ground import Api
from tests.progress.charts import Chart, moment
from tests.summaries.charts import consent, pdf
from tests.summaries.reading import Paper
from tests.web.console import Desk

STATEMENTS = [
    ((3, 6.9), "worse_uncertain", WITHIN_ERROR, "no worthwhile change"),
    ((7, 3), "improved_important", "one value after the start, not yet confirmed", "held since"),
    ((7, 3, 3), "improved_important", "important improvement held since", "not yet confirmed"),
    ((3, 2), "stable", NO_ROOM, "no worthwhile change"),
    ((6, 9.9), "worse_uncertain", WITHIN_ERROR, "improvement"),
]
"""Pain of the neck (MDC 4.0, MCID 1.5), and what is said of it, and what is never said."""


@pytest.mark.alike
@pytest.mark.parametrize(("values", "verdict", "said", "never"), STATEMENTS)
def test_a_statement_is_the_same_wherever_it_is_shown(
    api: Api, desk: Desk, values: tuple[float, ...], verdict: str, said: str, never: str
) -> None:
    chart = Chart(api)
    episode = chart.episode(region="neck", opened_at=moment(0))
    for week, value in enumerate(values):
        chart.visit(7 * week, value, episode_id=episode["id"])
    consent(api, chart.patient_id)
    [measure] = chart.progress()["measures"]
    assert measure["verdict"] == verdict
    page = desk.get(f"/console/patients/{chart.patient_id}").text
    svg = api.get(f"/v1/patients/{chart.patient_id}/progress.svg").text
    for text in (page, svg):
        words = " ".join(re.sub(r"<[^>]+>", " ", unescape(text)).split()).lower()
        assert said.lower() in words
        assert f"n = {len(values)}" in words
        assert never.lower() not in words
    paper = Paper(pdf(api, chart.patient_id))
    assert paper.says(said)
    assert paper.says(f"n = {len(values)}")
    assert not paper.says(never)
