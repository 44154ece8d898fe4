"""Every command on a page works, and its output is what the page shows."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from tests.cli.program import PATIENCE_S, environment, start
from tests.docs.examples import Example, examples, matches, reads, shows
from tests.serving import free_port

ROOT = Path(__file__).parents[2]
README, OPERATOR = ROOT / "README.md", ROOT / "docs" / "operator.md"
DOCS = ROOT / "docs"
PAGES = (
    README,
    DOCS / "integrator.md",
    OPERATOR,
    DOCS / "audit.md",
    DOCS / "breach.md",
    DOCS / "upgrading.md",
)
ALONE = {DOCS / "breach.md", DOCS / "upgrading.md"}
"""What these pages show depends on what was done to the demo before."""
DEMOS_OWN = "var/needlework.db"
CURL = Path(__file__).with_name("curl.py")
END = "--- end of an example ---"
ADDRESS = "http://127.0.0.1:8000"
README_LINES = 120


class Demo:
    """A running demo, and the key that it printed."""

    def __init__(self, folder: Path, said: str, port: int) -> None:
        self.folder = folder
        self.said = said
        self.address = f"http://127.0.0.1:{port}"
        found = re.search(r"^KEY=(nw_\S+)$", said, re.MULTILINE)
        assert found is not None, said
        self.key = found[1]
        self.has_curl = shutil.which("curl") is not None

    def run(self, commands: list[str], database: str = DEMOS_OWN) -> list[str]:
        """Run blocks of commands in one shell, and return the output of each block."""
        script = "".join(f"{block}\necho '{END}'\n" for block in commands)
        url = f"sqlite:///{self.folder}/{database}"
        ran = subprocess.run(
            ["/bin/sh", "-eu", "-c", script.replace(ADDRESS, self.address)],
            cwd=self.folder,
            env={**environment(url), **self.path, "KEY": self.key},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout[-3_000:] + ran.stderr
        return ran.stdout.replace(self.address, ADDRESS).split(END + "\n")[:-1]

    @property
    def path(self) -> dict[str, str]:
        """A PATH on which `python` is the Python of the tests."""
        folders = [str(Path(sys.executable).parent), os.environ["PATH"]]
        if not self.has_curl:
            folders.insert(0, str(self._stand_in()))
        return {"PATH": os.pathsep.join(folders)}

    def _stand_in(self) -> Path:
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / "curl"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{CURL}" "$@"\n')
        program.chmod(0o755)
        return folder


@pytest.fixture(name="monkeypatch", scope="module")
def monkeypatch_for_the_demo() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield monkeypatch


@pytest.fixture(name="demo", scope="module")
def serve_the_demo(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Demo]:
    monkeypatch.delenv("NEEDLEWORK_LEDGER_KEY")  # the key must be in the file that the pages name
    with served_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


@contextmanager
def served_demo(folder: Path) -> Iterator[Demo]:
    """A demo that is served from this folder."""
    port = free_port()
    url = f"sqlite:///{folder}/{DEMOS_OWN}"
    with start(url, folder, "demo", "--port", str(port)) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = ""
        while "Every operation" not in said:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            said += line
        while "Uvicorn running" not in process.stderr.readline():
            assert process.poll() is None
        yield Demo(folder, said, port)
        process.terminate()
        process.communicate(timeout=PATIENCE_S)


def runnable(example: Example) -> str:
    """The commands, with `make -n` for `make`, because one target runs this very test.

    `pip install` also becomes a dry run: the packages are already installed.
    """
    commands = re.sub(r"^make ", f"make -n -C '{ROOT}' ", example.commands, flags=re.MULTILINE)
    return commands.replace("pip install", "pip install --dry-run --no-index --quiet")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_example_of_a_page_works_and_its_output_is_as_shown(
    page: Path, demo: Demo, tmp_path: Path
) -> None:
    found = list(examples(page))
    assert found
    database = "own.db" if page == OPERATOR else DEMOS_OWN
    with served_demo(tmp_path) if page in ALONE else nullcontext(demo) as shown:
        outputs = shown.run([runnable(example) for example in found], database)
    for example, output in zip(found, outputs, strict=True):
        assert shows(example, output), f"{example.commands}\n{example.shown}\n{output}"


def test_examples_work_on_a_machine_without_curl(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "has_curl", False)
    asked = f'curl -s -i -H "Authorization: Bearer $KEY" {ADDRESS}/v1/clinic'
    sent = f'curl -s -X POST -H "Authorization: Bearer $KEY" {ADDRESS}/oauth/token -d a=1 -d b=2'
    shown, refused = demo.run([asked + "\n", sent + "\n"])
    assert re.fullmatch(r'HTTP/1\.1 200 OK\n.*\n\n{"id":.*}', shown, re.DOTALL)
    assert '"error":"unsupported_grant_type"' in refused


def test_what_the_demo_prints_works(demo: Demo) -> None:
    commands = demo.said.partition("KEY=")[2].partition("\n")[2].rpartition("\n\n")[0]
    blocks = [block for block in commands.split("\n\n") if block.strip()]
    assert len(blocks) == 3
    demo_address = [block.replace(demo.address, ADDRESS) for block in blocks]
    progress, session, changes = demo.run(demo_address)
    assert '"measures":[{' in progress
    assert '"status":"draft"' in session
    assert '"items":[{' in changes


def test_make_serves_the_demo_at_the_given_port() -> None:
    for given, port in (("", "8000"), ("PORT=8123", "8123")):
        environ = {name: value for name, value in os.environ.items() if name != "PORT"}
        said = subprocess.run(
            ["/bin/sh", "-c", f"make -n -C '{ROOT}' run {given}"],
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"app demo --port {port}\n" in said.stdout


def test_the_readme_is_short_and_leads_with_two_commands() -> None:
    lines = README.read_text("utf-8").splitlines()
    assert len(lines) <= README_LINES
    first = next(examples(README)).commands
    assert re.findall(r"^make \w+", first, re.MULTILINE) == ["make run", "make test"]


def test_every_link_between_pages_has_a_target() -> None:
    for page in {
        *PAGES,
        *DOCS.rglob("*.md"),
        *(ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md")),
    }:
        for target, heading in re.findall(
            r"\]\(([\w./-]+)(?:#([\w-]+))?\)", page.read_text("utf-8")
        ):
            linked = page.parent / target
            assert linked.exists(), f"{page.name}: {target}"
            titles = re.findall(r"^#+ (.+)$", linked.read_text("utf-8"), re.MULTILINE)
            assert not heading or heading in map(anchor, titles)


def anchor(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def test_matching_detects_differences() -> None:
    assert reads("a … c (1)\n", "a b c (1)\n")
    for text in ("a b\nc (1)\n", "a b c (1)", "a b c 1\n", "a b c (1)\nd\n"):
        assert not reads("a … c (1)\n", text)
    assert matches({"a": [1, "…"], "…": "…"}, {"a": [1, 2], "b": 3})
    assert matches({"a": "x…"}, {"a": "xy"})
    for shown, real in (
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1, "…": "…"}, {"b": 2}),
        ([1], [1, 2]),
        ([1, 2, "…"], [1]),
        ({"a": "x…"}, {"a": "yx"}),
        ({"a": 1.0}, {"a": None}),
    ):
        assert not matches(shown, real)
