"""Vendored files are unchanged."""

from hashlib import sha256
from pathlib import Path

import pytest

from tests.house.tree import ROOT

FONTS = ROOT / "app" / "summaries" / "paper" / "fonts"
VENDORED = (ROOT / "app" / "web" / "static" / "swagger-ui", FONTS)
OURS = {"README.md", "SHA256SUMS"}
FONTS_MAX_BYTES = 3_000_000


@pytest.mark.parametrize("folder", VENDORED, ids=lambda folder: folder.name)
def test_every_vendored_file_is_unchanged(folder: Path) -> None:
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    found = {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name not in OURS
    }
    assert found == listed


def test_the_fonts_are_named_and_stay_small() -> None:
    fonts = list(FONTS.glob("*.ttf"))
    named = (FONTS / "README.md").read_text("utf-8")
    assert [font.name for font in fonts if f"`{font.stem}`" not in named] == []
    assert sum(font.stat().st_size for font in fonts) < FONTS_MAX_BYTES
