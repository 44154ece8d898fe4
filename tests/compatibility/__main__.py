"""Makes the present document the baseline: `python -m tests.compatibility`, at a release."""

import json

from tests.compatibility import BASELINE
from tests.compatibility.rules import essence
from tests.sweeps.document import document

text = json.dumps(essence(document()), indent=1, ensure_ascii=False, sort_keys=True)
BASELINE.write_text(text + "\n", "utf-8")
