"""Practitioners: who needles, and what they are trained for.

Nouns: a *practitioner*, a *credential* (kind, body, number, from when to when).
Invariant: credentials are copied onto each session as they were on its date.
"""
