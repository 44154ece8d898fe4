"""A chart of many sessions is condensed, says so, and can be printed whole."""

from typing import Any

import pytest

from tests.ground import Api
from tests.progress.charts import take_in
from tests.summaries.charts import changed, pdf
from tests.summaries.reading import Paper, squeezed
from tests.web.histories import history

pytestmark = pytest.mark.alike
CONDENSED = "This history is condensed."
NOTE = "Only here: {0}."
LONG = ("Wolfeschlegelstein " * 8)[:150].strip(), "W" * 150


def taken_in(api: Api, count: int, given: str = "Ana", family: str = "Berg") -> list[Any]:
    """Import a patient with so many drafts; give the patient and the sessions, oldest first."""
    records = list(history(count))
    records[1] |= {"given_name": given, "family_name": family}
    visits = [record for record in records if record["type"] == "session"]
    for n, visit in enumerate(visits):
        visit["note"] = NOTE.format(n)
    take_in(api, records)
    return [records[1]["id"], *visits]


@pytest.fixture(name="dense")
def sixty_sessions(api: Api) -> tuple[str, dict[int, Paper]]:
    """The id of a patient of 60 sessions, of whom the second is void and the fourth harmful."""
    patient, *visits = taken_in(api, 60, *LONG)
    stored = [api.get(f"/v1/sessions/{visits[n]['id']}").json() for n in (1, 3)]
    changed(api, stored[0], "void", reason="Entered twice.")
    happened = {"kind": "bruise", "severity": "mild", "expected": True, "causality": "certain"}
    api.create(
        "/v1/adverse-events",
        **happened,
        patient_id=patient,
        session_id=stored[1]["id"],
        occurred_at=visits[3]["occurred_at"],
        description="A bruise.",
    )
    papers = {0: Paper(pdf(api, patient)), 1: Paper(pdf(api, patient, detail="whole"))}
    return patient, papers


def test_a_dense_history_says_what_is_left_out_and_the_whole_leaves_out_nothing(
    dense: tuple[str, dict[int, Paper]],
) -> None:
    condensed, whole = dense[1].values()
    for said in (
        "This history is condensed. It has 60 sessions, 2025-06-02 to 2026-07-20.",
        "14 are printed whole",
        "The other 46 have one line each. Left out of these: values, findings, needles",
        "All of it is in the clinic's record",
    ):
        assert condensed.says(said), said
    in_full = [n for n in range(60) if condensed.says(NOTE.format(n))]
    assert in_full == [3, *range(48, 60)]
    assert condensed.says("Entered twice.")
    assert len(condensed.pdf.pages) < 15
    assert not whole.says(CONDENSED)
    assert [n for n in range(60) if whole.says(NOTE.format(n))] == [0, *range(2, 60)]
    assert condensed.words().count("16:00(UTC)attended,GunnIMS,draft") == 46


def test_each_page_names_a_patient_of_300_letters_whole(
    dense: tuple[str, dict[int, Paper]],
) -> None:
    paper = dense[1][0]
    name = squeezed(" ".join(LONG))
    for number in range(len(paper.pdf.pages)):
        said = paper.page(number).replace("\u200b", "")
        assert said.startswith(f"{name}·born1975-03-15"), number
    # The header is as high as the name needs, so nothing of it lies outside of the page.
    [left, _bottom, right, top] = [float(each) for each in paper.pdf.pages[0].MediaBox]
    assert (left, right, top) == (0, 612, 792)


def test_a_history_of_few_sessions_is_whole(api: Api) -> None:
    patient, *_ = taken_in(api, 24)
    paper = Paper(pdf(api, patient))
    assert not paper.says(CONDENSED)
    assert [n for n in range(24) if not paper.says(NOTE.format(n))] == []


def test_the_body_map_is_drawn_and_described_with_the_patients_sides(api: Api) -> None:
    patient, *_ = taken_in(api, 2)
    figures = [each for each in Paper(pdf(api, patient)).structure.every() if each.alt]
    assert len(figures) == 2
    told = str(figures[1].alt)
    assert "left" in told
    assert "right" in told
