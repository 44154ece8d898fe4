"""Options for the coverage-guided fuzzing."""

import pytest

SHORT_S = 4


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for its length; `pytest tests/fuzz --seconds 480` is a long form."""
    parser.addoption("--seconds", type=int, default=SHORT_S, help="of fuzzing, for all readers")
