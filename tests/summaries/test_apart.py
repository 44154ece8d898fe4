"""A summary leaves nothing of the record out: also what was measured apart from a visit."""

from tests.ground import Api
from tests.summaries.charts import pdf
from tests.summaries.reading import Paper


def test_a_value_measured_apart_from_a_visit_is_listed_with_its_time(api: Api) -> None:
    session = api.session(occurred_at="2026-11-10T10:00:00Z")
    taken = {"patient_id": session["patient_id"], "instrument": "quickdash", "value": 50}
    api.create("/v1/measurements", **taken, taken_at="2026-11-12T09:30:00Z", phase="between")
    paper = Paper(pdf(api, session["patient_id"]))
    assert paper.says("Measured apart from visits")
    assert paper.says("2026-11-12 09:30 (UTC), between visits: QuickDASH disability/symptom: 50")
