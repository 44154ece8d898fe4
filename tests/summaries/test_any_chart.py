"""Any chart that can be stored gives a letter in every language, and a summary."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from app.core.db.database import Database
from app.instruments.queries import INSTRUMENTS
from app.instruments.schemas import InstrumentView
from app.languages.queries import NOTES, languages
from app.summaries import service
from app.summaries.schemas import ChartSummaryBody, LetterBody
from tests.ground import Api, create_clinic
from tests.sessions.test_round_trip import SIDES, bodies
from tests.summaries.charts import asked

pytestmark = pytest.mark.alike
TAGS = [each.tag for each in languages(NOTES)]
DAYS = 28


def measured(instrument: InstrumentView) -> st.SearchStrategy[dict[str, Any]]:
    """A value of an instrument, on its scale, with what it needs."""
    least, most = round(instrument.min), round(instrument.max)
    needs_movement = instrument.movement == "required"
    return st.fixed_dictionaries(
        {
            "instrument": st.just(instrument.code),
            "value": st.integers(least, most),
            "phase": st.sampled_from(["before", "after"]),
            "side": st.none() | SIDES,
            "movement": st.just("cervical_flexion") if needs_movement else st.none(),
        }
    )


values = st.sampled_from(INSTRUMENTS).flatmap(measured)
visits = st.fixed_dictionaries(
    {
        "day": st.integers(1, DAYS),
        "body": bodies,
        "measurements": st.lists(values, max_size=3),
        "of_episode": st.booleans(),
        "is_signed": st.booleans(),
    }
)


@settings(max_examples=12, phases=(Phase.explicit, Phase.generate), deadline=None)
@given(made=st.lists(visits, max_size=12), has_episode=st.booleans())
def test_any_chart_has_a_letter_in_every_language_and_a_summary(
    api: Api, database: Database, made: list[dict[str, Any]], *, has_episode: bool
) -> None:
    clinic = create_clinic(database)
    owner = Api(api.wire, clinic.key())
    patient_id = owner.patient()["id"]
    people = {"patient_id": patient_id, "practitioner_id": owner.practitioner()["id"]}
    if has_episode:
        episode = owner.create("/v1/episodes", patient_id=patient_id, complaint="It hurts")
        people["episode_id"] = episode["id"]
    for each in made:
        sent = {**people, **each["body"], "measurements": each["measurements"]}
        sent |= {"occurred_at": f"2026-10-{each['day']:02}T10:00:00Z", "duration_min": None}
        if not each["of_episode"]:
            sent.pop("episode_id", None)
        session = owner.create("/v1/sessions", **sent)
        if each["is_signed"]:  # whether the rules allow it does not matter here
            owner.post(f"/v1/sessions/{session['id']}/sign", headers={"If-Match": '"1"'})
    bodies_ = [LetterBody.model_validate(asked(language=tag)) for tag in TAGS]
    with database.reading(clinic.id) as db:
        op = clinic.operation()
        op.begin(db)
        for body in (*bodies_, ChartSummaryBody.model_validate(asked(detail="whole"))):
            _, shown, _ = service.collected(op, UUID(patient_id), body)
            assert "%(" not in str(shown)
