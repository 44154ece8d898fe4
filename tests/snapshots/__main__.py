"""Rewrites the snapshots and the recorded examples: `python -m tests.snapshots`."""

from app.core.http.examples.recorded import FOLDER
from tests.snapshots import HERE, snapshots
from tests.snapshots.recording import recordings
from tests.sweeps.document import document

recorded = recordings()
for path in FOLDER.glob("*.json"):
    path.unlink()
for name, text in recorded.items():
    (FOLDER / name).write_text(text, "utf-8")
document.cache_clear()  # the document now has other examples
for name, text in snapshots().items():
    (HERE / name).write_text(text, "utf-8")
