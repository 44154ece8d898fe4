"""Every code in the API description is accepted, and no other."""

from typing import Any

import pytest

from tests.ground import Api
from tests.records.bodies import create, faults, take

pytestmark = pytest.mark.alike

CURRENT = {"hz": 2, "ma": 1.5}
N = "/needlings/0"

# Kind, pointer, the codes of the API description (with None if nullable), and what a code needs.
VOCABULARIES: list[tuple[str, str, tuple[Any, ...], dict[Any, list[tuple[str, Any]]]]] = [
    ("patient", "/sex", ("female", "male", "other", "unknown", None), {}),
    ("patient", "/status", ("active", "inactive"), {}),
    ("practitioner", "/status", ("active", "inactive"), {}),
    ("practitioner", "/credentials/0/kind", ("gunn_ims", "dry_needling", "acupuncture"), {}),
    (
        "episode",
        "/status",
        ("active", "finished"),
        {"finished": [("/closed_at", "2026-11-21T00:00:00Z")]},
    ),
    (
        "session",
        "/attendance",
        ("attended", "cancelled", "no_show", "declined"),
        {
            word: [("/needlings", []), ("/needle_count", None)]
            for word in ("cancelled", "no_show", "declined")
        },
    ),
    ("session", "/technique", ("gunn_ims", "trigger_point", "superficial", "other"), {}),
    ("session", "/position", ("prone", "supine", "side_lying", "seated", "other", None), {}),
    ("session", "/measurements/0/phase", ("before", "after"), {}),
    ("session", "/measurements/0/reported_by", ("patient", "practitioner"), {}),
    (
        "session",
        "/findings/0/sign",
        (
            "tenderness",
            "matchstick",
            "peau_dorange",
            "skin_rolling",
            "coldness",
            "sweating",
            "pilomotor",
            "hair_loss",
            "taut_band",
            "shortening",
        ),
        {},
    ),
    ("session", "/findings/0/side", ("left", "right", "midline"), {}),
    ("session", f"{N}/side", ("left", "right", "midline"), {}),
    (
        "session",
        f"{N}/stimulation",
        ("none", "manual", "electrical", None),
        {"electrical": [(f"{N}/electrical", CURRENT)]},
    ),
    ("session", f"{N}/grasp", ("none", "mild", "moderate", "strong", None), {}),
    (
        "session",
        f"{N}/release",
        ("none", "partial", "complete", None),
        {word: [(f"{N}/release_after_s", None)] for word in ("none", None)},
    ),
    ("session", f"{N}/familiar_pain", ("yes", "partly", "no", None), {}),
    (
        "session",
        f"{N}/sensations/0",
        (
            "deep_ache",
            "pressure",
            "cramp",
            "twitch",
            "referred",
            "warmth",
            "sharp",
            "electric",
            "none",
        ),
        {
            "cramp": [(f"{N}/sensations", ["cramp"])],
            "none": [(f"{N}/sensations", ["none"])],
        },
    ),
    ("follow-up", "/change", ("much_worse", "worse", "same", "better", "much_better", None), {}),
    ("follow-up", "/source", ("patient_link", "practitioner", "integration"), {}),
    (
        "follow-up",
        "/red_flags",
        (
            ["breathlessness"],
            ["chest_pain"],
            ["dry_cough"],
            ["fever_or_spreading_redness"],
            ["new_numbness_or_weakness"],
            ["fainting"],
            [],
        ),
        {},
    ),
    ("measurement", "/phase", ("before", "after", "between"), {}),
    ("measurement", "/reported_by", ("patient", "practitioner"), {}),
    ("measurement", "/side", ("left", "right", "midline", None), {}),
    ("consent", "/kind", ("needling", "thoracic_needling", "electrical", "data_use"), {}),
    (
        "consent",
        "/decision",
        ("given", "refused", "withdrawn"),
        {"withdrawn": [("/withdrawn_at", "2026-11-21T00:00:00Z")]},
    ),
    ("consent", "/form", ("verbal", "written", "electronic"), {}),
    ("screening", "/answers/0/answer", ("yes", "no", "unknown"), {}),
    ("screening", "/decision", ("proceed", "modified", "deferred"), {}),
    ("adverse event", "/severity", ("mild", "significant", "serious"), {}),
    ("adverse event", "/side", ("left", "right", "midline", None), {}),
]


@pytest.mark.parametrize(
    ("kind", "place", "words", "needs"), VOCABULARIES, ids=[f"{v[0]}{v[1]}" for v in VOCABULARIES]
)
def test_every_documented_code_is_accepted_and_no_other(
    api: Api, kind: str, place: str, words: tuple[Any, ...], needs: dict[Any, Any]
) -> None:
    for word in words:
        more = needs.get(word, []) if isinstance(word, str | None) else []
        answer = create(api, kind, (place, word), *more)
        assert answer.status_code == 201, (word, answer.text)
        assert take(answer.json(), place) == word
    where = place + "/0" if isinstance(words[0], list) else place
    for word in ("", "no_such_word", str(words[0]).upper()):
        refused = create(api, kind, (place, [word] if where != place else word))
        assert faults(refused)[where] == "literal_error"
    if None not in words and where == place:
        # Null means the same as absent: the default, or a missing member.
        absent = create(api, kind, (place, None))
        if absent.is_success:
            assert take(absent.json(), place) in (*words, None)
        else:
            assert faults(absent)[place] in {"missing", "literal_error"}
