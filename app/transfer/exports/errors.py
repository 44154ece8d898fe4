"""Why an export can't be given."""

from http import HTTPStatus

from app.core.problems import Problem


class NoParquet(Problem):
    """This server can't write Parquet; its operator has to install `needlework[parquet]`."""

    status, code, title = HTTPStatus.NOT_IMPLEMENTED, "no-parquet", "Parquet isn't installed"
