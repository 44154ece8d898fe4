"""Promises of how columns become facts: by the names of the fields, and only where all fit."""

from typing import Any

import pytest
from sqlalchemy import create_engine

from app.episodes.models import Episode
from app.followups.models import FollowUp
from app.progress.queries.facts import _history_query
from app.progress.queries.fields import facts_of, sources
from app.progress.rules.history import Report, Visit

REMEMBERED_LETTERS = 4_096
"""Of a longer statement psycopg doesn't keep what it worked out."""


def test_a_column_for_a_field_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match="hours"):
        sources(Report, FollowUp, hours=FollowUp.hours_after)


def test_a_field_without_a_column_is_refused() -> None:
    with pytest.raises(AttributeError, match="session_id"):
        sources(Visit, Episode)


def test_facts_are_made_by_name_whatever_the_order_of_the_columns() -> None:
    columns: dict[str, list[Any]] = {name: [None] for name in Report._fields}
    columns |= {"soreness": [3], "more": [0], "window": ["h24"], "session_id": ["one"]}
    assert list(facts_of(Report, columns)) == [Report("one", "h24", 3)]


def test_the_statement_of_a_whole_history_is_one_that_the_driver_remembers() -> None:
    statement = _history_query(frozenset()).statement
    sql = str(statement.compile(create_engine("postgresql+psycopg://")))
    assert len(sql) <= REMEMBERED_LETTERS
