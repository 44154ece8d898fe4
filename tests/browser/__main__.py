"""`python -m tests.browser`: fetch a browser for the tests, where this machine has none."""

import sys

from tests.browser import NoBrowserError, fetch

try:
    fetch()
except NoBrowserError as error:
    sys.exit(str(error))
