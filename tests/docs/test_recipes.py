"""The pages for contributors name files and packages that exist."""

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT

DOCS = ROOT / "docs"
PAGES = [
    DOCS / "architecture.md",
    *sorted((DOCS / "contributing").glob("*.md")),
    *sorted((DOCS / "decisions").glob("*.md")),
]
SECTIONS = ["Context", "Decision", "Price", "Think again when"]
NAMED = re.compile(r"`([\w./-]+(?:/|\.(?:py|md|json|csv|txt|toml)))`")


def named(page: Path) -> set[str]:
    """The files and folders that a page names by their path from the top."""
    return {name for name in NAMED.findall(page.read_text("utf-8")) if "/" in name}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    missing = [
        name
        for name in named(page)
        if not ((ROOT / name).exists() or (ROOT / "app" / name).exists())
    ]
    assert missing == []


def test_the_recipe_of_a_kind_names_every_file_of_the_smallest_kind() -> None:
    folder = ROOT / "app" / "measurements"
    own = {f"app/measurements/{path.name}" for path in folder.glob("*.py")}
    assert own <= named(DOCS / "contributing" / "add-a-kind.md")


def test_the_plan_in_the_architecture_page_has_every_package() -> None:
    plan = (DOCS / "architecture.md").read_text("utf-8").split("```")[1]
    rooms = {path.name for path in (ROOT / "app").iterdir() if (path / "__init__.py").exists()}
    assert rooms - set(re.findall(r"\w+", plan)) == set()


@pytest.mark.parametrize(
    "page", sorted((DOCS / "decisions").glob("0*.md")), ids=lambda page: page.stem
)
def test_a_decision_says_its_context_its_price_and_when_to_think_again(page: Path) -> None:
    text = page.read_text("utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert f"({page.name})" in (DOCS / "decisions" / "README.md").read_text("utf-8")
    assert len(text.splitlines()) < 60
