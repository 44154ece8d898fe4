"""Values that every room uses: bodies and views, problems and faults, scopes, callers, the clock.

Invariant: what comes from outside is read strictly, or refused with every fault at once.
Stands on nothing of ours.
"""
