"""Whether a client of the last release still works with the present document.

`baseline.json` is the document of the last release, without what clients don't rely on. Rewrite it
with `python -m tests.compatibility` when a version is released, and empty `allowed.py`.
"""

from pathlib import Path

BASELINE = Path(__file__).parent / "baseline.json"
