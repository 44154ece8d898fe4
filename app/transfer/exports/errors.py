"""Why an export can't be given."""

from http import HTTPStatus

from app.core.values.problems import Problem, Unavailable


class NoParquet(Problem):
    """This server can't write Parquet; its operator has to install `needlework[parquet]`."""

    status, code, title = HTTPStatus.NOT_IMPLEMENTED, "no-parquet", "Parquet isn't installed"


class NoResearchKey(Unavailable):
    """The server has no key to make pseudonyms with; its operator has to give it one."""

    code, title = "no-research-key", "Pseudonyms can't be made"
