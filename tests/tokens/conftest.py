"""The back end that most of these tests begin with."""

import pytest

from tests.ground import Api
from tests.tokens.back_end import BackEnd


@pytest.fixture(name="emr")
def new_back_end(api: Api) -> BackEnd:
    return BackEnd(api)
