"""Which records are known to differ from the ledger, so that answers can mark them.

Each process keeps them in memory: a read must not pay for a look-up that finds nothing. The keeper
brings them up to date every minute.
"""

from collections.abc import Iterable
from uuid import UUID

_differing: dict[UUID, frozenset[tuple[str, UUID]]] = {}


def remember(clinic_id: UUID, differing: Iterable[tuple[str, UUID]]) -> None:
    """Replace what is known of a clinic: the resources and ids of rows that differ."""
    found = frozenset(differing)
    if found:
        _differing[clinic_id] = found
    else:
        _differing.pop(clinic_id, None)


def marked(clinic_id: UUID, resource: str, id: UUID) -> bool:
    """Return whether a record is known to differ from the ledger."""
    return bool(_differing) and (resource, id) in _differing.get(clinic_id, ())


def known(clinic_id: UUID, resource: str) -> list[UUID]:
    """Return the ids of the records of one resource that are known to differ."""
    found = _differing.get(clinic_id, ()) if _differing else ()
    return sorted(id_ for noun, id_ in found if noun == resource)
