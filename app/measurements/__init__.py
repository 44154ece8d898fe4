"""Measurements outside a session: values taken between visits, or sent by another system.

Nouns: a *measurement*. Invariant: as in a session, a value lies on its instrument's scale.
"""
