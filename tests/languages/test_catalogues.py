"""The catalogues: whole, in step with the sources, and honest about who has read them."""

import re
from collections import Counter

import pytest

from app.languages.queries import DOMAIN, languages, read_all, read_catalogue, translations
from app.languages.rules.choice import SOURCE, offered
from tests.house.tree import ROOT
from tests.languages.catalogues import SOURCES, extracted, file_of, rewritten, tags

ROW = re.compile(r"^\| [^|]+ \| `([a-z-]+)` \| (yes|not yet)", re.MULTILINE)
PAGE = ROOT / "docs" / "patients-link.md"
PLACEHOLDER = re.compile(r"%\(\w+\)s|%")
CATALOGUES = [(domain, tag) for domain in SOURCES for tag in tags(domain)]
each_catalogue = pytest.mark.parametrize(("domain", "tag"), CATALOGUES)


@each_catalogue
def test_a_catalogue_has_every_message_of_the_sources_and_no_other(domain: str, tag: str) -> None:
    assert {found.id for found in read_catalogue(domain, tag) if found.id} == set(extracted(domain))


@each_catalogue
def test_a_catalogue_is_whole(domain: str, tag: str) -> None:
    missing = [
        found.id
        for found in read_catalogue(domain, tag)
        if found.id and (not found.string or found.fuzzy)
    ]
    assert missing == []


@each_catalogue
def test_a_translation_has_the_placeholders_of_its_message(domain: str, tag: str) -> None:
    differing = [
        found.id
        for found in read_catalogue(domain, tag)
        if found.id
        and Counter(PLACEHOLDER.findall(str(found.id)))
        != Counter(PLACEHOLDER.findall(str(found.string)))
    ]
    assert differing == []


@each_catalogue
def test_a_catalogue_is_written_as_the_command_for_translators_writes_it(
    domain: str, tag: str
) -> None:
    assert file_of(domain, tag).read_bytes() == rewritten(domain, tag)


def test_every_catalogue_can_be_read_at_the_start() -> None:
    read_all(SOURCES)
    assert translations(DOMAIN, "fr").gettext("Send") == "Envoyer"
    assert translations(DOMAIN, SOURCE).gettext("Send") == "Send"


def test_english_counts_as_reviewed_and_no_other_language_is_yet() -> None:
    assert [each.tag for each in languages(DOMAIN) if each.reviewed] == [SOURCE]


def test_a_language_that_is_not_reviewed_is_offered_only_where_it_is_switched_on() -> None:
    known = languages(DOMAIN)
    assert [each.tag for each in offered(known, [])] == [SOURCE]
    assert [each.tag for each in offered(known, ["fr", "pa"])] == [SOURCE, "fr"]


def test_a_language_names_itself_and_says_where_its_lines_begin() -> None:
    known = {each.tag: (each.name, each.direction) for each in languages(DOMAIN)}
    assert known["fr"] == ("Français", "ltr")
    assert known["fa"] == ("فارسی", "rtl")


def test_the_page_for_clinics_lists_every_language_and_whether_a_clinician_has_read_it() -> None:
    listed = {tag: words == "yes" for tag, words in ROW.findall(PAGE.read_text("utf-8"))}
    assert listed == {each.tag: each.reviewed for each in languages(DOMAIN)}
