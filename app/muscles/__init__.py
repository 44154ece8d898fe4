"""The catalogue: the muscles, and parts of muscles, that can be needled.

Nouns: a *muscle* (one entry with a slug; a part of a muscle is an entry of its own), a *group*
(the whole muscle that its parts count towards), a *segment* (of the nerves that supply a muscle)
and a *spinal level* (of a needling beside the spine).
Invariant: a slug never changes its meaning, because signed records hold it forever. Every session
stores the catalogue version it was written with. A wrong data file stops the program at import.
Stands on `core`, and `data/muscles.csv`.
"""
