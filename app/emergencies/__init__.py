"""Emergency access: breaking the glass.

Nouns: an *emergency*, the time for which a practitioner may read all that is clinical, for a reason
that he gives. Invariant: it is for a person and never for a program, it lasts an hour at most and
adds nothing but reads, and the ledger tells its beginning, its end and every look under it. One
reason, one beginning and one end each, as DICOM's audit events 110127 and 110138 have it, so a
client has one at a time. Stands on `auth` and `ledger`.
"""
