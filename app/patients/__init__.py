"""Patients: whom the record is about.

Nouns: a *patient*, an *identifier* (what another system calls the patient).
Invariant: an identifier leads to at most one patient of a clinic; no name stands in a URL.
"""
