"""How long the coverage-guided fuzzing lasts."""

import pytest

SHORT_S = 4


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest tests/fuzz --seconds 480` is a long form."""
    parser.addoption("--seconds", type=int, default=SHORT_S, help="of fuzzing, for all readers")
