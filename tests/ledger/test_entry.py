"""A digest covers canonical bytes, which any other program would write, too."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic_core import to_jsonable_python

from app.ledger.format import entry
from app.ledger.service import canonical

SAFE = 2**53 - 1

fractions = st.floats(1e-4, 9e15) | st.floats(-9e15, -1e-4) | st.just(0.0) | st.just(-0.0)
decimals = (
    st.decimals(-1_000_000, 1_000_000, places=4)
    .map(float)
    .filter(lambda number: number == 0 or abs(number) >= 1e-4)
)
numbers = st.integers(-SAFE, SAFE) | fractions | decimals
texts = st.text(st.characters(codec="utf-8"), max_size=20)
keys = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=8)


def objects(scalars: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects of such values, a few levels deep."""
    values = st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=12,
    )
    return st.dictionaries(keys, values, max_size=6)


plain = objects(st.none() | st.booleans() | numbers | texts)
# The Python types in records, before they become JSON.
offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1900, 1, 2), datetime(2199, 1, 1), timezones=offsets | st.just(UTC))  # noqa: DTZ001 - the zone is drawn beside it
days = st.dates(date(1900, 1, 1), date(2199, 12, 31))
held = objects(st.none() | st.booleans() | numbers | texts | moments | days | st.uuids())


@given(plain)
@example({"a": 1e15, "b": 123456789012345.6, "c": 0.0001, "d": -0.0, "e": 9007199254740991})
@example({"a": '\u2028\x7f\x1f"\\/', "B": ["\U0001f489", "é", "e\u0301"]})
def test_the_bytes_are_those_of_rfc_8785(value: dict[str, Any]) -> None:
    assert entry.canonical(value) == rfc8785.dumps(value)


@given(held)
def test_the_fast_serialisation_equals_the_canonical_one(view: dict[str, Any]) -> None:
    assert canonical(view) == entry.canonical(to_jsonable_python(view))


@given(plain)
def test_written_values_are_read_back(value: dict[str, Any]) -> None:
    assert json.loads(entry.canonical(value)) == value


@given(plain)
def test_canonical_bytes_are_canonicalised_to_themselves(value: dict[str, Any]) -> None:
    once = entry.canonical(value)
    assert entry.canonical(json.loads(once)) == once


@pytest.mark.parametrize(
    "number",
    [
        float("nan"),
        float("inf"),
        float("-inf"),
        9.9e-5,
        -1e-7,
        1e16,
        -1e300,
        5e-324,
        2**53,
        -(2**53),
        10**16,
        2**70,
    ],
)
def test_a_number_that_programs_write_differently_is_refused(number: float) -> None:
    for value in ({"v": number}, {"v": [{"w": [0, number]}]}):
        with pytest.raises(ValueError, match=r"range|compliant|Out of"):
            entry.canonical(value)


def test_a_digest_is_of_salt_and_body() -> None:
    assert entry.body_digest(b"salt", b"{}") == hashlib.sha256(b"salt{}").digest()


def test_a_leaf_is_hashed_as_a_leaf_of_rfc_9162() -> None:
    public: dict[str, Any] = {
        "number": 1,
        "at": "2026-11-01T10:00:00Z",
        "resource_id": str(UUID(int=7)),
    }
    assert (
        entry.leaf(entry.canonical(public))
        == hashlib.sha256(b"\x00" + rfc8785.dumps(public)).digest()
    )
