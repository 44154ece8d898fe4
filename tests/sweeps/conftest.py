"""Options for the length of the fuzzing and the random walks."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; `pytest tests/sweeps/test_fuzz.py --examples 200` is a long form."""
    parser.addoption("--examples", type=int, default=3, help="fuzzed requests per operation")
    parser.addoption("--steps", type=int, default=120, help="of a clinic with stolen ids")
