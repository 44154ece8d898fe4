"""How long the fuzzing lasts."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest tests/sweeps/test_fuzz.py --examples 200` is the long form."""
    parser.addoption("--examples", type=int, default=5, help="fuzzed requests per operation")
