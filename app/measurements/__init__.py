"""Measurements outside a session: values taken between visits, or sent by another system.

Nouns: a *measurement*. Invariant: a value is on its instrument's scale, as in a session.
"""
