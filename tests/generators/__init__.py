"""The clients that three code generators make of the OpenAPI document, and the job they do.

`make clients` runs it; the README here says more.
"""
