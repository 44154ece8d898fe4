"""Who looked, and why, is said in words that patients know."""

import re

import pytest

from app.core.db.database import Database
from app.main import create_app
from app.web.console.wording import read_words, reason_words

RAW = re.compile(r"[_.]|\b(create|list|read|replace|update|asks?|co interventions|audit)\b")
ID = "01a22dda-0000-7000-8000-000000000001"
DIGEST = "ab" * 32


def test_no_operation_is_shown_by_its_name(database: Database) -> None:
    routes = create_app(database).routes
    named = {id_ for each in routes if (id_ := getattr(each, "operation_id", None))}
    assert len(named) > 100
    raw = {id_: said for id_ in named if RAW.search(said := _about(read_words(id_)))}
    assert raw == {}


def _about(words: str) -> str:
    """The words without those that name a list, and without the name of a form."""
    return re.sub(r"“.*”|\blists? of\b", "", words)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (None, ""),
        (
            f"To physician Dr. A; for: A referral; consent {ID}; content sha256 {DIGEST}",
            "To physician Dr. A; for: A referral; with a consent on record",
        ),
        (f"emergency {ID}", "emergency access"),
        ("To patient; for: consent to surgery", "To patient; for: consent to surgery"),
    ],
)
def test_a_reason_has_no_ids_and_digests(reason: str | None, said: str) -> None:
    assert reason_words(reason) == said
