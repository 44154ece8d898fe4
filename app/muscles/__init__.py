"""The catalogue: the muscles and parts of muscles that a needle can be put into.

Nouns: a muscle (one entry, known by its slug; a part of a muscle is an entry of its own), a
group (the whole that parts roll up to), a segment (of the nerves that supply a muscle) and a
spinal level (of a needle beside the spine).
Invariant: a slug never changes its meaning, for signed records hold it forever; every session
keeps the catalogue version it was written with. A broken data file stops the program at import.
Stands on: core, and `data/muscles.csv`.
"""
