"""A needled visit is signed only if each answer of concern was explained, or overridden."""

from typing import Any

import pytest
from httpx2 import Response

from tests.ground import Api
from tests.records.bodies import faults

AT = "2026-11-01T10:00:00-08:00"
OF_CONCERN = {"code": "anticoagulant", "answer": "yes"}


def screen(api: Api, session: dict[str, Any], *answers: dict[str, Any], **more: Any) -> None:
    body = {"rule_set": "r", "decision": "proceed", "decided_by": "d", "decided_at": AT, **more}
    api.create("/v1/screenings", session_id=session["id"], answers=list(answers), **body)


def sign(api: Api, session: dict[str, Any], *codes: str) -> Response:
    overrides = [{"code": code, "reason": "It was discussed."} for code in codes]
    path = f"/v1/sessions/{session['id']}/sign"
    return api.post(path, {"overrides": overrides}, headers={"If-Match": '"1"'})


@pytest.mark.parametrize(
    ("answers", "more", "signed"),
    [
        ([OF_CONCERN], {}, False),
        ([OF_CONCERN | {"answer": "unknown"}], {}, False),
        ([{"code": "other", "answer": "yes"}], {}, False),
        ([OF_CONCERN | {"answer": "no"}], {}, True),
        ([OF_CONCERN | {"detail": "Stopped a week ago."}], {}, True),
        ([OF_CONCERN], {"decision": "modified"}, True),
        ([OF_CONCERN], {"decision": "deferred"}, True),
        ([OF_CONCERN], {"override_reason": "Superficial needles only."}, True),
        ([{"code": "other", "answer": "yes"}, {"code": "other", "answer": "no"}], {}, False),
        ([], {}, True),
    ],
)
def test_an_answer_of_concern_needs_a_detail_or_another_decision(
    api: Api, answers: list[dict[str, Any]], more: dict[str, Any], *, signed: bool
) -> None:
    session = api.session()
    screen(api, session, *answers, **more)
    if not signed:
        assert faults(sign(api, session)) == {"/needlings": "screening_of_concern"}
        [override] = sign(api, session, "screening_of_concern").json()["overrides"]
        assert override["code"] == "screening_of_concern"
    else:
        assert sign(api, session).status_code == 200


def test_the_last_answer_to_each_question_counts(api: Api) -> None:
    settled = OF_CONCERN | {"answer": "no"}
    for first, last, signed in (
        (OF_CONCERN, settled, True),
        (OF_CONCERN, None, False),
        (settled, OF_CONCERN, False),
        (None, OF_CONCERN, False),
    ):
        session = api.session()
        for answer, minute in ((first, 10), (last, 20)):
            given = [answer] if answer else []
            screen(api, session, *given, decided_at=f"2026-11-01T09:{minute}:00-08:00")
        assert sign(api, session).is_success == signed


def test_a_visit_without_needles_needs_no_explanation(api: Api) -> None:
    session = api.session(needlings=[], needle_count=None)
    screen(api, session, OF_CONCERN)
    assert sign(api, session).status_code == 200


def test_a_clinic_says_which_answers_to_its_own_questions_are_of_concern(api: Api) -> None:
    fit = {"code": "own_fit", "name": "Fit to needle", "concern": ["no"]}
    api.create("/v1/contraindications", **fit)
    for answer, signed in (("yes", True), ("no", False)):
        session = api.session()
        screen(api, session, {"code": "Fit to needle", "answer": answer})
        assert sign(api, session).is_success == signed
