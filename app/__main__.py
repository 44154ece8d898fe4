"""`python -m app`, and the console script `needlework`."""

import gc

# What a start makes stays: to look for garbage in it would take a fifth of its time.
gc.disable()

from app.cli import main  # noqa: E402 - it is what takes the time

gc.freeze()
gc.enable()

if __name__ == "__main__":
    main()
