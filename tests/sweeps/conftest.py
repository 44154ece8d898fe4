"""How long the fuzzing and the walks last."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest tests/sweeps/test_fuzz.py --examples 200` is a long form."""
    parser.addoption("--examples", type=int, default=3, help="fuzzed requests per operation")
    parser.addoption("--steps", type=int, default=120, help="of a clinic with stolen ids")
