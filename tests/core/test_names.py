"""Names as people write them: the family name first where the script is of such a language."""

import pytest

from app.core.values.names import full_name, listed_name

IN_ORDER = [
    ("小明", "欧阳", "欧阳小明"),
    ("恵子", "佐々木", "佐々木恵子"),
    ("さくら", "田中", "田中さくら"),
    ("민준", "김", "김민준"),
]
AS_THEY_STAND = [("Ana", "Núñez"), ("محمد رضا", "حسینی"), ("Ming", "王"), ("マリア", "スミス")]


@pytest.mark.parametrize(("given", "family", "whole"), IN_ORDER)
def test_east_asian_names_have_the_family_name_first_and_no_blank(
    given: str, family: str, whole: str
) -> None:
    assert full_name(given, family) == whole
    assert listed_name(given, family) == whole


@pytest.mark.parametrize(("given", "family"), AS_THEY_STAND)
def test_other_names_keep_their_order_and_their_blank(given: str, family: str) -> None:
    assert full_name(given, family) == f"{given} {family}"
    assert listed_name(given, family) == f"{family}, {given}"


def test_a_single_name_stands_alone_and_none_is_said_to_be_unknown() -> None:
    assert full_name("小明", None) == listed_name("小明", None) == "小明"
    assert full_name(None, None) == listed_name(None, None) == "name unknown"
