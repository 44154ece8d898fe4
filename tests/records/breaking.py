"""How a pure rule is asked."""

from collections.abc import Callable
from typing import Any

from app.core.values.faults import RuleBroken


def broken(rule: Callable[..., None], *values: Any, **named: Any) -> str | None:
    """The code with which a rule is broken; None where it is met."""
    try:
        rule(*values, **named)
    except RuleBroken as fault:
        return fault.code if fault.detail else "without a detail"
    return None
