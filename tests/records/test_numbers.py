"""A number is an integer by its value, not by how it is written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.values.problems import Invalid
from app.core.values.wire import Body, Score, read
from tests.ground import Api

JSON = {"Content-Type": "application/json"}


class Scored(Body):
    """A body with integers in each place where one may stand."""

    ache: Score
    sharp: Score | None = None
    each: list[int] = []


def scored(text: str) -> Scored:
    return read(Scored, text.encode())


FORMS = ("{0}.0", "{0}.000000", "{0}e0", "{1}e1", "{0}.0E+0")


@given(st.integers(0, 10), st.sampled_from(FORMS))
def test_a_whole_number_is_the_integer(score: int, form: str) -> None:
    written = form.format(score, score / 10)
    body = scored(f'{{"ache": {written}, "sharp": {written}, "each": [1, {written}]}}')
    assert body == Scored(ache=score, sharp=score, each=[1, score])
    assert {type(number) for number in (body.ache, body.sharp, *body.each)} == {int}


@pytest.mark.parametrize(
    ("written", "code"),
    [
        *[(written, "int_type") for written in ('"6"', "true", "6.5", "[]", '"6.0"', "1e-1")],
        *[(written, "less_than_equal") for written in ("1e300", "11.0", "1e16")],
        ("-1.0", "greater_than_equal"),
        ("null", "missing"),
    ],
)
def test_anything_else_is_refused(written: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        scored(f'{{"ache": {written}, "sharp": 6.0}}')
    assert [(e["pointer"], e["code"]) for e in refused.value.members["errors"]] == [("/ache", code)]


def test_a_null_in_a_list_is_not_absent() -> None:
    with pytest.raises(Invalid) as refused:
        scored('{"ache": 6.0, "sharp": null, "each": [null, 1.0]}')
    faults = [(e["pointer"], e["code"]) for e in refused.value.members["errors"]]
    assert faults == [("/each/0", "int_type")]


def sent(api: Api, method: str, path: str, text: str, **headers: str) -> dict[str, Any]:
    answer = api(method, path, content=text.encode(), headers=JSON | headers)
    assert answer.is_success, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_whole_number_is_stored_and_answered_as_an_integer(api: Api) -> None:
    people = f'"patient_id": "{api.patient()["id"]}", "practitioner_id":'
    people += f' "{api.practitioner()["id"]}", "occurred_at": "2026-11-01T10:00:00-08:00"'
    needling = '{"muscle": "infraspinatus", "side": "left", "ache": 6.0, "twitches": 1e1}'
    session = sent(
        api,
        "POST",
        "/v1/sessions",
        f'{{{people}, "duration_min": 45.0, "needlings": [{needling}]}}',
    )
    assert (session["duration_min"], session["needlings"][0]["ache"]) == (45, 6)
    stored = api.get(f"/v1/sessions/{session['id']}")
    assert '"ache":6,' in stored.text.replace(" ", "")
    path = f"/v1/sessions/{session['id']}"
    changed = sent(api, "PATCH", path, '{"duration_min": 5e1}', **{"If-Match": '"1"'})
    assert (changed["duration_min"], changed["version"]) == (50, 2)
    same = sent(api, "PATCH", path, '{"duration_min": 50.0}', **{"If-Match": '"2"'})
    assert same["version"] == 2
