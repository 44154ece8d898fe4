"""The problems of exports."""

from http import HTTPStatus

from app.core.values.problems import Problem, Unavailable


class NoParquet(Problem):
    """This server can't write Parquet. Its operator has to install `needlework[parquet]`."""

    status, code, title = HTTPStatus.NOT_IMPLEMENTED, "no-parquet", "Parquet isn't installed"


class NoResearchKey(Unavailable):
    """The server has no key for pseudonyms. Its operator has to configure one."""

    code, title = "no-research-key", "Pseudonyms can't be made"
