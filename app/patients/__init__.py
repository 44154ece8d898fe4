"""Patients: the people whom records are about.

Nouns: a *patient*, an *identifier* (what another system calls the patient).
Invariant: an identifier belongs to at most one patient of a clinic. No URL contains a name.
"""
