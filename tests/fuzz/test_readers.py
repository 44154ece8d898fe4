"""Untrusted input is refused as documented, or read exactly as it was meant."""

import platform
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from tests.fuzz.conftest import SHORT_S
from tests.fuzz.readers import GENUINE, READERS, SEEDS, edited, is_believed
from tests.serving import ROOT

Reader = Callable[[bytes], None]
# The platforms for which pyproject.toml installs atheris.
PLATFORM = (platform.system(), platform.machine())
HAS_WHEEL = PLATFORM == ("Linux", "x86_64") and sys.version_info < (3, 14)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def sent_to(reader: Reader) -> st.SearchStrategy[bytes]:
    """Any bytes, JSON, and almost valid input."""
    seeds = [seed.decode("latin-1") for seed in SEEDS[reader]]
    near = st.builds(edited, st.sampled_from(seeds), st.binary(max_size=24))
    whole = values.map(lambda value: to_json(value, inf_nan_mode="constants"))
    return st.binary() | whole | near.map(lambda text: text.encode("latin-1"))


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_a_reader_refuses_as_documented_or_accepts_what_it_would_write(
    reader: Reader,
) -> None:
    for seed in SEEDS[reader]:
        reader(seed)

    @given(sent_to(reader))
    def holds(raw: bytes) -> None:
        reader(raw)

    holds()


def test_a_token_that_the_key_signed_is_accepted() -> None:
    assert all(map(is_believed, GENUINE))


def test_coverage_guided_fuzzing_finds_no_undocumented_failure(
    pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    seconds = pytestconfig.getoption("--seconds", SHORT_S)
    if not HAS_WHEEL:
        return
    run = subprocess.run(
        [
            *(sys.executable, "-m", "tests.fuzz.coverage_guided"),
            *(f"-max_total_time={seconds}", "-seed=1", "-max_len=4096"),
            f"-artifact_prefix={tmp_path}/",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4_000:] + run.stderr[-4_000:]
    assert int(re.findall(r"Done (\d+) runs", run.stderr)[-1]) > seconds
