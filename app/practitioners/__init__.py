"""Practitioners: the people who needle, and their credentials.

Nouns: a *practitioner*, a *credential* (kind, issuing body, number, first and last day).
Invariant: each session has a copy of the credentials that were valid on its day.
"""
