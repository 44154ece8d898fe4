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
    said = lint(ROOT)
    assert "Contracts: 4 kept, 0 broken." in said, said


def test_each_contract_detects_a_wrong_import(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "app", tmp_path / "app")
    for module, wrong in (
        ("core/values/clock", "import app.muscles"),
        ("muscles/rules", "import app.core.db.tables"),
        ("ledger/format/entry", "import pydantic"),
        ("core/db/bulk", "import app.core.http.pages"),
    ):
        with (tmp_path / "app" / f"{module}.py").open("a") as file:
            file.write(f"\n{wrong}\n")
    said = lint(tmp_path)
    assert "Contracts: 0 kept, 4 broken." in said, said


def test_a_new_package_must_be_added_to_the_layers(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "app", tmp_path / "app")
    (tmp_path / "app" / "attic.py").touch()
    said = lint(tmp_path)
    assert "app.attic" in said, said
    assert "Contracts: 3 kept, 1 broken." in said, said
