"""Vocabularies: the fixed words of a member.

    Grasp = TypeAliasType("Grasp", Literal["none", "mild", "moderate", "strong"])

Pydantic makes one named schema of such an alias, which all its members refer to. Of a bare
`Literal` it would repeat the words in each member, and generated clients would number their types.
"""

from typing import Any, get_args

from typing_extensions import TypeAliasType


def words_of(vocabulary: TypeAliasType) -> tuple[Any, ...]:
    """Return the words of a vocabulary, in their order."""
    return get_args(vocabulary.__value__)
