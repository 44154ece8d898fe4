"""Coverage-guided fuzzing of the readers: `python -m tests.fuzz.coverage_guided`.

The arguments are libFuzzer's, such as `-max_total_time=60`. The first byte of an input selects the
reader that gets the rest.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["app", "joserfc"]):
    from tests.fuzz.readers import READERS, SEEDS


def one_of_them(raw: bytes) -> None:
    """Pass an input to its reader."""
    READERS[raw[0] % len(READERS) if raw else 0](raw[1:])


def main(*options: str) -> None:
    """Fuzz until the time is up or a reader breaks its promise."""
    with TemporaryDirectory() as folder:
        for number, reader in enumerate(READERS):
            for n, seed in enumerate(SEEDS[reader]):
                (Path(folder) / f"{reader.__name__}-{n}").write_bytes(bytes([number]) + seed)
        atheris.Setup([sys.argv[0], folder, *options], one_of_them)
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
