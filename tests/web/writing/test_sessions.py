"""Sessions are logged, repeated, signed, amended and voided in the console."""

from typing import Any

import pytest
from fastapi import FastAPI

from app.core.values.access import Scope
from app.web.console.writing.muscles import meant
from tests.accounts.people import joined
from tests.ground import Api, Clinic
from tests.web.console import Desk, rows, words
from tests.web.writing.logged import VISIT, log, new, only, page, read, row
from tests.web.writing.sent import again, form_on, opened, send

COUNT = {f"needle_count__{name}": "1" for name in ("opened", "inserted", "removed", "disposed")}
FELT = {
    "ache": "6",
    "release": "complete",
    "release_after_s": "40",
    "twitches": "3",
    "grasp": "strong",
}


def test_a_session_is_logged_with_the_words_that_people_type(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    typed = row(0, muscle="infra R", needle__diameter_mm="0,30", needle__length_mm="40", **FELT)
    typed |= row(5, muscle="Multifidus cervicis", side="left", spinal_level="C5", depth_mm="30")
    measures = {"measurements__1__phase": "before", "measurements__1__instrument": "nprs"}
    answer = log(desk, who, **typed, **measures, measurements__1__value="7", plan="Again.")
    assert answer.status_code == 303, answer.text
    session = only(api)
    assert answer.headers["location"] == page(session, "sign") + "?said=draft"
    assert session["occurred_at"] == "2026-11-01T10:00:00-08:00"
    assert session["status"] == "draft"
    first, second = session["needlings"]
    assert (first["muscle"], first["side"]) == ("infraspinatus", "right")
    assert first["needle"] == {"diameter_mm": 0.3, "length_mm": 40, "lot": None}
    assert (first["ache"], first["twitches"], first["depth_mm"]) == (6, 3, None)
    assert (second["spinal_level"], second["depth_mm"], second["ache"]) == ("C5", 30, None)
    assert [one["value"] for one in session["measurements"]] == [7]
    assert session["needle_count"] is None


def test_a_fault_stands_at_the_row_in_which_it_was_typed(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    typed = row(3, muscle="infraspinatos", side="left", ache="11") | row(7, ache="six")
    answer = log(desk, who, **typed, note="Kept.")
    assert answer.status_code == 422
    form = form_on(answer.text, new(who))
    assert form.wrong == {
        *("needlings.3.muscle", "needlings.3.ache", "needlings.7.muscle"),
        *("needlings.7.side", "needlings.7.ache"),
    }
    assert form.values["needlings.7.ache"] == "six"
    assert form.values["note"] == "Kept."
    assert "Which one is it? Infraspinatus" in words(answer.text)
    assert api.get("/v1/sessions").json()["items"] == []


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("infra R", ("infraspinatus", "right")),
        ("l. infraspinatus", ("infraspinatus", "left")),
        ("Infraspinatus", ("infraspinatus", None)),
        ("glut med L", ("gluteus_medius", "left")),
        ("R", ("R", None)),
        ("nothing of that name R", ("nothing of that name", "right")),
    ],
)
def test_a_muscle_is_found_by_what_is_typed_and_never_guessed(
    typed: str, found: tuple[str, str | None]
) -> None:
    assert meant(typed) == found


def test_a_stored_draft_that_is_sent_back_unchanged_stays_as_it_is(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    needling = {"muscle": "infraspinatus", "side": "left", "sensations": ["pressure", "cramp"]}
    psfs = {"phase": "before", "instrument": "psfs", "activity": "reach", "value": 2.5}
    finding = {"sign": "taut_band", "segment": "C5", "side": "left", "grade": 2}
    session = api.session(
        **who,
        occurred_at="2026-11-01T10:00:30-07:00",
        needlings=[needling] * 13,
        measurements=[psfs],
        findings=[finding],
        needle_count=dict.fromkeys(("opened", "inserted", "removed", "disposed"), 13),
    )
    assert send(desk, page(session, "edit")).status_code == 303
    assert read(api, session) == session
    assert send(desk, page(session, "edit"), **row(0, drop="yes"), plan="More").status_code == 303
    after = read(api, session)
    assert after["needlings"] == session["needlings"][1:]
    kept = ("occurred_at", "findings", "measurements", "needle_count")
    assert {name: after[name] for name in kept} == {name: session[name] for name in kept}


def test_repeat_last_copies_what_was_done_and_never_what_was_felt(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    needling = {"muscle": "multifidus_cervicis", "side": "left", "spinal_level": "C5"}
    needle = {"diameter_mm": 0.3, "length_mm": 40, "lot": "L1"}
    felt = {"ache": 6, "twitches": 3, "release": "partial", "grasp": "mild", "depth_mm": 20}
    count = dict.fromkeys(("opened", "inserted", "removed", "disposed"), 1)
    last = api.session(
        **who,
        needlings=[{**needling, "needle": needle, "insertions": 4, **felt}],
        needle_count={**count, "disposed": 0, "mismatch_reason": "One is lost."},
        note="It hurt.",
        plan="More.",
    )
    api.change(
        last,
        "/v1/sessions",
        needlings=[{**needling, "side": "right", "needle": needle, "insertions": 4, **felt}],
    )
    later = api.session(**who, occurred_at="2026-11-02T10:00:00-08:00")
    held = {"If-Match": '"1"'}
    api.post(f"/v1/sessions/{later['id']}/void", {"reason": "Wrong."}, headers=held)
    form = opened(desk, new(who, "repeat"))
    copied = {
        name: value
        for name, value in form.items()
        if value and name.split(".")[0] in {"needlings", "needle_count", "note", "plan"}
    }
    assert form["technique"] == last["technique"]
    assert form["every_needle.diameter_mm"] == "0.3"
    assert form["every_needle.length_mm"] == "40"
    assert copied == {
        "needlings.0.muscle": "Multifidus, cervical part",
        "needlings.0.side": "right",
        "needlings.0.spinal_level": "C5",
    }
    typed = VISIT | {"practitioner_id": who["practitioner_id"], "occurred_at": "2026-11-03T09:00"}
    answer = again(desk, new(who, "repeat"), form, **typed)
    assert answer.status_code == 303, answer.text
    made = api.get("/v1/sessions").json()["items"][0]
    [one] = made["needlings"]
    assert (one["muscle"], one["side"], one["spinal_level"]) == (
        *("multifidus_cervicis", "right", "C5"),
    )
    assert one["needle"] == {"diameter_mm": 0.3, "length_mm": 40, "lot": None}
    for name in ("ache", "twitches", "release", "grasp", "depth_mm", "retention_s"):
        assert one[name] is None, name
    assert (made["note"], made["plan"], made["needle_count"]) == ("", "", None)


def test_a_draft_is_signed_with_a_reason_for_each_rule_that_is_overridden(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    deep = {"muscle": "infraspinatus", "side": "left", "depth_mm": 60, "needle": {"length_mm": 40}}
    session = api.session(**who, needlings=[deep], needle_count=None)
    here = page(session, "sign")
    shown = desk.get(here)
    assert "Infraspinatus left: The depth is larger" in words(shown.text)
    refused = send(desk, here, overrides__0__reason="Nobody counted.")
    assert refused.status_code == 422
    form = form_on(refused.text, here)
    assert form.wrong == {"overrides.1.reason"}
    told = words(refused.text)
    assert told.startswith("Not signed: Sign the session")
    assert told.index("It is not signed.") < told.index("The session as it is stored")
    assert told.count("The depth is larger than the length of the needle") == 2, "summary, field"
    assert f'href="{page(session, "edit")}#needlings.0.depth_mm"' in refused.text
    assert form.values["overrides.0.reason"] == "Nobody counted."
    done = again(desk, here, form.values, overrides__1__reason="The skin was compressed.")
    assert done.status_code == 303, done.text
    stored = read(api, session)
    assert stored["status"] == "signed"
    assert {one["code"]: one["reason"] for one in stored["overrides"]} == {
        "needle_count_missing": "Nobody counted.",
        "deeper_than_needle": "The skin was compressed.",
    }


def test_what_nobody_may_override_is_said_and_refuses_the_signature(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    session = api.session(**who, technique=None)
    here = page(session, "sign")
    for told in (words(desk.get(here).text), words((refused := send(desk, here)).text)):
        assert told.count("A signed session needs a technique.") == 1
        assert told.index("A signed session") < told.index("The session as it is stored")
    assert refused.status_code == 422
    assert f'href="{page(session, "edit")}#technique"' in refused.text
    assert read(api, session)["status"] == "draft"


def test_what_a_screening_or_a_consent_says_against_a_signature_is_in_words_and_mended_there(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    at = "2026-11-01T10:00:00-07:00"
    current = {"stimulation": "electrical", "electrical": {"hz": 2, "ma": 1}}
    needling = {"muscle": "infraspinatus", "side": "left", **current}
    session = api.session(**who, occurred_at=at, needlings=[needling], needle_count=None)
    answers = [{"code": "reduced_sensation", "answer": "yes"}]
    decided = {"decision": "proceed", "decided_by": "Dana", "decided_at": at}
    screening = api.create(
        "/v1/screenings", session_id=session["id"], rule_set="A", answers=answers, **decided
    )
    refused = {"kind": "electrical", "decision": "refused", "form": "verbal", "given_by": "Ana"}
    about = {"patient_id": who["patient_id"], "obtained_by": "Dana", "obtained_at": at}
    api.create("/v1/consents", **about, **refused)
    shown = desk.get(page(session, "sign")).text
    told = words(shown)
    assert "answers of concern have no detail: Reduced sensation" in told
    assert "The patient had refused: electrical stimulation" in told
    assert "reduced_sensation" not in told
    assert f'href="/console/screenings/{screening["id"]}/edit"' in shown
    assert f'href="/console/patients/{who["patient_id"]}/consents/new"' in shown


def test_a_session_that_is_signed_already_leads_back_to_it(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    here = f"/console/sessions/{signed(api, who)['id']}"
    answer = desk.get(f"{here}/sign")
    assert answer.status_code == 409
    assert f'href="{here}"' in answer.text


def signed(api: Api, who: dict[str, str], **more: Any) -> dict[str, Any]:
    session = api.session(**who, **more)
    held = {"If-Match": '"1"'}
    answer = api.post(f"/v1/sessions/{session['id']}/sign", {}, headers=held)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_signed_session_is_amended_with_a_reason(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    session = signed(api, who)
    here = page(session, "amend")
    bare = send(desk, here, note="More.")
    assert form_on(bare.text, here).wrong == {"reason", "kind"}
    why = {"reason": "Read from the wrong line.", "kind": "correction"}
    nothing = send(desk, here, **why)
    assert nothing.status_code == 422
    assert "leave the session as it is" in words(nothing.text)
    deep = row(0, depth_mm="60", needle__length_mm="40")
    refused = send(desk, here, **why, **deep)
    assert refused.status_code == 422
    form = form_on(refused.text, here)
    assert form.wrong == {"overrides.0.reason"}
    done = again(desk, here, form.values, overrides__0__reason="The skin was compressed.")
    assert done.status_code == 303, done.text
    stored = read(api, session)
    assert (stored["needlings"][0]["depth_mm"], stored["version"]) == (60, 3)
    assert stored["needlings"][0]["ache"] == session["needlings"][0]["ache"]
    [*_, last] = api.get(f"/v1/sessions/{session['id']}/versions").json()["items"]
    assert last["reason"] == "correction: Read from the wrong line."
    assert last["actor"] == f"client:{desk.client_id}"


def test_a_session_is_voided_with_a_reason(desk: Desk, api: Api, who: dict[str, str]) -> None:
    session = signed(api, who)
    here = page(session, "void")
    assert form_on(send(desk, here).text, here).wrong == {"reason"}
    assert send(desk, here, reason="Another patient's.").status_code == 303
    assert read(api, session)["status"] == "void"
    assert desk.get(page(session, "sign")).status_code == 409


def test_a_draft_that_somebody_changed_is_shown_beside_what_was_typed(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    session = api.session(**who, plan="Weekly.")
    values = opened(desk, page(session, "edit"))
    api.change(session, "/v1/sessions", plan="Twice a week.")
    answer = again(desk, page(session, "edit"), values, plan="Monthly.")
    assert answer.status_code == 412
    assert rows(answer.text, "data-differing") == [["Plan", "Monthly.", "Twice a week."]]


def test_each_form_needs_its_rights(
    app: FastAPI, clinic: Clinic, api: Api, who: dict[str, str]
) -> None:
    session = api.session(**who)
    desk = Desk(app).let_in(clinic, set(Scope) - {Scope.SESSIONS_WRITE, Scope.SESSIONS_SIGN})
    for path in (new(who), new(who, "repeat"), *(page(session, a) for a in ("edit", "sign"))):
        assert desk.get(path).status_code == 403, path


def test_a_session_of_another_practitioner_is_theirs_to_sign(
    app: FastAPI, api: Api, who: dict[str, str], clinic: Clinic
) -> None:
    session = api.session(**who)
    other = api.practitioner(given_name="Other")["id"]
    person = joined(app, clinic, api, role="practitioner", practitioner_id=other)
    here = page(session, "sign")
    assert send(person.desk, here).status_code == 403
    assert read(api, session)["status"] == "draft"
