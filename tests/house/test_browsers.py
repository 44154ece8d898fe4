"""The tests find a browser on every machine, and prefer the installed one."""

import platform
from pathlib import Path

import pytest

from tests import browser


@pytest.fixture(name="nowhere")
def a_machine_without_a_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without a fetched browser, whose `PATH` is this empty folder."""
    monkeypatch.delenv(browser.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "FETCHED", tmp_path / "fetched")
    return tmp_path


def install(folder: Path, name: str) -> str:
    program = folder / name
    program.touch(mode=0o755)
    return str(program)


@pytest.mark.parametrize("name", browser.NAMES)
def test_an_installed_browser_is_used_and_none_is_fetched(nowhere: Path, name: str) -> None:
    program = install(nowhere, name)
    browser.fetch()
    found = browser.browser()
    assert found.program == program
    assert "LD_LIBRARY_PATH" not in found.environment
    assert not (nowhere / "fetched").exists()


def test_a_browser_that_is_named_comes_first(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(nowhere, "chromium")
    monkeypatch.setenv(browser.VARIABLE, "another")
    assert browser.browser().program == "another"


def test_a_fetched_browser_is_used_while_it_is_the_pinned_one(nowhere: Path) -> None:
    fetched = nowhere / "fetched"
    fetched.mkdir()
    lock = fetched / browser.LOCK
    lock.write_bytes((browser.HERE / browser.LOCK).read_bytes())
    found = browser.browser()
    assert found.program == str(fetched / "chromium")
    assert found.environment["LD_LIBRARY_PATH"] == str(fetched / "al2023" / "lib")
    lock.write_text("{}")
    with pytest.raises(browser.NoBrowserError):
        browser.browser()


@pytest.mark.usefixtures("nowhere")
def test_without_a_browser_the_message_says_how_to_get_one() -> None:
    with pytest.raises(browser.NoBrowserError, match=f"make browser.*{browser.VARIABLE}"):
        browser.browser()


@pytest.mark.usefixtures("nowhere")
def test_if_none_can_be_fetched_the_message_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(browser.NoBrowserError, match="install one"):
        browser.fetch()
