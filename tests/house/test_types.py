"""Types say something: no name stands for a dictionary of anything; no signature is rewritten."""

import re

from tests.house.tree import ROOT, place, python_files

ALIAS = re.compile(r"^(\w+)(?:: \w+)? = .*(?:dict|Mapping)\[.*\b(?:Any|object)\b", re.MULTILINE)
REWRITTEN = re.compile(r"__signature__ *=|__annotations__\[")
# Names of JSON, columns or SQL that nobody reads a member of; none of them is a record.
KNOWN = {
    "app/cli/story.py": {"Json"},  # the bodies that the demo sends
    "app/core/db/bulk.py": {"Rows"},  # rows to insert, by column
    "app/core/db/nested.py": {"Shape"},  # JSON members and the SQL that gives them
    "app/core/http/contract.py": {"Responses"},  # parts of an OpenAPI document
    "app/progress/queries/fields.py": {"Sources", "Columns"},  # fields and the SQL that gives them
    "app/progress/rules/history.py": {"Json"},  # parts of the progress document
    "app/state/states.py": {"Values"},  # rows of any kind, compared member by member
    "app/progress/rules/wording.py": {"Json"},  # the same, read only
    "app/summaries/rules/amendments.py": {"Json"},  # two versions, compared member by member
}


def test_no_name_stands_for_a_record_of_unknown_members() -> None:
    found = {
        place(path): names
        for path in python_files()
        if path.is_relative_to(ROOT / "app") and (names := set(ALIAS.findall(path.read_text())))
    }
    assert found == KNOWN


def test_no_signature_or_annotation_is_rewritten() -> None:
    app = [path for path in python_files() if path.is_relative_to(ROOT / "app")]
    assert [place(path) for path in app if REWRITTEN.search(path.read_text("utf-8"))] == []
