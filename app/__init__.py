"""Needlework: the record system for Gunn IMS and dry needling.

The house is a stack of features: imports go down only (see ``pyproject.toml``), and a
request flows route -> Operation -> service or query -> ledger -> one commit -> answer.
"""
