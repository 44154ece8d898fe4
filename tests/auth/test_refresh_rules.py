"""A client has one valid refresh token at a time, in whatever order requests come."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auth.rules import REFRESH_GRACE as GRACE
from app.auth.rules import REFRESH_LIFE as LIFE
from app.auth.rules import refresh_verdict

NOW = datetime(2026, 11, 20, tzinfo=UTC)
END, SECOND = NOW + LIFE, timedelta(seconds=1)


@pytest.mark.parametrize(
    ("at", "used_at", "last_used_at", "verdict"),
    [
        (NOW, None, None, "good"),
        (END - SECOND, None, NOW, "good"),
        (END, None, NOW, "expired"),
        (NOW + GRACE, NOW, NOW, "again"),
        (NOW + GRACE + SECOND, NOW, NOW, "stolen"),
        (NOW + SECOND, NOW, NOW + SECOND, "stolen"),
        (END + LIFE, NOW, NOW, "stolen"),
    ],
)
def test_a_refresh_token_is_judged_by_its_history(
    at: datetime, used_at: datetime | None, last_used_at: datetime | None, verdict: str
) -> None:
    assert refresh_verdict(at, END, used_at, last_used_at) == verdict


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_used_token_never_becomes_valid_again(used_s: int, later_s: int) -> None:
    used_at = NOW + timedelta(seconds=used_s)
    at = used_at + timedelta(seconds=later_s)
    assert refresh_verdict(at, END, used_at, used_at) in {"again", "stolen"}
