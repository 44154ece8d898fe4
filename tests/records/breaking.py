"""Calls of pure rules."""

from collections.abc import Callable
from typing import Any

from app.core.values.faults import RuleBroken


def broken(rule: Callable[..., None], *values: Any, **named: Any) -> str | None:
    """Return the code of the broken rule, or None."""
    try:
        rule(*values, **named)
    except RuleBroken as fault:
        return fault.code if fault.detail else "without a detail"
    return None
