"""What a patient's link shows and takes, without a browser."""

import re
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select, text

from app.asks.models import AskLink
from app.core.values.clock import uuid7
from tests.asks.asked import consent
from tests.web.patient.conftest import Link

EMERGENCY = "Call the emergency number"


def stored(link: Link) -> dict[str, list[Any]]:
    """Every row that a link could change."""
    with link.clinic.database.reading(link.clinic.id) as db:
        tables = ("ask_links", "ask_answers", "asks", "follow_ups", "ledger_entries", "consents")
        return {
            name: sorted(map(str, db.execute(text(f"SELECT * FROM {name}")).all()))  # noqa: S608 - our own names
            for name in tables
        }


def test_opening_a_link_a_hundred_times_changes_nothing(link: Link) -> None:
    before = stored(link)
    for path in (link.path, f"{link.path}/stop", f"{link.path}.json"):
        for method in ("GET", "HEAD"):
            for _ in range(50):
                assert link.wire.request(method, path).status_code == 200
    assert stored(link) == before
    assert link.ask()["status"] == "due"
    assert "<form" in link.open().text


def test_a_head_has_the_headers_of_a_get_and_no_body(link: Link) -> None:
    head, get = link.wire.head(link.path), link.open()
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-security-policy"] == get.headers["content-security-policy"]


def test_four_fields_are_a_whole_answer_and_settle_the_ask(link: Link) -> None:
    answer = link.send()
    assert answer.status_code == 200
    assert "Your answer has arrived" in answer.text
    [report] = link.reports()
    assert (report["soreness"], report["change"], report["red_flags"]) == (4, "better", [])
    assert (report["source"], report["language"], report["reported_by"]) == (
        "patient_link",
        "en",
        None,
    )
    assert report["hours_after"] == pytest.approx(24.75)
    assert link.ask()["status"] == "answered"
    assert link.ask()["answered_by"] == report["id"]


def test_every_field_is_stored_as_it_was_answered(link: Link) -> None:
    comment = "Seit gestern\r\nbesser. ਸਤ ਸ੍ਰੀ ਅਕਾਲ"
    link.send(soreness="0", bruising="no", reported_by="for_patient", comment=comment, change=None)
    [report] = link.reports()
    assert (report["soreness"], report["bruising"], report["change"]) == (0, False, None)
    assert report["reported_by"] == "for_patient"
    assert report["comment"] == comment.replace("\r\n", "\n")


def test_a_red_flag_is_answered_with_both_numbers_and_raises_one_alert(link: Link) -> None:
    answer = link.send(none_of_these=None, red_flags=["chest_pain", "fainting"])
    assert answer.status_code == 200
    assert "What you ticked can be dangerous" in answer.text
    assert 'href="tel:911"' in answer.text
    assert 'href="tel:6045550100"' in answer.text
    [alert] = link.alerts()
    assert set(alert["reasons"]) == {"chest_pain", "fainting"}
    assert alert["source"]["id"] == link.reports()[0]["id"]


def test_the_same_form_sent_at_once_is_one_report_and_one_alert(link: Link) -> None:
    form = {"submission": str(uuid7()), "none_of_these": None, "red_flags": "dry_cough"}
    with ThreadPoolExecutor(2) as pool:
        answers = [*pool.map(lambda _: link.send(**form), range(4))]
    assert {answer.status_code for answer in answers} == {200}
    assert all("can be dangerous" in answer.text for answer in answers)
    assert len(link.reports()) == len(link.alerts()) == 1


def test_the_same_form_with_another_answer_is_a_second_report_beside_the_first(link: Link) -> None:
    submission = str(uuid7())
    for soreness in ("4", "6", "4"):
        assert link.send(submission=submission, soreness=soreness).status_code == 200
    assert sorted(report["soreness"] for report in link.reports()) == [4, 6]


def test_who_has_answered_is_thanked_and_may_answer_five_times(link: Link) -> None:
    for soreness in range(5):
        assert "Send another answer" in link.open().text or soreness == 0
        assert link.send(soreness=str(soreness)).status_code == 200
    shown = link.open()
    assert "<form" not in shown.text
    assert "takes no more answers" in shown.text
    sixth = link.send(soreness="9")
    assert sixth.status_code == 409
    assert EMERGENCY in sixth.text
    assert len(link.reports()) == 5


def test_who_has_answered_never_reads_their_answer_nor_that_the_link_expired(link: Link) -> None:
    link.send(comment="a private word", soreness="7")
    for query in ("", "?another=1"):
        shown = link.open(query).text
        assert "a private word" not in shown
        assert '" checked' not in shown
    link.wait(days=15)
    assert "expired" not in link.open().text
    assert link.open().status_code != 410


def test_a_fault_keeps_everything_and_points_at_the_field(link: Link) -> None:
    link.set_up(languages=["fr"])
    words = "ਮੇਰਾ ਮੋਢਾ " * 45
    answer = link.send(language="fr", soreness="5", none_of_these=None, comment=words)
    assert answer.status_code == 422
    assert '<html lang="fr"' in answer.text
    assert "cochez « Rien de tout cela »" in answer.text
    assert re.search(r'name="soreness" value="5" checked', answer.text)
    assert re.search(r'name="change" value="better" checked', answer.text)
    assert words.strip() in answer.text
    assert re.search(r'name="red_flags" value="breathlessness" autofocus', answer.text)
    assert link.reports() == []


def test_an_untouched_scale_is_a_fault_and_no_radio_is_chosen_beforehand(link: Link) -> None:
    assert '" checked' not in link.open().text
    answer = link.send(soreness=None)
    assert answer.status_code == 422
    assert "Choose a number" in answer.text


def test_none_of_these_beside_one_of_them_is_a_fault(link: Link) -> None:
    answer = link.send(red_flags="fainting")
    assert answer.status_code == 422
    assert "Tick only what is true" in answer.text
    assert "can be dangerous" not in answer.text.split("<form")[0] or EMERGENCY in answer.text
    assert link.reports() == []


def test_a_text_that_is_too_long_is_a_fault_and_is_not_cut(link: Link) -> None:
    answer = link.send(comment="x" * 4001)
    assert answer.status_code == 422
    assert "x" * 4001 in answer.text
    assert link.send(comment="x" * 4000).status_code == 200


@pytest.mark.parametrize(
    "form",
    [
        {"soreness": "11"},
        {"soreness": "-1"},
        {"soreness": "4.0"},
        {"soreness": "\u06f4"},
        {"change": "fine"},
        {"bruising": "perhaps"},
        {"none_of_these": "1"},
        {"none_of_these": None, "red_flags": "cough"},
        {"none_of_these": None, "red_flags": ["fainting", "fainting"]},
        {"reported_by": "me"},
        {"submission": "1"},
        {"submission": None},
        {"comment": "a\0b"},
    ],
)
def test_what_the_page_does_not_send_is_a_fault_and_no_report(
    link: Link, form: dict[str, Any]
) -> None:
    answer = link.send(**form)
    assert answer.status_code == 422
    assert "<form" in answer.text
    assert link.reports() == []


@pytest.mark.parametrize("raw", [b"\xff=1", b"soreness=4&soreness=5", b"other=1", b"a=1&" * 30])
def test_a_body_that_is_not_the_form_gets_a_page_that_helps(link: Link, raw: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = link.wire.post(link.path, content=raw, headers=headers)
    assert answer.status_code == 400
    assert "could not be read" in answer.text
    assert "emergency" in answer.text


def test_no_page_names_the_clinic_or_the_patient(link: Link) -> None:
    path = f"/v1/patients/{link.session['patient_id']}"
    patient = link.api.get(path).json()
    link.api.change(patient, "/v1/patients", given_name="Amelie", family_name="Testfrau")
    pages = [link.open().text, link.wire.get(f"{link.path}/stop").text, link.send().text]
    pages += [link.open().text, link.wire.get(f"{link.path}.json").text]
    for shown in pages:
        assert not re.search("Amelie|Testfrau|Test clinic", shown)
        assert link.session["patient_id"] not in shown
        assert link.session["id"] not in shown


def test_an_address_that_serves_two_patients_gets_an_initial(link: Link) -> None:
    path = f"/v1/patients/{link.session['patient_id']}"
    link.api.change(link.api.get(path).json(), "/v1/patients", given_name="Amelie")
    assert "begins with" not in link.open().text
    other_id = link.api.patient()["id"]
    consent(link.api, other_id)
    assert "begins with A." in link.open().text
    [other] = link.api.get(f"/v1/consents?patient_id={other_id}").json()["items"]
    withdrawn = {"decision": "withdrawn", "withdrawn_at": "2026-11-20T11:00:00-08:00"}
    link.api.change(other, "/v1/consents", **withdrawn)
    assert "begins with A." in link.open().text  # the message that says so is still out


def test_the_visit_is_named_by_its_day_and_time_in_the_clinics_zone(link: Link) -> None:
    assert "Your visit: Friday, November 20, 2026, 10:00" in link.open().text


def test_languages_are_those_that_the_clinic_offers_and_english_stands_beside_unread_danger(
    link: Link,
) -> None:
    assert "Langues" not in link.open("?language=fr").text
    assert "hreflang" not in link.open().text
    link.set_up(languages=["fr", "fa"])
    french = link.open("?language=fr").text
    assert "Comment allez-vous" in french
    assert "Du mal à respirer" in french
    assert '<span class="en" lang="en" dir="ltr">Shortness of breath</span>' in french
    assert 'dir="rtl"' in link.open("?language=fa").text
    assert 'class="en"' not in link.open("?language=en").text


def test_the_page_speaks_the_patients_language_if_it_is_offered(link: Link) -> None:
    link.set_up(languages=["fr"])
    path = f"/v1/patients/{link.session['patient_id']}"
    link.api.change(link.api.get(path).json(), "/v1/patients", language="fr-CA")
    assert '<html lang="fr"' in link.open().text
    link.send(language="fr")
    assert link.reports()[0]["language"] == "fr"


def test_pages_set_no_cookie_are_not_kept_and_run_nothing(link: Link) -> None:
    shown = link.open()
    assert "set-cookie" not in shown.headers
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["referrer-policy"] == "no-referrer"
    policy = shown.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    [css] = re.findall("<style>(.*?)</style>", shown.text, re.DOTALL)
    assert sha256(css.encode()).digest()
    assert "<script" not in shown.text
    assert not re.search(r'(src|href)="(?!tel:|\?|/r/)', shown.text)


def test_a_page_is_small_in_every_language(link: Link) -> None:
    link.set_up(languages=["fr", "fa"])
    for language in ("en", "fr", "fa"):
        shown = link.send(language=language, soreness=None, none_of_these=None)
        assert len(shown.content) < 20_000
        assert len(link.open(f"?language={language}").content) < 20_000


def test_a_token_is_stored_only_as_its_digest_and_stands_in_no_entry(link: Link) -> None:
    link.send(none_of_these=None, red_flags="fainting")
    link.wire.post(f"{link.path}/stop")
    with link.clinic.database.reading(link.clinic.id) as db:
        digest = sha256(link.token.encode()).digest()
        mine = select(AskLink.digest).where(AskLink.clinic_id == link.clinic.id)
        assert db.execute(mine).scalars().all() == [digest]
    assert link.token not in str(stored(link))
