"""A session is returned as it was sent, from the record and from its versions."""

from datetime import datetime, timedelta, timezone
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.db.database import Database
from app.core.values.text import is_blank, nfc, one_line
from app.instruments import queries as instruments
from app.instruments import rules
from app.muscles.queries import MUSCLES
from app.vocabularies.queries import ROWS
from app.vocabularies.rules import VocabularyName
from tests.ground import Api, create_clinic

PARASPINAL = [muscle.slug for muscle in MUSCLES if muscle.paraspinal]
OTHERS = [muscle.slug for muscle in MUSCLES if not muscle.paraspinal]
PSFS = cast("rules.Scoring", instruments.scoring("psfs"))
SIDES = st.sampled_from(["left", "right", "midline"])
LEVELS = st.sampled_from(["C1", "C8", "T1", "T12", "L5", "S1"])
SCORES = st.none() | st.integers(0, 10)

chars = st.characters(codec="utf-8", exclude_characters="\0")
texts = st.text(chars, max_size=30).map(nfc)
lines = st.text(chars, min_size=1, max_size=12).map(one_line).filter(lambda t: not is_blank(t))
sizes = st.decimals("0.1", "1", places=2).map(float)
lengths = st.decimals("5", "150", places=1).map(float)
moments = st.builds(
    lambda at, minutes: at.replace(tzinfo=timezone(timedelta(minutes=minutes))).isoformat(),
    st.datetimes(datetime(1901, 1, 1), datetime(2026, 1, 1)),  # noqa: DTZ001 - the offset is drawn beside it
    st.integers(-1439, 1439),
)


def codes(noun: VocabularyName) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from([row.code for row in ROWS[noun]]), max_size=2)


@st.composite
def needlings(draw: st.DrawFn) -> dict[str, Any]:
    paraspinal, needles = draw(st.booleans()), draw(st.integers(1, 50))
    stimulation = draw(st.sampled_from(["none", "manual", "electrical", None]))
    release = draw(st.sampled_from(["none", "partial", "complete", None]))
    felt = release in {"partial", "complete"}
    current = {"hz": draw(sizes), "ma": draw(sizes)}
    return {
        "muscle": draw(st.sampled_from(PARASPINAL if paraspinal else OTHERS)),
        "side": draw(SIDES),
        "spinal_level": draw(LEVELS) if paraspinal else None,
        "needle": {
            "diameter_mm": draw(st.none() | sizes),
            "length_mm": draw(st.none() | lengths),
            "lot": draw(st.none() | lines),
        },
        "needles": needles,
        "insertions": draw(st.integers(needles, 500)),
        "depth_mm": draw(st.none() | st.integers(1, 150)),
        "stimulation": stimulation,
        "electrical": current if stimulation == "electrical" else None,
        "retention_s": draw(st.none() | st.integers(0, 7_200)),
        "grasp": draw(st.sampled_from(["none", "mild", "moderate", "strong", None])),
        "twitches": draw(st.none() | st.integers(0, 200)),
        "ache": draw(SCORES),
        "sharp": draw(SCORES),
        "sensations": draw(st.lists(st.sampled_from(["deep_ache", "cramp", "sharp"]), unique=True)),
        "release": release,
        "release_after_s": draw(st.none() | st.integers(0, 7_200)) if felt else None,
        "familiar_pain": draw(st.sampled_from(["yes", "partly", "no", None])),
        "stopped_for": draw(st.none() | lines),
    }


answers = st.decimals(0, 10, places=4).map(float)
scored = st.one_of(
    st.fixed_dictionaries({"value": answers, "items": st.none()}),
    st.lists(answers, min_size=1, max_size=5).map(
        lambda items: {"value": rules.score(items, PSFS), "items": items}
    ),
)
measured = st.fixed_dictionaries(
    {
        "instrument": st.just("psfs"),
        "unit": st.none(),
        "activity": st.none() | lines,
        "side": st.none() | SIDES,
        "muscle": st.none() | st.sampled_from(OTHERS),
        "movement": st.none(),
        "reported_by": st.sampled_from(["patient", "practitioner"]),
        "phase": st.sampled_from(["before", "after"]),
    }
)
measurements = st.builds(lambda taken, score: taken | score, measured, scored)
findings = st.fixed_dictionaries(
    {
        "sign": st.sampled_from(["taut_band", "matchstick", "coldness"]),
        "segment": LEVELS,
        "side": SIDES,
        "grade": st.none() | st.integers(0, 3),
    }
)
bodies = st.fixed_dictionaries(
    {
        "occurred_at": moments,
        "duration_min": st.none() | st.integers(1, 480),
        "technique": st.sampled_from(["gunn_ims", "trigger_point", "superficial", "other", None]),
        "position": st.sampled_from(["prone", "seated", None]),
        "setting": st.none() | lines,
        "measurements": st.lists(measurements, max_size=3),
        "findings": st.lists(
            findings, max_size=3, unique_by=lambda f: (f["sign"], f["segment"], f["side"])
        ),
        "needlings": st.lists(needlings(), max_size=3),
        "needle_count": st.none(),
        "co_interventions": codes("co_interventions"),
        "aftercare": codes("aftercare"),
        "note": texts,
        "plan": texts,
    }
)


@settings(max_examples=25)
@given(bodies, bodies)
def test_a_session_is_returned_as_it_was_sent(
    api: Api, database: Database, first: dict[str, Any], second: dict[str, Any]
) -> None:
    owner = Api(api.wire, create_clinic(database).key())
    own = {"patient_id": owner.patient()["id"], "practitioner_id": owner.practitioner()["id"]}
    made = owner.create("/v1/sessions", **own, **first)
    path = f"/v1/sessions/{made['id']}"
    changed = owner("PUT", path, json={**own, **second}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    for sent, view in ((first, made), (second, changed.json())):
        assert {name: view[name] for name in sent} == as_written(sent)
        assert owner.get(f"{path}/versions/{view['version']}").json() == view
    assert owner.get(path).json() == changed.json()
    assert owner.get("/v1/sessions").json()["items"] == [changed.json()]


def as_written(sent: dict[str, Any]) -> dict[str, Any]:
    return {**sent, "occurred_at": sent["occurred_at"].replace("+00:00", "Z")}
