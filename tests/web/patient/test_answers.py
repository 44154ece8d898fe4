"""Reading an answer: whatever a form or an app sends, it is an answer or a fault."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.asks.service.states import ANSWERS_MAX, CLOSED, GRACE, Standing, state
from app.core.values.clock import uuid7
from app.core.values.problems import Invalid, MalformedRequest
from app.web.patient import answers, wording
from tests.web.patient.conftest import FORM

FIELDS = st.sampled_from([*answers.SINGLE, answers.SEVERAL, "other"])
VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from([*wording.CHANGES, *wording.RED_FLAGS, *wording.WHO, "yes", "no", "5"]),
)
ANSWERS = st.fixed_dictionaries(
    {"soreness": st.integers(0, 10)},
    optional={
        "change": st.sampled_from([*wording.CHANGES]),
        "bruising": st.booleans(),
        "reported_by": st.sampled_from(["patient", "for_patient"]),
        "comment": st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=50),
    },
)


def read(pairs: list[tuple[str, str]]) -> answers.AnswerBody:
    return answers.answer(answers.typed(urlencode(pairs).encode()))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_form_or_a_malformed_request(raw: bytes) -> None:
    try:
        answers.typed(raw)
    except MalformedRequest:
        return


@given(st.lists(st.tuples(FIELDS, VALUES), max_size=12))
def test_any_fields_are_an_answer_or_faults_of_fields(pairs: list[tuple[str, str]]) -> None:
    try:
        answer = read(pairs)
    except (Invalid, MalformedRequest):
        return
    assert bool(answer.red_flags) is not answer.none_of_these


@given(ANSWERS, st.sets(st.sampled_from([*wording.RED_FLAGS])))
def test_what_the_page_sends_is_read_as_it_was_answered(
    given_: dict[str, object], flags: set[str]
) -> None:
    words = {True: "yes", False: "no"}
    form = [("submission", str(uuid7())), ("language", "fr")]
    form += [(name, words.get(value, str(value))) for name, value in given_.items()]  # type: ignore[call-overload]
    form += [("red_flags", flag) for flag in flags] or [("none_of_these", "yes")]
    # 0 and 1 equal False and True, so the number is written by hand.
    form = [(n, str(given_["soreness"])) if n == "soreness" else (n, v) for n, v in form]
    answer = read(form)
    assert set(answer.red_flags) == flags
    for name, value in given_.items():
        assert getattr(answer, name) == (value or None if name == "comment" else value) or (
            name == "comment"  # a text is stored in its composed form
        )


@pytest.mark.parametrize("missing", ["soreness", "none_of_these"])
def test_only_the_number_and_the_signs_of_danger_must_be_answered(missing: str) -> None:
    form = {"submission": str(uuid7()), **FORM}
    assert read([*form.items()]).change == "better"
    del form["change"]
    assert read([*form.items()]).change is None
    del form[missing]
    with pytest.raises(Invalid) as refused:
        read([*form.items()])
    faults = answers.faults_by_field(answers.faults_of(refused.value))
    field = "red_flags" if missing == "none_of_these" else missing
    assert [name for name, words in faults.items() if words] == [field]


@given(st.permutations([*wording.RED_FLAGS]))
def test_the_order_of_ticks_does_not_make_another_answer(flags: list[str]) -> None:
    submission = str(uuid7())
    first = [("submission", submission), ("soreness", "3")]
    digests = {
        read([*first, *(("red_flags", flag) for flag in order)]).digest
        for order in (flags, sorted(flags))
    }
    assert len(digests) == 1


AT = datetime(2026, 12, 1, 12, tzinfo=UTC)
AROUND = st.timedeltas(timedelta(days=-30), timedelta(days=30)).map(lambda apart: AT + apart)
STANDINGS = st.builds(
    Standing,
    revoked=st.booleans(),
    ends_at=AROUND,
    status=st.sampled_from(["due", "sent", "cancelled", "answered"]),
    reason=st.sampled_from([None, "open_alert", "by_person", *sorted(map(str, CLOSED))]),
    due_at=AROUND,
    visit_at=AROUND,
    void=st.booleans(),
    moved=st.booleans(),
    stopped=st.booleans(),
    answers=st.integers(0, 6),
)


@given(STANDINGS)
def test_whoever_has_answered_never_reads_that_the_link_expired(standing: Standing) -> None:
    if standing.answers:
        assert "expired" not in {state(standing, AT), state(standing, AT, GRACE)}


@given(STANDINGS)
def test_a_link_takes_answers_only_while_nothing_speaks_against_it(standing: Standing) -> None:
    if state(standing, AT) in {"open", "answered"}:
        assert not any((standing.revoked, standing.void, standing.moved, standing.stopped))
        assert standing.reason not in CLOSED
        assert standing.ends_at > AT
        assert standing.answers < ANSWERS_MAX


@given(STANDINGS)
def test_the_time_after_its_end_opens_no_link_that_something_else_closed(
    standing: Standing,
) -> None:
    first, later = state(standing, AT), state(standing, AT, GRACE)
    assert first == later or first in {"expired", "full"}


@given(STANDINGS)
def test_a_revoked_link_is_unknown_whatever_else_is_true(standing: Standing) -> None:
    assert (state(standing, AT) == "unknown") is standing.revoked
