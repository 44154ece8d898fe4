"""Clinics: who owns the records.

Nouns: a *clinic*. Invariant: everything stored belongs to exactly one clinic, and a clinic has
its ledger from its first moment on. Stands on `core` and `ledger`.
"""
