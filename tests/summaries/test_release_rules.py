"""Which of a patient's consents allows the release of a chart."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.safety.views import ConsentView
from app.summaries.rules.release import Recipient, consent, reason

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
DAY = timedelta(days=1)
UTC_ZONE = ZoneInfo("UTC")
SHOULDER, NECK = UUID(int=1), UUID(int=2)


def said(days_ago: float = 3, decision: str = "given", **more: Any) -> Any:
    """A consent to the use of data from some days ago, with the fields that the rule reads."""
    at = NOW - days_ago * DAY
    withdrawn_at = at if decision == "withdrawn" else None
    whole = {
        "kind": "data_use",
        "decision": decision,
        "episode_id": None,
        "obtained_at": at,
        "valid_until": None,
        "withdrawn_at": withdrawn_at,
        "updated_at": at,
    }
    return whole | more


GOOD = said()


@pytest.mark.parametrize(
    "consents",
    [
        [],
        [said(kind="needling")],
        [said(decision="refused")],
        [said(decision="withdrawn")],
        [said(-1)],
        [said(valid_until=date(2026, 11, 19))],
        [said(3), said(2, "refused")],
        [said(3), said(2, "withdrawn")],
        [said(3), said(2, "refused", episode_id=SHOULDER)],
        [said(episode_id=SHOULDER)],
        [said(3), said(3, "refused")],
        # A second consent, and a later withdrawal of the first.
        [said(9, "withdrawn", withdrawn_at=NOW - DAY, updated_at=NOW - DAY), said(3)],
        # The patient says today that it ends tomorrow.
        [said(9, "withdrawn", withdrawn_at=NOW + DAY, updated_at=NOW - DAY), said(3)],
    ],
)
def test_none_of_these_allows_releasing_the_whole_chart(consents: list[ConsentView]) -> None:
    assert consent(consents, None, NOW, UTC_ZONE) is None


@pytest.mark.parametrize(
    "others",
    [
        [],
        [said(9, "refused")],
        [said(9, "withdrawn")],
        [said(9, "refused", episode_id=SHOULDER)],
        [said(2, episode_id=SHOULDER)],
        [said(2, kind="needling", decision="refused")],
        [said(-1, "refused")],
    ],
)
def test_the_latest_consent_allows_releasing_the_whole_chart(others: list[ConsentView]) -> None:
    assert consent([*others, GOOD], None, NOW, UTC_ZONE) == GOOD


def test_a_consent_for_an_episode_covers_only_that_episode() -> None:
    for_shoulder = said(episode_id=SHOULDER)
    assert consent([for_shoulder], SHOULDER, NOW, UTC_ZONE) == for_shoulder
    assert consent([for_shoulder], NECK, NOW, UTC_ZONE) is None
    assert consent([GOOD], NECK, NOW, UTC_ZONE) == GOOD


def test_a_refusal_for_one_episode_does_not_block_the_others() -> None:
    consents = [said(3), said(2, "refused", episode_id=SHOULDER)]
    assert consent(consents, SHOULDER, NOW, UTC_ZONE) is None
    assert consent(consents, NECK, NOW, UTC_ZONE) == consents[0]


@pytest.mark.parametrize("given_in", [UTC, timezone(timedelta(hours=9))])
def test_the_last_day_ends_in_the_time_zone_of_the_clinic(given_in: timezone) -> None:
    zone = ZoneInfo("America/Vancouver")
    given_at = (NOW - 3 * DAY).astimezone(given_in)
    last = said(obtained_at=given_at, valid_until=date(2026, 11, 20))
    late = datetime(2026, 11, 20, 23, 59, tzinfo=zone)
    assert consent([last], None, late.astimezone(UTC), zone) == last
    assert consent([last], None, late + timedelta(minutes=1), zone) is None


@given(
    st.lists(
        st.builds(said, st.integers(-5, 50), st.sampled_from(("given", "refused", "withdrawn"))),
        max_size=6,
    ),
    st.randoms(),
)
def test_the_order_of_the_records_does_not_matter(consents: list[Any], random: Any) -> None:
    found = consent(consents, None, NOW, UTC_ZONE)
    random.shuffle(consents)
    assert consent(consents, None, NOW, UTC_ZONE) == found
    assert found is None or found["decision"] == "given"


def test_the_reason_names_the_recipient_the_purpose_and_the_basis() -> None:
    recipient = Recipient("insurer", "Example Insurance")
    assert reason(recipient, "Claim 7", said(id=5), None) == (
        "To insurer Example Insurance; for: Claim 7; consent 5"
    )
    assert reason(Recipient("patient", None), "p", None, None) == "To patient; for: p"
    assert reason(recipient, "p", None, "o").endswith("; for: p; override: o")
