"""Promises of how figures are written."""

from app.progress.rules.wording import MINUS, NOTHING, number, p_value, per_week, signed


def test_a_change_has_its_sign_and_nothing_has_none() -> None:
    assert [signed(value) for value in (1.5, 0, -4.0)] == ["+1.5", "0", f"{MINUS}4"]
    assert number(-2.5) == f"{MINUS}2.5"
    assert [number(None), per_week(None), p_value(None)] == [NOTHING] * 3


def test_a_slope_that_rounds_to_nothing_has_no_sign() -> None:
    assert [per_week(slope) for slope in (0.666, -0.004, -0.666)] == ["+0.67", "0", f"{MINUS}0.67"]


def test_no_p_is_written_as_nought() -> None:
    assert [p_value(p) for p in (1.0, 0.0123, 0.001, 0.00099)] == [
        "1.000",
        "0.012",
        "0.001",
        "< 0.001",
    ]
