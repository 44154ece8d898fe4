"""Every change of the API shows as a difference of a snapshot."""

import pytest

from tests.snapshots import HERE, snapshots


@pytest.mark.parametrize("name", snapshots())
def test_a_change_of_the_api_shows_in_its_snapshot(name: str) -> None:
    stored = (HERE / name).read_text("utf-8")
    assert stored == snapshots()[name], "`make snapshots` writes it anew: review the difference"


def test_a_snapshot_has_no_file_that_nothing_writes() -> None:
    kinds = {".json", ".svg", ".txt"}
    assert {path.name for path in HERE.iterdir() if path.suffix in kinds} == set(snapshots())
