"""The operator's page says in one line what each role may do, and why."""

import re

from app.core.values.access import ROLES
from tests.docs.test_examples import OPERATOR

ROW = re.compile(r"^\| `([a-z-]+)` \| [^|]+ \| [^|]+ \|$", re.MULTILINE)


def test_every_role_is_justified_in_one_line() -> None:
    roles = OPERATOR.read_text("utf-8").partition("### Roles\n")[2].partition("\n## ")[0]
    assert ROW.findall(roles) == list(ROLES)
