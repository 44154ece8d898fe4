"""Examples for the OpenAPI document: recorded requests and answers, and code that sends them.

`recorded/` has a file for each operation. `make snapshots` rewrites these files from a running
application; nobody writes them by hand. They are read once, when the document is made.
"""
