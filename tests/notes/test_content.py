"""A note says all that was recorded, each value within its needling, and nothing that wasn't."""

import re

import pytest

from app.notes.rules.needlings import TIMES
from tests.causes import causal_words
from tests.ground import Api
from tests.notes.visits import NEEDLINGS, appointment, beside, note, section, session

pytestmark = pytest.mark.alike

NEEDLED = [
    (
        "L infraspinatus: 4 insertions, 0.30 x 40 mm, 25 mm deep; strong grasp, 3 twitches;"
        " deep ache 6/10, complete release after 40 s"
    ),
    (
        "R multifidus, cervical part, C5: 5 insertions of 2 needles, 0.25 x 13.5 mm, lot L2604-B,"
        " 14 mm deep, electrical stimulation 2.5 Hz, 1.25 mA, left in for 610 s,"
        " stopped for: a sneeze; mild grasp, 1 twitch; deep ache 7/10, sharp pain 8/10,"
        " partial release after 95 s, sensations (referred sensation, warmth),"
        " partly the familiar pain"
    ),
    (
        "midline soleus: 1 insertion, no stimulation, left in for 0 s; no grasp, 0 twitches;"
        " deep ache 0/10, sharp pain 0/10, no release, sensations (nothing felt),"
        " not the familiar pain"
    ),
    "R iliacus: 1 insertion",
]
NEEDLED_IN_FRENCH = [
    (
        "G infra-épineux : 4 insertions, 0,30 x 40 mm, profondeur 25 mm; préhension forte,"
        " 3 secousses; douleur profonde 6/10, relâchement complet après 40 s"
    ),
    (
        "D multifide, partie cervicale, C5 : 5 insertions avec 2 aiguilles, 0,25 x 13,5 mm,"
        " lot L2604-B, profondeur 14 mm, stimulation électrique 2,5 Hz, 1,25 mA, laissée 610 s,"
        " arrêté pour : a sneeze; préhension légère, 1 secousse; douleur profonde 7/10,"
        " douleur vive 8/10, relâchement partiel après 95 s,"
        " sensations (sensation référée, chaleur), en partie la douleur habituelle"
    ),
    (
        "médian soléaire : 1 insertion, sans stimulation, laissée 0 s; aucune préhension,"
        " 0 secousse; douleur profonde 0/10, douleur vive 0/10, aucun relâchement,"
        " sensations (rien ressenti), pas la douleur habituelle"
    ),
    "D iliaque : 1 insertion",
]


def with_signs(lines: list[str]) -> list[str]:
    """Return lines with the sign of multiplication between diameter and length."""
    return [line.replace(" x ", f" {TIMES} ") for line in lines]


def test_each_value_stands_within_its_needling_with_its_unit_and_side(api: Api) -> None:
    made = session(api)
    *needled, legend = section(note(api, made), "Needling")
    assert needled == with_signs(NEEDLED)
    assert legend.startswith("One needle, where no other number stands.")


def test_a_french_note_has_french_abbreviations_and_a_decimal_comma(api: Api) -> None:
    made = session(api)
    said = note(api, made, "?language=fr").replace("\u00a0", " ")
    assert section(said, "Puncture")[:-1] == with_signs(NEEDLED_IN_FRENCH)
    assert section(said, "Mesuré avant les aiguilles") == [
        "EN (douleur) : 7/10; rapporté par le patient",
        "GROC : -3 (-7 à 7); rapporté par le praticien",
    ]
    assert said.endswith("Aucun clinicien n\u2019a encore relu cette traduction.\n")


def test_values_and_findings_stand_with_their_scale_unit_and_reporter(api: Api) -> None:
    said = note(api, session(api))
    assert section(said, "Measured before the needles") == [
        "NPRS (pain): 7/10; reported by the patient",
        "GROC: -3 (-7 to 7); reported by the practitioner",
    ]
    assert section(said, "Measured after the needles") == [
        "active ROM, Cervical rotation, L: 46.5°; reported by the practitioner",
        (
            "pressure pain threshold, R trapezius, upper (descending) part: 3.25 kgf/cm2;"
            " reported by the patient"
        ),
        "PSFS, activity overhead reach: 2/10; reported by the patient",
        "PSFS: 3.625/10; answers: 3 | 4.25; reported by the patient",
    ]
    assert section(said, "Findings by segment") == [
        "L C6, taut band: 2/3",
        "R T1, coldness: 0/3",
        "midline L3, sweating: not examined",
    ]


def test_the_rest_of_the_session_stands_in_sections_of_its_own(api: Api) -> None:
    said = note(api, session(api))
    assert section(said, "Needle count") == [
        (
            "15 opened, 12 inserted, 11 removed, 13 disposed of;"
            " reason for the difference: One was dropped."
        )
    ]
    assert section(said, "Also done") == ["Stretching", "Heat"]
    assert section(said, "Aftercare") == ["Soreness explained"]
    assert section(said, "Note") == ["First line.", "  Second line."]
    assert section(said, "Plan") == ["Again in a week."]


def test_the_head_says_who_when_and_how(api: Api) -> None:
    made = session(api)
    said = note(api, made)
    for line in (
        "Session of 2026-11-20 10:00",
        "Draft, not signed",
        "Clinic: Test clinic",
        "Patient: Ana Núñez; born 1931-02-28; C-17 (chart)",
        (
            "Practitioner: Dana Demo; P-3 (college);"
            " Gunn IMS, Institute G-9 (from 2019-05-01 to 2030-04-30)"
        ),
        (
            "Visit: 2026-11-20 10:00 (America/Vancouver, UTC-08:00), attended, 47 min, Gunn IMS,"
            " side-lying, Room 2"
        ),
        "Episode: Shoulder stiff; Shoulder; both sides",
        f"Session {made['id']} of the patient {made['patient_id']}, version 1",
        "In other systems: A-88 (appointments)",
    ):
        assert line in said.split("\n")


def test_what_was_recorded_beside_the_session_stands_whole(api: Api) -> None:
    made = session(api)
    beside(api, made)
    said = note(api, made)
    assert section(said, "Consent") == [
        (
            "Consent to needling: given, in writing; 2026-11-20 09:40, obtained by Dr. Demo from"
            " Her daughter; valid until 2027-01-31; for this episode; risks disclosed:"
            " Pneumothorax, soreness; risks of this patient: Thin skin.;"
            " alternatives: Exercise alone."
        )
    ]
    assert section(said, "Screening") == [
        (
            "proceed with changes: 2026-11-20 09:50, by Dr. Lee, with the rules clinic 4;"
            " reason: Short needles.; Anticoagulant: yes, Stopped in May.;"
            " Diabetes: not known; no: Epilepsy"
        )
    ]
    assert section(said, "Follow-ups") == [
        (
            "2026-11-21 16:30, 30.5 h after the visit, by the patient's link, answered for the"
            " patient: soreness 4/10; worst soreness 5/10; sore muscles: infraspinatus, soleus;"
            " interference 2/10; bruising: no; fatigue: yes; headache: no; compared with before:"
            " much better; RED FLAGS: dry cough; comment: Slept well."
        ),
        (
            "2026-11-23 10:00, 72 h after the visit, entered by the practitioner: soreness 0/10;"
            " no red flag reported"
        ),
    ]
    assert section(said, "Measurements beside the session") == [
        "2026-11-21 08:15, between visits. PSFS: 5.25/10; answers: 4 | 6.5; reported by the patient"
    ]
    assert section(said, "Adverse events") == [
        (
            "2026-11-20 11:05, Bruise: no close call; significant; not expected; L infraspinatus;"
            " detected 2026-11-20 12:06; Large, blue.; action: Ice.; outcome: Gone after two days."
        )
    ]
    assert "certain" not in said


def test_what_was_not_recorded_is_named_and_never_called_absent(api: Api) -> None:
    made = api.session(needlings=[{"muscle": "iliacus", "side": "left"}], needle_count=None)
    said = note(api, made)
    assert section(said, "Needling")[0] == "L iliacus: 1 insertion"
    assert section(said, "Not recorded") == [
        (
            "Consent; Screening; Measured before the needles; Findings by segment; Needle count;"
            " Measured after the needles; Also done; Aftercare; Note; Plan; Follow-ups;"
            " Measurements beside the session; Adverse events"
        )
    ]
    content = said.partition("Needling")[2].partition("One needle")[0]
    assert not re.search(r"\b(none|no|not|nothing|without|0|zero)\b", content.lower())


def test_a_part_of_a_needles_size_is_named(api: Api) -> None:
    sizes = ({"diameter_mm": 0.2}, {"length_mm": 30}, {"lot": "X"})
    needlings = [{"muscle": "soleus", "side": "left", "needle": size} for size in sizes]
    said = section(note(api, api.session(needlings=needlings)), "Needling")[:-1]
    assert [line.removeprefix("L soleus: 1 insertion, ") for line in said] == [
        "diameter 0.20 mm",
        "length 30 mm",
        "lot X",
    ]


@pytest.mark.parametrize("attendance", ["cancelled", "no_show", "declined"])
def test_a_visit_that_did_not_take_place_says_so(api: Api, attendance: str) -> None:
    made = api.session(attendance=attendance, needlings=[], needle_count=None)
    words = {"cancelled": "cancelled", "no_show": "no-show", "declined": "treatment declined"}
    assert f"UTC+00:00), {words[attendance]}" in note(api, made)


def test_a_clinics_own_word_is_written_as_the_clinic_wrote_it(api: Api) -> None:
    body = {"code": "own_needle_bath", "name": "Head", "synonyms": [], "source": "Ours"}
    api.create("/v1/co-interventions", **body)
    made = api.session(co_interventions=["own_needle_bath"])
    assert section(note(api, made, "?language=fr"), "Autres interventions") == ["Head"]


@pytest.mark.parametrize("tag", ["en", "fr"])
def test_no_word_says_why_anything_happened(api: Api, tag: str) -> None:
    made = session(api)
    beside(api, made)
    said = note(api, made, f"?language={tag}")
    cause = r"\bcaus|\bwhy\b|because|provoqu|à cause|grâce|\bdû\b|pourquoi|amélior|improv|certain\b"
    assert causal_words(said) == []
    assert re.findall(cause, said, re.IGNORECASE) == []


def test_a_note_is_the_same_each_time(api: Api) -> None:
    made = session(api)
    beside(api, made)
    assert note(api, made) == note(api, made)
    other = session(api, needlings=NEEDLINGS[:1], **_people(made), identifiers=[appointment()])
    assert section(note(api, other), "Needling")[0] == with_signs(NEEDLED)[0]


def _people(of: dict[str, str]) -> dict[str, str]:
    return {name: of[name] for name in ("patient_id", "practitioner_id", "episode_id")}
