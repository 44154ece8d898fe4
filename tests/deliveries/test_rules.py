"""Who is told next, and when: each in turn, and on until somebody acknowledges the alert."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, cast
from uuid import uuid4
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app.clinics.views import AlertRecipientView
from app.deliveries import rules
from app.deliveries.rules import Telling
from app.deliveries.views import Next
from tests.clinics.test_hours import VANCOUVER, hours, instants, zones

AT = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def recipient(name: str, **more: object) -> AlertRecipientView:
    whole = {"name": name, "channel": "email", "to": f"{name}@clinic.example", "hours": [], **more}
    return cast("AlertRecipientView", whole)


def listed(*names: str) -> list[AlertRecipientView]:
    return [recipient(name) for name in names]


class Sent(NamedTuple):
    """One attempt to tell somebody."""

    minute: float
    name: str
    round: int
    late: bool


PAUSES = {"person": 15 * MINUTE, "round": 60 * MINUTE, "later_round": 24 * 60 * MINUTE}


def check_said(follows: Next, step: rules.Step, at: datetime) -> None:
    """Require that a message that reaches its recipient says what follows it."""
    assert (follows == "nothing") == (step.due_at is None)
    if step.due_at is not None and follows == "missed":
        assert step.due_at - at <= rules.AGAIN_AFTER_MAX
    elif step.due_at is not None:
        assert step.due_at - at == PAUSES[follows]


def told(
    recipients: Sequence[AlertRecipientView],
    *,
    down: Sequence[str] = (),
    down_until: timedelta = timedelta(),
    zone: ZoneInfo = VANCOUVER,
    raised_at: datetime = AT,
) -> Iterator[Sent]:
    """Yield the attempts about one alert, each at the moment when it is due."""
    telling, at = Telling(raised_at), raised_at
    while True:
        telling = rules.opened(telling, recipients)
        found = rules.next_recipient(telling, recipients, at, zone)
        assert found is not None
        is_down = found["name"] in (down or [one["name"] for one in recipients])
        until = down_until or (timedelta.max if down else timedelta())
        sent = not is_down or at - raised_at >= until
        minute = (at - raised_at) / MINUTE
        yield Sent(minute, found["name"], telling.round, rules.is_late(telling, at))
        step = rules.after(telling, recipients, found["name"], at, sent=sent)
        if sent:
            check_said(rules.what_follows(telling, recipients, found["name"], at), step, at)
        if step.due_at is None:
            return
        telling, at = step.telling, step.due_at


def first(count: int, attempts: Iterator[Sent]) -> list[tuple[float, str]]:
    return [(each.minute, each.name) for each, _ in zip(attempts, range(count), strict=False)]


def test_the_next_one_is_told_after_15_minutes_and_the_next_round_begins_an_hour_later() -> None:
    assert first(5, told(listed("a", "b"))) == [
        *((0, "a"), (15, "b")),
        *((75, "a"), (90, "b")),
        (150, "a"),
    ]


def test_after_somebody_who_cannot_be_reached_the_next_one_is_told_at_once() -> None:
    assert first(12, told(listed("a", "b", "c"), down=["a"])) == [
        *((0, "a"), (0, "b"), (15, "c")),
        *((minute, "a") for minute in (16, 18, 22, 30, 45, 60)),
        *((75, "a"), (75, "b"), (90, "c")),
    ]


def test_who_could_not_be_reached_is_told_soon_after_although_others_were_told() -> None:
    attempts = told(listed("a", "b"), down=["b"], down_until=timedelta(minutes=17))
    assert first(5, attempts) == [(0, "a"), (15, "b"), (16, "b"), (18, "b"), (78, "a")]


def test_while_nobody_can_be_reached_the_pauses_grow_to_15_minutes() -> None:
    attempts = told(listed("a"), down=["a"])
    assert [minute for minute, _ in first(8, attempts)] == [0, 1, 3, 7, 15, 30, 45, 60]


def test_after_a_day_without_mail_each_is_told_once_and_the_first_is_told_that_it_is_late() -> None:
    attempts = told(listed("a", "b"), down_until=timedelta(days=1))
    after = [each for each in attempts if 24 * 60 <= each.minute < 26 * 60]
    assert [(each.name, each.round, each.late) for each in after] == [
        ("a", 1, True),
        ("b", 1, False),
    ]
    assert after[0].minute < 24 * 60 + 15


def test_a_message_that_is_in_time_is_not_late() -> None:
    assert [each.late for each, _ in zip(told(listed("a", "b")), range(4), strict=False)] == [
        False
    ] * 4


@given(st.integers(1, 10))
def test_an_alert_that_nobody_acknowledges_has_few_rounds_and_an_end(count: int) -> None:
    attempts = list(told(listed(*"abcdefghij"[:count])))
    assert max(each.minute for each in attempts) <= 32 * 24 * 60
    assert len(attempts) <= 400
    last = max(each.round for each in attempts)
    rounds = [[e.name for e in attempts if e.round == number] for number in range(1, last)]
    assert all(names == list("abcdefghij"[:count]) for names in rounds)


@given(instants, zones, st.lists(st.lists(hours, max_size=2), min_size=1, max_size=5))
def test_those_on_duty_come_first_and_each_is_told_once_a_round(
    at: datetime, zone: ZoneInfo, listed_hours: list[list[object]]
) -> None:
    recipients = [recipient(f"r{n}", hours=each) for n, each in enumerate(listed_hours)]
    ordered = rules.in_order(recipients, at, zone)
    assert sorted(each["name"] for each in ordered) == [each["name"] for each in recipients]
    local = at.astimezone(zone)
    on_duty = [rules.is_on_duty(each, local) for each in ordered]
    assert on_duty == sorted(on_duty, reverse=True)
    for some in (True, False):  # in the clinic's order among themselves
        names = [e["name"] for e, on in zip(ordered, on_duty, strict=True) if on is some]
        assert names == sorted(names)
    attempts = told(recipients, zone=zone, raised_at=at)
    names = [each.name for each, _ in zip(attempts, recipients, strict=False)]
    assert names[0] == ordered[0]["name"]
    assert sorted(names) == sorted(each["name"] for each in recipients)


@given(
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True),
    st.lists(st.sampled_from("abcd"), max_size=4),
    st.integers(0, 100),
)
def test_a_changed_list_of_recipients_leaves_always_one_to_tell(
    names: list[str], tried: list[str], failures: int
) -> None:
    recipients = listed(*names)
    telling = rules.opened(Telling(AT, None, 1, tuple(tried), failures=failures), recipients)
    found = rules.next_recipient(telling, recipients, AT, VANCOUVER)
    assert found is not None
    for sent in (True, False):
        step = rules.after(telling, recipients, found["name"], AT, sent=sent)
        assert step.due_at is not None
        assert AT <= step.due_at <= AT + timedelta(days=1)


def test_without_recipients_nobody_is_told() -> None:
    assert rules.next_recipient(Telling(AT), [], AT, VANCOUVER) is None


def test_a_message_keeps_its_id_and_another_round_or_recipient_has_another() -> None:
    item, later = uuid4(), Telling(AT, round=2)
    ids = [
        rules.message_id(item, Telling(AT), "a"),
        rules.message_id(item, Telling(AT, failures=3), "a"),
        rules.message_id(item, Telling(AT), "b"),
        rules.message_id(item, later, "a"),
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
