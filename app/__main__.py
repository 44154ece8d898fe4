"""`python -m app`, and the console script `needlework`."""

import gc

# The objects of a start stay alive: collecting garbage among them takes a fifth of its time.
gc.disable()

from app.cli import main  # noqa: E402 - this import is what takes the time

gc.freeze()
gc.enable()

if __name__ == "__main__":
    main()
