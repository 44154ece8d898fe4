"""The pages show everything that the request selects, as it was written, to every reader."""

import json
import subprocess
import sys
import unicodedata
from itertools import pairwise
from typing import Any

import pytest

from app.core.values.clock import now
from app.progress.rules.wording import MINUS
from app.settings import settings
from app.summaries import printing
from tests.ground import Api
from tests.summaries.charts import AT, changed, pdf, signed
from tests.summaries.reading import Element, Paper

pytestmark = pytest.mark.alike

HOSTILE = {
    "code": '#sys.inputs.given #read("/chart.typ") #panic("x")',
    "markup": "*b* _i_ `raw` $x^2$ @ref <label> = Heading\n== Another\n- item\n/ term: x // no",
    "import": '#import "@preview/x:0.1.0": *',
    "escapes": r"\ \n \u{41} \" '\'' {{ }} [ ] ~ -- --- ...",
    "json": '"}], "content": {"clinic": "x"}',
    "emoji": "😀 👍🏽 ☑ → ≥ 5 ● ◐ ½ №",
    "accents": "Ạnh Łukasz Žižek Σωκράτης Ёлка e\u0301",
    "punjabi": "ਗੁਰਪ੍ਰੀਤ",
    "arabic": "فاطمة",
    "hebrew": "שרה",
    "hindi": "प्रिया",
    "tamil": "தமிழ்",
    "gujarati": "ગુજરાતી",
    "bengali": "বাংলা",
    "thai": "สมชาย",
    "inuktitut": "ᐃᓄᒃᑎᑐᑦ",
}


def paper_of(api: Api, patient_id: str, **more: Any) -> Paper:
    return Paper(pdf(api, patient_id, **more))


def headings(paper: Paper) -> list[str]:
    return [kind for kind in paper.kinds() if kind[:2] == "/H" and kind[2:].isdigit()]


def whole(api: Api) -> dict[str, Any]:
    """Create a patient with one record of most kinds and an amended session; give their ids."""
    patient = api.patient(given_name="Ana", family_name="Núñez", birth_date="1988-04-12")
    episode = api.create(
        "/v1/episodes",
        patient_id=patient["id"],
        complaint="Left shoulder pain",
        diagnoses=[{"system": "icd-10", "code": "M75.1", "display": "Rotator cuff syndrome"}],
        goals=["Reach the top shelf"],
    )
    credential = {"kind": "gunn_ims", "body": "Example College", "number": "IMS-41"}
    practitioner = api.practitioner(
        identifiers=[{"system": "urn:example:college", "value": "70123"}],
        credentials=[{**credential, "valid_from": "2019-05-01"}],
    )
    body = {
        "patient_id": patient["id"],
        "episode_id": episode["id"],
        "practitioner_id": practitioner["id"],
        "measurements": [
            {"phase": "before", "instrument": "nprs", "value": 7},
            {"phase": "after", "instrument": "nprs", "value": 2},
        ],
        "findings": [{"sign": "taut_band", "segment": "C5", "side": "left", "grade": 2}],
        "note": "Depth as read.",
    }
    session = signed(api, **body)
    report = {"reported_at": "2026-11-02T10:00:00-08:00", "soreness": 4, "comment": "Better."}
    api.create(f"/v1/sessions/{session['id']}/follow-ups", **report)
    api.create(
        "/v1/adverse-events",
        patient_id=patient["id"],
        session_id=session["id"],
        kind="bruise",
        severity="mild",
        expected=True,
        causality="certain",
        occurred_at=AT,
        description="A bruise of two centimetres.",
    )
    amendment = {"kind": "correction", "reason": "Read from the wrong line."}
    amended = changed(api, session, "amend", **amendment, changes={"note": "Depth as on paper."})
    return {"patient": patient["id"], "body": body, "session": amended, "episode": episode["id"]}


def test_it_is_a_tagged_pdf_with_language_and_title(api: Api) -> None:
    paper = paper_of(api, whole(api)["patient"])
    with paper.pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"] == "Chart summary"
    assert paper.root.MarkInfo.Marked
    assert (str(paper.root.Lang), str(paper.pdf.docinfo.Title)) == ("en", "Chart summary")
    assert paper.root.ViewerPreferences.DisplayDocTitle
    labels: list[Any] = [*paper.root.PageLabels.Nums]
    assert [(n, label.St) for n, label in zip(labels[::2], labels[1::2], strict=True)] == [
        (n, n + 1) for n in range(len(paper.pdf.pages))
    ]


def test_its_tags_are_a_title_headings_in_order_tables_and_a_described_figure(api: Api) -> None:
    paper = paper_of(api, whole(api)["patient"])
    kinds = paper.kinds()
    assert kinds.count("/Title") == 1
    levels = [int(kind[2:]) for kind in headings(paper)]
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    tables = [element for element in paper.structure.every() if element.kind == "/Table"]
    assert len(tables) >= 5
    assert [table for table in tables if not has_header(table)] == []
    figures = [element.alt for element in paper.structure.every() if element.kind == "/Figure"]
    assert len(figures) == 2
    assert str(figures[0]).startswith("1 session, 2026-11-01.")


def has_header(table: Element) -> bool:
    rows = [row for part in table.inside for row in part.inside]
    heads = [cell.kind for cell in rows[0].inside]
    return set(heads) == {"/TH"} and all(len(row.inside) == len(heads) for row in rows)


def test_it_shows_everything_that_was_selected(api: Api) -> None:
    api.live_in("America/Vancouver")
    paper = paper_of(api, whole(api)["patient"])
    for text in (
        "Ana Núñez",
        "1988-04-12",
        "Left shoulder pain",
        "M75.1 (icd-10): Rotator cuff syndrome",
        "Reach the top shelf",
        f"2026-11-01 10:00 (UTC{MINUS}08:00) · attended · Gunn IMS",
        "before the needles: Numeric Pain Rating Scale: 7",
        "taut band C5 left: 2",
        "ache 6/10",
        "1 opened, 1 inserted, 1 removed, 1 disposed of",
        "24 h after: soreness 4/10; Better.",
        "A bruise of two centimetres.",
        "known after 1 of 1 visit with needles",
        "Gunn IMS: Example College IMS-41",
        "70123 (urn:example:college)",
        "not a medical device",
    ):
        assert paper.says(text), text


def test_it_says_changed_by_and_never_why(api: Api) -> None:
    chart = whole(api)
    later = {"occurred_at": "2026-11-08T10:00:00-08:00"}
    lower = {"measurements": [{"phase": "before", "instrument": "nprs", "value": 3}]}
    api.session(**(chart["body"] | later | lower))
    paper = paper_of(api, chart["patient"])
    assert paper.says("Changed by")
    assert paper.says(f"{MINUS}4 ({MINUS}57.1 %)")
    assert not paper.says("reduced")


def test_an_amendment_shows_what_changed_when_by_whom_and_why(api: Api) -> None:
    paper = paper_of(api, whole(api)["patient"])
    assert paper.says("Amended 20")
    assert paper.says(": correction")
    assert paper.says("Reason Read from the wrong line.")
    assert paper.says("By the client “test”")
    assert paper.says("note Depth as read. Depth as on paper.")


def test_a_draft_is_marked_as_a_draft(api: Api) -> None:
    session = api.session()
    assert paper_of(api, session["patient_id"]).says("DRAFT: nobody has signed it yet.")
    done = signed(api)
    assert not paper_of(api, done["patient_id"]).says("DRAFT")


def test_a_void_session_is_listed_with_its_reason_and_without_its_content(api: Api) -> None:
    session = signed(api, note="Somebody else's knee.")
    changed(api, session, "void", reason="Logged for the wrong patient.")
    paper = paper_of(api, session["patient_id"])
    assert paper.says("VOID: this session does not count.")
    assert paper.says("Reason Logged for the wrong patient.")
    assert not paper.says("Somebody else's knee.")
    assert not paper.says("Gunn IMS")
    assert not paper.says("ache 6/10")


def test_sessions_are_in_order_of_time(api: Api) -> None:
    patient = api.patient()["id"]
    for day in ("03", "01", "02"):
        api.session(patient_id=patient, occurred_at=f"2026-10-{day}T10:00:00Z")
    words = paper_of(api, patient).words()
    places = [words.index(f"2026-10-{day}10:00(UTC)·attended") for day in ("01", "02", "03")]
    assert places == sorted(places)


def test_a_period_or_an_episode_leaves_out_the_rest(api: Api) -> None:
    chart = whole(api)
    api.session(patient_id=chart["patient"], occurred_at="2026-09-01T10:00:00Z", note="Elsewhere.")
    assert paper_of(api, chart["patient"]).says("Elsewhere.")
    episode = paper_of(api, chart["patient"], episode_id=chart["episode"])
    period = paper_of(api, chart["patient"], **{"from": "2026-10-01T00:00:00Z", "to": AT})
    for paper in (episode, period):
        assert paper.says("Depth as on paper.")
        assert not paper.says("Elsewhere.")


def test_a_patient_without_a_session_gets_one_page(api: Api) -> None:
    paper = paper_of(api, api.patient()["id"])
    assert len(paper.pdf.pages) == 1
    assert paper.says("name unknown")
    assert "/Figure" not in paper.kinds()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_text_is_printed_as_it_was_written(api: Api, text: str) -> None:
    line = text.replace("\n", " ")
    patient = api.patient(given_name=line)["id"]
    api.create("/v1/episodes", patient_id=patient, complaint=text, goals=[line])
    session = signed(api, patient_id=patient, note=text, setting=line)
    amendment = {"kind": "addendum", "reason": text, "changes": {"plan": text}}
    changed(api, session, "amend", **amendment)
    paper = paper_of(api, patient, purpose=line, override_reason=text)
    composed = unicodedata.normalize("NFC", paper.words())
    expected = unicodedata.normalize("NFC", "".join(text.split()))
    assert composed.count(expected) >= 9
    assert headings(paper) == headings(paper_of(api, plain(api)))


def plain(api: Api) -> str:
    """The same chart with harmless texts; gives the patient's id."""
    patient = str(api.patient(given_name="x")["id"])
    api.create("/v1/episodes", patient_id=patient, complaint="x", goals=["x"])
    session = signed(api, patient_id=patient, note="x")
    changed(api, session, "amend", kind="addendum", reason="x", changes={"plan": "x"})
    return patient


def test_the_longest_texts_and_the_most_needlings_are_printed_whole(api: Api) -> None:
    long = " ".join(str(n) for n in range(1_000))[:4_000].rstrip()
    needling = {"muscle": "infraspinatus", "side": "left", "stopped_for": "x"}
    needlings = [needling | {"stopped_for": f"reason {n} of 60"} for n in range(60)]
    session = api.session(note=long, plan=long, needlings=needlings)
    paper = paper_of(api, session["patient_id"])
    assert paper.words().count("".join(long.split())) == 2
    assert [n for n in range(60) if not paper.says(f"stopped for: reason {n} of 60")] == []


def test_control_characters_are_printed_as_their_code_points(api: Api) -> None:
    session = api.session(note="a\u0007b\u000bc \u202egnp.exe\u202c \ue000\ufeff\r\nnext")
    paper = paper_of(api, session["patient_id"])
    assert paper.says("a[U+0007]b[U+000B]c [U+202E]gnp.exe[U+202C] [U+E000][U+FEFF] next")


def test_right_to_left_text_does_not_reorder_the_text_around_it(api: Api) -> None:
    patient = api.patient(given_name="שרה", birth_date="1988-04-12")
    paper = paper_of(api, patient["id"])
    assert paper.page(0).startswith("שרה·born1988-04-12")


def test_the_same_content_at_the_same_instant_gives_the_same_file() -> None:
    at = now()
    content = json.dumps(CONTENT).encode()
    first, again = (printing.pdf(content, "0" * 64, at) for _ in range(2))
    assert first == again
    assert printing.pdf(content, "1" * 64, at) != first


LISTS = ("about", "heed", "consents", "episodes", "measured", "events", "condensed", "brief")
CONTENT: dict[str, Any] = dict.fromkeys((*LISTS, "sessions", "practitioners"), ()) | {
    "clinic": "x",
    "created": "x",
    "patient": {"line": "x", "facts": []},
    "progress": {"facts": [], "flags": [], "measures": [], "muscles": [], "picture": ""},
    "body": {"picture": ""},
    "notice": ["x"],
    "system": "x",
}


def test_an_operator_chooses_the_paper_size(monkeypatch: pytest.MonkeyPatch) -> None:
    content, wide = json.dumps(CONTENT).encode(), {}
    for paper in ("us-letter", "a4"):
        monkeypatch.setattr(settings(), "paper", paper)
        printed = Paper(printing.pdf(content, "0" * 64, now()))
        wide[paper] = round(float(printed.pdf.pages[0].MediaBox[2]))
    assert wide == {"us-letter": 612, "a4": 595}


def test_the_press_reads_nothing_but_its_own_folder() -> None:
    """If a text of a record ever ran as code, it could read nothing of value."""
    script = (
        "import typst, pathlib, sys; press = pathlib.Path(sys.argv[1]); "
        "typst.compile(sys.argv[2].encode(), root=press.with_name('paper'))"
    )
    for code in ('#read("/../press.py")', '#read("/etc/passwd")', '#import "@preview/x:0.1.0": y'):
        command = [sys.executable, "-I", "-c", script, str(printing.PRESS), code]
        ran = subprocess.run(command, capture_output=True, check=False, timeout=30)
        assert ran.returncode != 0
        assert b"TypstError" in ran.stderr


@pytest.mark.parametrize("activity", ["الوصول إلى الرف", "ਉੱਪਰ ਪਹੁੰਚਣਾ", "reach 😀", "q\u0323"])
def test_the_picture_refers_to_the_table_for_an_activity_whose_letters_change_shape(
    api: Api, activity: str
) -> None:
    measured = [{"phase": "before", "instrument": "psfs", "activity": activity, "value": 3}]
    session = api.session(measurements=measured)
    paper = paper_of(api, session["patient_id"])
    figure, *_ = [element for element in paper.structure.every() if element.kind == "/Figure"]
    assert figure.alt is not None
    assert "activity of row 1 of the table" in figure.alt


def test_a_word_longer_than_a_line_continues_on_the_next_line(api: Api) -> None:
    session = api.session(note=f"START{'x' * 400}END")
    paper = paper_of(api, session["patient_id"])
    assert f"START{'x' * 400}END" in paper.words().replace("\u200b", "")


@pytest.mark.parametrize("name", ["given_name", "family_name"])
def test_a_practitioner_with_one_name_is_named_by_it(api: Api, name: str) -> None:
    treated_by = api.create("/v1/practitioners", **{name: "Suharto"})["id"]
    session = signed(api, practitioner_id=treated_by)
    paper = paper_of(api, session["patient_id"])
    assert paper.says("Suharto")
    assert not paper.says("None Suharto")
    assert not paper.says("Suharto None")


def test_what_was_overridden_and_what_contradicts_is_printed_with_its_needling(api: Api) -> None:
    needle = {"diameter_mm": 0.3, "length_mm": 40}
    deep = {"muscle": "infraspinatus", "side": "left", "needle": needle, "depth_mm": 41}
    fine = deep | {"depth_mm": 40}
    reason = "The skin was compressed."
    patient = str(api.patient()["id"])
    refusal = {"kind": "needling", "decision": "refused", "form": "verbal", "given_by": "x"}
    consent = {"obtained_by": "x", "obtained_at": "2026-01-01T00:00:00Z", **refusal}
    api.create("/v1/consents", patient_id=patient, **consent)
    count = dict.fromkeys(("opened", "inserted", "removed", "disposed"), 2)
    session = api.session(
        patient_id=patient, technique="gunn_ims", needlings=[fine, deep], needle_count=count
    )
    codes = ("deeper_than_needle", "consent_refused")
    overrides = [{"code": code, "reason": reason} for code in codes]
    path, held = f"/v1/sessions/{session['id']}/sign", {"If-Match": '"1"'}
    assert api.post(path, {"overrides": overrides}, headers=held).is_success
    paper = paper_of(api, patient)
    assert paper.says(f"the depth exceeds the needle's length (needling 2): {reason}")
    assert paper.says(f"consent was refused: {reason}")


def alarmed(api: Api, patient_id: str, day: str) -> str:
    """An alert about a report on a session of that day; gives its path."""
    session = api.session(patient_id=patient_id, occurred_at=f"2026-10-{day}T10:00:00Z")
    report = {"reported_at": f"2026-10-{day}T20:00:00Z", "soreness": 4, "red_flags": ["fainting"]}
    api.create(f"/v1/sessions/{session['id']}/follow-ups", **report)
    return f"/v1/alerts/{api.get('/v1/alerts').json()['items'][0]['id']}"


def test_alerts_are_printed_with_who_acknowledged_them_when_what_was_done_and_every_note(
    api: Api,
) -> None:
    patient = str(api.patient()["id"])
    first = alarmed(api, patient, "03")
    assert paper_of(api, patient).says("Open alerts fainting, raised")
    api.post(f"{first}/acknowledge", {"action": "seen", "note": "Feels well."})
    api.post(f"{first}/notes", {"note": "Called again."})
    paper = paper_of(api, patient)
    assert not paper.says("Open alerts")
    assert paper.says("Acknowledged alerts fainting, raised")
    assert paper.says("by the client “test”: the patient was seen. Feels well.")
    assert paper.says("the client “test”: Called again.")
    later = {"from": "2026-10-04T00:00:00Z"}
    assert not paper_of(api, patient, **later).says("Acknowledged alerts")


def test_refused_and_withdrawn_consents_are_printed_first(api: Api) -> None:
    patient = str(api.patient()["id"])
    consent = {"patient_id": patient, "form": "verbal", "given_by": "x", "obtained_by": "x"}
    given = {"kind": "needling", "decision": "given", "risks_disclosed": ["soreness"]}
    api.create("/v1/consents", **consent, **given, obtained_at="2026-01-01T00:00:00Z")
    assert not paper_of(api, patient).says("Consent refused or withdrawn")
    refused = {"kind": "needling", "decision": "refused", "obtained_at": "2026-02-01T00:00:00Z"}
    api.create("/v1/consents", **consent, **refused)
    paper = paper_of(api, patient)
    assert paper.says("Consent refused or withdrawn Consent to needling: refused, 2026-02-01")
    assert paper.words().index("Consenttoneedling:refused") < paper.words().index("Recipient")
