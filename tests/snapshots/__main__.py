"""Rewrites the snapshots: `python -m tests.snapshots`."""

from tests.snapshots import HERE, snapshots

for name, text in snapshots().items():
    (HERE / name).write_text(text, "utf-8")
