"""Read the catalogues, and translate by them.

They are read from .po files when they are first needed. There are no compiled files, so that what
a translator writes is what runs.
"""

from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from app.languages.rules.choice import SOURCE, Language

FOLDER: Final = Path(__file__).parent / "data"
DOMAIN: Final = "patients"
"""The messages for patients."""
NOTES: Final = "notes"
"""The words of session notes, for clinicians."""
REVIEWED: Final = "Reviewed: yes"
"""The line in the comment at the head of a catalogue that a clinician has read."""


def message(text: str) -> str:
    """Mark a text of the sources as a message. It is translated where it is shown."""
    return text


def read_catalogue(domain: str, tag: str) -> Catalog:
    """Return a catalogue as it stands in its file. Raises `PoFileError` if that can't be read."""
    with (FOLDER / domain / f"{tag}.po").open("rb") as file:
        return read_po(file, locale=tag.replace("-", "_"), domain=domain, abort_invalid=True)


@cache
def languages(domain: str) -> tuple[Language, ...]:
    """Return the languages of a domain: English first, then the others by their tags."""
    tags = sorted(path.stem for path in (FOLDER / domain).glob("*.po"))
    return (_language(SOURCE, reviewed=True), *(_translated(domain, tag) for tag in tags))


@cache
def translations(domain: str, tag: str) -> NullTranslations:
    """Return the translations of a domain into one of its languages. English has no file."""
    if tag == SOURCE:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(domain, tag))
    compiled.seek(0)
    return Translations(compiled, domain)


def read_all(domains: Iterable[str]) -> None:
    """Read every catalogue, so that a broken one stops the start and no request waits for one."""
    for domain in domains:
        for each in languages(domain):
            translations(domain, each.tag)


def _translated(domain: str, tag: str) -> Language:
    comment = read_catalogue(domain, tag).header_comment
    return _language(tag, reviewed=REVIEWED in [line.strip("# ") for line in comment.splitlines()])


def _language(tag: str, *, reviewed: bool) -> Language:
    locale = Locale.parse(tag, sep="-")
    name = locale.get_display_name(locale) or tag
    return Language(tag, name[:1].upper() + name[1:], locale.text_direction, reviewed)
