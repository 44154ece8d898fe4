"""Values that all other packages use: bodies, views, problems, faults, scopes, callers, the clock.

Invariant: input is read strictly, or refused with all of its faults at once.
Imports no other package of ours.
"""
