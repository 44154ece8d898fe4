"""Emergency access ("breaking the glass").

Nouns: an *emergency* is a period in which a practitioner may read all clinical data, for a reason
that they give. Invariant: only a person gets it, never a program. It lasts an hour at most and
allows only reads. The ledger records its beginning, its end and every read under it. Each has one
reason, one beginning and one end, like DICOM's audit events 110127 and 110138, so a client has
one at a time. Stands on `auth` and `ledger`.
"""
