"""`python -m tests.browser` fetches a browser for the tests, if this machine has none."""

import sys

from tests.browser import NoBrowserError, fetch

try:
    fetch()
except NoBrowserError as error:
    sys.exit(str(error))
