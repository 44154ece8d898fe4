"""The import contracts in `pyproject.toml` hold, and detect a wrong import."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.house.tree import ROOT

LINTER = Path(sys.executable).parent / "lint-imports"


def lint(folder: Path) -> str:
    """The linter's output for the `app` in this folder."""
    ran = subprocess.run(
        [str(LINTER), "--no-logo", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout + ran.stderr


def test_the_import_contracts_hold() -> None:
    output = lint(ROOT)
    assert "Contracts: 3 kept, 0 broken." in output, output


def test_each_contract_detects_a_wrong_import(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "app", tmp_path / "app")
    for module, wrong in (
        ("core/clock", "import app.muscles"),
        ("muscles/rules", "import app.core.tables"),
        ("ledger/format/entry", "import pydantic"),
    ):
        with (tmp_path / "app" / f"{module}.py").open("a") as file:
            file.write(f"\n{wrong}\n")
    output = lint(tmp_path)
    assert "Contracts: 0 kept, 3 broken." in output, output


def test_a_new_package_must_be_added_to_the_layers(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "app", tmp_path / "app")
    (tmp_path / "app" / "attic.py").touch()
    output = lint(tmp_path)
    assert "app.attic" in output, output
    assert "Contracts: 2 kept, 1 broken." in output, output
