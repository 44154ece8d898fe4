"""Which fonts a chart summary is printed with, whatever fonts the machine has."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app.cli.doctor_paper import check_paper
from app.core.values.clock import now
from app.settings import Settings, settings
from app.summaries import printing
from tests.summaries.reading import Paper, squeezed
from tests.summaries.test_pages import CONTENT

THAI = "สมชาย"


class Machine(NamedTuple):
    """A copy of the press without its Thai font, on a machine that has one."""

    press: Path
    fonts: Path

    def printed(self, *, system_fonts: bool) -> tuple[int, bytes]:
        """The exit code and the output of the press after printing a Thai name."""
        patient = {"line": "x", "facts": [["Name", THAI]]}
        content: dict[str, Any] = {**CONTENT, "patient": patient}
        given = {"paper": "a4", "digest": "0", "at": 0, "content": content, "fonts": []}
        given |= {"template": "chart"}
        ran = subprocess.run(
            [sys.executable, "-I", str(self.press), str(printing.UNPRINTABLE)],
            input=json.dumps(given | {"system_fonts": system_fonts}).encode(),
            env={"FONTCONFIG_FILE": str(self.fonts)},
            capture_output=True,
            check=False,
        )
        return ran.returncode, ran.stdout


@pytest.fixture(name="machine")
def a_machine_that_has_a_font_for_thai(tmp_path: Path) -> Machine:
    press, paper, own = tmp_path / "press.py", tmp_path / "paper", tmp_path / "own"
    shutil.copy(printing.PRESS, press)
    shutil.copytree(printing.PRESS.with_name("paper"), paper)
    own.mkdir()
    (paper / "fonts" / "NotoSansThai-Regular.ttf").rename(own / "thai.ttf")
    fonts = tmp_path / "fonts.conf"
    fonts.write_text(f"<fontconfig><dir>{own}</dir></fontconfig>")
    return Machine(press, fonts)


def test_a_character_that_only_a_system_font_has_is_printed(machine: Machine) -> None:
    code, pdf = machine.printed(system_fonts=True)
    assert code == 0
    assert THAI in Paper(pdf).words()


def test_without_system_fonts_the_document_is_refused(machine: Machine) -> None:
    assert machine.printed(system_fonts=False) == (printing.UNPRINTABLE, b"")


@pytest.mark.parametrize("chosen", [True, False])
def test_an_operator_chooses_whether_system_fonts_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, chosen: bool
) -> None:
    echo = tmp_path / "echo.py"
    echo.write_text("import sys; sys.stdout.write(sys.stdin.read())")
    monkeypatch.setattr(printing, "PRESS", echo)
    monkeypatch.setattr(settings(), "system_fonts", chosen)
    handed_over = json.loads(printing.pdf(json.dumps(CONTENT).encode(), "0" * 64, now()))
    assert handed_over["system_fonts"] is chosen


@pytest.mark.parametrize("name", ["王小明", "陳 さくら サクラ", "김민준"])
def test_a_chinese_japanese_or_korean_name_is_printed_with_the_font_of_the_extra(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(settings(), "system_fonts", False)
    patient = {"line": name, "facts": [["Name", name]]}
    content = json.dumps({**CONTENT, "patient": patient}).encode()
    paper = Paper(printing.pdf(content, "0" * 64, now()))
    assert paper.words().count(squeezed(name)) == 1
    assert paper.page(0).startswith(squeezed(name))
    assert printing.unprintable([name]) is None
    monkeypatch.setattr(printing, "CJK", "not_installed")
    with pytest.raises(printing.NoGlyph):
        printing.pdf(content, "0" * 64, now())
    assert printing.unprintable([name]) == (0, min(set(name) - {" "}))


def test_doctor_says_for_which_names_there_is_no_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "system_fonts", False)
    assert [found.state for found in check_paper()] == ["ok"]
    monkeypatch.setattr(printing, "CJK", "not_installed")
    [found] = check_paper()
    assert found.state == "warning"
    assert "names in Chinese, Japanese, Korean" in found.found
    assert "extra cjk" in str(found.remedy)


def test_system_fonts_are_used_by_default() -> None:
    assert Settings.model_fields["system_fonts"].default is True
