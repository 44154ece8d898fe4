"""The note of any session that can be stored has all of it, in every language and form."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.languages.queries import NOTES, languages
from app.notes.rules.words import LINE_END, written
from tests.ground import Api
from tests.notes.visits import note
from tests.sessions.test_round_trip import bodies

pytestmark = pytest.mark.alike
TAGS = [each.tag for each in languages(NOTES)]


@settings(max_examples=25)
@given(bodies, st.sampled_from(TAGS), st.sampled_from(["plain", "markdown", "html"]))
def test_any_session_has_a_note_that_is_stable_with_each_needling_once(
    api: Api, body: dict[str, Any], tag: str, form: str
) -> None:
    people = {
        "patient_id": api.patient()["id"],
        "practitioner_id": api.practitioner()["id"],
    }
    made = api.create("/v1/sessions", **people, **body)
    said = note(api, made, f"?language={tag}", Accept=f"text/{form}")
    assert said == note(api, made, f"?language={tag}", Accept=f"text/{form}")
    if form == "plain":
        for text in (made["note"], made["plan"], *_lots(made)):
            assert all(line in said for line in LINE_END.split(written(text)))
        assert said.count(" insertion") == len(made["needlings"])


def _lots(session: dict[str, Any]) -> list[str]:
    return [lot for row in session["needlings"] if (lot := row["needle"]["lot"]) is not None]
