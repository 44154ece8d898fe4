"""Which form and language of an answer a client gets, by RFC 9110, section 12.5."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.http.negotiation import best_media, wanted_languages

PLAIN, MARKDOWN, HTML = (f"text/{kind}; charset=utf-8" for kind in ("plain", "markdown", "html"))
OFFERED = (PLAIN, MARKDOWN, HTML)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", PLAIN),
        ("*/*", PLAIN),
        ("text/*", PLAIN),
        ("text/html", HTML),
        ("TEXT/HTML", HTML),
        ("text/markdown, text/html", MARKDOWN),
        ("text/markdown;q=0.5, text/html;q=0.6", HTML),
        ("text/html;q=0.6, text/*;q=0.5, */*;q=0.4", HTML),
        ("text/plain;q=0, */*", MARKDOWN),
        ("text/*;q=0.1, text/markdown;q=0.1, text/plain;q=0", MARKDOWN),
        ("*/*;q=0.1, text/markdown;q=0.001", PLAIN),
        ("text/html; charset=UTF-8", HTML),
        ('text/html; charset="utf-8"', HTML),
        ("text/html; charset=iso-8859-1, text/markdown;q=0.1", MARKDOWN),
        ("text/plain;q=0.9, text/plain;charset=utf-8;q=0.1, text/html;q=0.5", HTML),
        ("application/json, text/plain;q=0.001", PLAIN),
        (BROWSER, HTML),
        ("application/json", None),
        ("text/html;q=0", None),
        ("*/*;q=0", None),
        ("text/calendar, application/*", None),
    ],
)
def test_the_most_preferred_media_type_is_chosen_and_a_specific_range_overrides_others(
    accept: str, media: str | None
) -> None:
    assert best_media(accept, OFFERED) == media


@pytest.mark.parametrize("accept", ["\xff", "x", "text/html;q=2", "text/html;q=", ",,,", ";q=1"])
def test_a_header_of_which_nothing_can_be_read_is_ignored(accept: str) -> None:
    assert best_media(accept, OFFERED) == PLAIN


def test_a_part_that_cannot_be_read_is_ignored() -> None:
    assert best_media("text/html;q=nothing, text/markdown", OFFERED) == MARKDOWN


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("", []),
        ("fr", ["fr"]),
        ("fr-CA, fr;q=0.9, en;q=0.8", ["fr-ca", "fr", "en"]),
        ("en;q=0.1, fr;q=0.2", ["fr", "en"]),
        ("en, fr", ["en", "fr"]),
        ("fr;q=0, en", ["en"]),
        ("*", []),
        ("fr;q=x, en", ["en"]),
        ("\xff, fr", ["fr"]),
    ],
)
def test_languages_come_in_the_order_of_preference(header: str, wanted: list[str]) -> None:
    assert wanted_languages(header) == wanted


@given(st.text(st.characters(max_codepoint=255), max_size=200))
def test_any_header_gets_an_answer(header: str) -> None:
    assert best_media(header, OFFERED) in {*OFFERED, None}
    assert isinstance(wanted_languages(header), list)


@given(st.permutations(["text/plain;q=0.2", "text/html;q=0.3", "text/*;q=0.1", "*/*;q=0.9"]))
def test_the_order_of_the_ranges_does_not_matter(ranges: list[str]) -> None:
    assert best_media(", ".join(ranges), OFFERED) == HTML
