"""Clinics: the owners of all records.

Nouns: a *clinic*. Invariant: every stored row belongs to exactly one clinic, and a clinic has
its ledger from the start. Stands on `core` and `ledger`.
"""
