"""Promises of the format of figures."""

from app.progress.rules.wording import MINUS, NOTHING, chance, changed, number, weekly


def test_a_change_has_a_sign_and_zero_has_none() -> None:
    assert [changed(value) for value in (1.5, 0, -4.0)] == ["+1.5", "0", f"{MINUS}4"]
    assert number(-2.5) == f"{MINUS}2.5"
    assert [number(None), weekly(None), chance(None)] == [NOTHING] * 3


def test_a_slope_that_rounds_to_zero_has_no_sign() -> None:
    assert [weekly(slope) for slope in (0.666, -0.004, -0.666)] == ["+0.67", "0", f"{MINUS}0.67"]


def test_no_p_is_written_as_zero() -> None:
    assert [chance(p) for p in (1.0, 0.0123, 0.001, 0.00099)] == [
        "1.000",
        "0.012",
        "0.001",
        "< 0.001",
    ]
