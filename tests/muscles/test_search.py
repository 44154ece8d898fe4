"""A practitioner's search text finds the intended muscle."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.muscles import queries
from app.muscles.schemas import QUERY_MAX, MuscleView

# A busy machine may stall a single example; `make bench` measures the search.
unhurried = settings(deadline=None)
muscles = st.sampled_from(queries.MUSCLES)
typed = st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ019 -,.()'éüñ")


def names(muscle: MuscleView) -> list[str]:
    return [muscle.slug, muscle.name, muscle.latin]


def found(q: str) -> list[str]:
    return [muscle.slug for muscle in queries.search(q)]


@st.composite
def slips(draw: st.DrawFn) -> tuple[MuscleView, str]:
    """A muscle, and one of its longer names with one typing error in it."""
    muscle = draw(muscles)
    long = [name for name in (*names(muscle), *muscle.synonyms) if len(name) >= 8]
    name = draw(st.sampled_from(long or names(muscle)))
    at = draw(st.integers(0, len(name) - 1))
    before, here, after = name[:at], name[at], name[at + 1 :]
    wrong = draw(typed)
    edits = [before + after, before + wrong + after, before + wrong + here + after]
    swapped = before + after[:1] + here + after[1:]
    return muscle, draw(st.sampled_from([*edits, swapped]))


@pytest.mark.parametrize("muscle", queries.MUSCLES, ids=lambda muscle: muscle.slug)
def test_a_muscles_own_name_finds_it_first(muscle: MuscleView) -> None:
    for name in names(muscle):
        assert queries.search(name)[0] == muscle
        assert queries.search(name.upper())[0] == muscle


@pytest.mark.parametrize("muscle", queries.MUSCLES, ids=lambda muscle: muscle.slug)
def test_a_synonym_finds_its_muscle(muscle: MuscleView) -> None:
    for synonym in muscle.synonyms:
        first = queries.search(synonym)[:3]
        assert muscle in first
        assert synonym in first[0].synonyms


@pytest.mark.parametrize(
    ("q", "slug"),
    [
        ("QL", "quadratus_lumborum"),
        ("tfl", "tensor_fasciae_latae"),
        ("SCM", "sternocleidomastoid"),
        ("infra", "infraspinatus"),
        ("glut med", "gluteus_medius"),
        ("supraspin", "supraspinatus"),
        ("musculus gluteus medius", "gluteus_medius"),
        ("m. gluteus medius", "gluteus_medius"),
        ("gluteusmedius", "gluteus_medius"),
        ("upper trap", "trapezius_upper"),
        ("peroneus long", "fibularis_longus"),
        ("RCPM", "rectus_capitis_posterior_major"),
        ("RCPm", "rectus_capitis_posterior_minor"),
        ("infraspinatis", "infraspinatus"),
        ("piriformus", "piriformis"),
        ("lavator scapulea", "levator_scapulae"),
    ],
)
def test_usual_chart_abbreviations_find_the_muscle_first(q: str, slug: str) -> None:
    assert found(q)[0] == slug


@pytest.mark.parametrize(
    ("q", "slugs"),
    [
        ("gastrocnemus", {"gastrocnemius_medial_head", "gastrocnemius_lateral_head"}),
        ("trapezuis", {"trapezius_upper", "trapezius_middle", "trapezius_lower"}),
        ("scalenes", {"scalenus_anterior", "scalenus_medius", "scalenus_posterior"}),
        (
            "quadriceps",
            {"rectus_femoris", "vastus_lateralis", "vastus_medialis", "vastus_intermedius"},
        ),
        ("hamstrings", {"biceps_femoris_long_head", "semitendinosus", "semimembranosus"}),
    ],
)
def test_a_name_of_several_muscles_finds_exactly_those(q: str, slugs: set[str]) -> None:
    assert set(found(q)) == slugs


@unhurried
@given(slips())
def test_one_typing_error_still_finds_the_muscle(slip: tuple[MuscleView, str]) -> None:
    muscle, q = slip
    assert muscle in queries.search(q)[:5]


@unhurried
@given(muscles, st.data())
def test_the_beginning_of_a_name_finds_the_muscle(muscle: MuscleView, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(names(muscle)))
    begun = name[: data.draw(st.integers(1, len(name)))]
    assert muscle in queries.search(begun)


@unhurried
@given(st.text(st.characters() | st.characters(categories=["Cs"]), max_size=QUERY_MAX))
def test_any_text_has_the_same_answer_twice_and_no_muscle_twice(q: str) -> None:
    answer = found(q)
    assert answer == found(q)
    assert len(answer) == len(set(answer))


@unhurried
@given(muscles, st.sampled_from(["  {} ", "{}.", "({})", "\t{}\n"]))
def test_spaces_and_punctuation_around_a_name_change_nothing(
    muscle: MuscleView, frame: str
) -> None:
    assert queries.search(frame.format(muscle.name))[0] == muscle


@pytest.mark.parametrize(
    "q", ["zzzzqqq", "", "   ", "!?", "12345", "qwerty", "肩", "x" * QUERY_MAX]
)
def test_nonsense_finds_nothing(q: str) -> None:
    assert found(q) == []
