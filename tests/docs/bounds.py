"""Writes the table of bounds into `docs/reliability.md`: `python -m tests.docs.bounds`."""

from pathlib import Path

from app.core.values.bounds import BOUNDS

FILE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN = "| What a client holds | Bound | Beyond it |\n|---|---|---|\n"
END = "\n\n"


def table() -> str:
    """The rows of the table."""
    return "\n".join(f"| {each.held} | {each.limit} | {each.beyond} |" for each in BOUNDS)


def shown() -> str:
    """The rows that stand on the page now."""
    _, _, rows = FILE.read_text("utf-8").partition(BEGIN)
    return rows.partition(END)[0]


if __name__ == "__main__":
    page = FILE.read_text("utf-8")
    FILE.write_text(page.replace(BEGIN + shown() + END, BEGIN + table() + END), "utf-8")
