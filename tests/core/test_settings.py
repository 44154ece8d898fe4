"""Settings may be files in a folder of secrets, as containers get them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import SECRETS_DIR, settings

KEY = "a made-up key of more than thirty-two characters"


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Read the settings anew, with this test's folder of secrets."""
    monkeypatch.delenv("NEEDLEWORK_POST_KEY", raising=False)
    monkeypatch.setenv(SECRETS_DIR, str(tmp_path))
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_a_secret_may_be_a_file_named_like_its_variable(tmp_path: Path) -> None:
    (tmp_path / "NEEDLEWORK_POST_KEY").write_text(f"{KEY}\n")
    found = settings().post_key
    assert found is not None
    assert found.get_secret_value() == KEY
    assert KEY not in repr(settings())


def test_a_variable_comes_before_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "needlework_paper").write_text("a4")
    assert settings().paper == "a4"
    monkeypatch.setenv("NEEDLEWORK_PAPER", "us-letter")
    settings.cache_clear()
    assert settings().paper == "us-letter"


def test_a_missing_folder_ends_the_program_instead_of_using_defaults(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(SECRETS_DIR, str(tmp_path / "nowhere"))
    with pytest.raises(SystemExit, match="names no folder"):
        settings()
