"""Rewrites the catalogues from the sources: `python -m tests.languages.catalogues`.

New messages are added untranslated, and those that no source has are dropped.
"""

import csv
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import write_po

from app.languages.queries import DOMAIN, FOLDER, NOTES, languages, read_catalogue
from app.languages.rules.choice import SOURCE

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    DOMAIN: (
        "app/deliveries/asking.py",
        "app/web/patient/*.py",
        "app/web/patient/templates/*.html",
    ),
    NOTES: (
        "app/notes/rules/*.py",
        "app/summaries/rules/*.py",
        "app/muscles/data/muscles.csv",
        "app/vocabularies/data/*.csv",
    ),
}
"""By domain, where its messages stand."""
KEYWORDS: Final = {"_": None, "both": None, "gettext": None, "message": None}
WIDTH: Final = 100


def extracted(domain: str) -> dict[str, list[str]]:
    """The messages in the sources of a domain, each with the files that it stands in."""
    found: dict[str, list[str]] = {}
    for pattern in SOURCES[domain]:
        for path in sorted(ROOT.glob(pattern)):
            for text in _texts(path):
                places = found.setdefault(text, [])
                place = path.relative_to(ROOT).as_posix()
                if place not in places:
                    places.append(place)
    return found


def _texts(path: Path) -> Iterator[str]:
    """The messages in a source. Those of a data file are the names of its rows."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as lines:
            yield from (row["name"] for row in csv.DictReader(lines))
        return
    method = "jinja2" if path.suffix == ".html" else "python"
    for _, text, _, _ in extract_from_file(method, path, keywords=KEYWORDS):
        yield str(text)


def tags(domain: str) -> list[str]:
    """The languages of a domain that have a catalogue."""
    return [each.tag for each in languages(domain) if each.tag != SOURCE]


def rewritten(domain: str, tag: str) -> bytes:
    """A catalogue with the messages of the sources, in their order, below the head it has."""
    old = read_catalogue(domain, tag)
    new = Catalog(tag.replace("-", "_"), domain, fuzzy=False)
    for text, places in extracted(domain).items():
        known = old.get(text) or Message(text)
        new.add(
            text,
            known.string,
            locations=[(place, 0) for place in places],
            flags=known.flags,
            user_comments=known.user_comments,
        )
    body = BytesIO()
    write_po(body, new, width=WIDTH, omit_header=True, include_lineno=False)
    head = file_of(domain, tag).read_bytes().partition(b"\n\n")[0]
    return head + b"\n\n" + body.getvalue().strip() + b"\n"


def file_of(domain: str, tag: str) -> Path:
    """The file of a catalogue."""
    return FOLDER / domain / f"{tag}.po"


def main() -> None:
    """Rewrite every catalogue."""
    for domain in SOURCES:
        for tag in tags(domain):
            file_of(domain, tag).write_bytes(rewritten(domain, tag))


if __name__ == "__main__":
    main()
