"""Connectors: the files statistical offices publish, read into one tidy form.

Each connector is a module with `read(paths, **options)`; adding one is a module and a row in `CONNECTORS`.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

import pandas as pd

from mfa.data.tables import require_file, split_sheet
from mfa.errors import MfaError, Place, Problem, TableError, did_you_mean

CONNECTORS = {
    "usgs": "mfa.data.connectors.usgs",
    "dataweb": "mfa.data.connectors.dataweb",
    "baci": "mfa.data.connectors.baci",
    "comtrade": "mfa.data.connectors.comtrade",
}
"""Name of a format in a scenario -> the module that reads it, imported when first used."""


class Connector(Protocol):
    """What a connector module offers."""

    def read(self, paths: Sequence[Path], **options: object) -> pd.DataFrame:
        """The rows of the files, in the columns of `mfa.data.connectors.schema`."""


_HELD: dict[tuple[object, ...], pd.DataFrame] = {}
_SIZE = 16


def connector(name: str) -> Connector:
    """The module behind a format's name; raises TableError with the names there are."""
    if name not in CONNECTORS:
        hint = did_you_mean(name, [*CONNECTORS, "long"])
        raise TableError(Problem("table", f'no connector reads the format "{name}"', hint=hint))
    return cast(Connector, importlib.import_module(CONNECTORS[name]))


def read(name: str, paths: Sequence[str | Path], **options: object) -> pd.DataFrame:
    """The tidy rows of the files in a named format, read once per process while the files do not change.

    Raises :class:`~mfa.errors.MissingFile` and :class:`~mfa.errors.TableError`.
    """
    module = connector(name)
    files = [Path(p) for p in paths]
    for file in files:
        require_file(split_sheet(str(file))[0], None)
    key = (name, *(_stamp(f) for f in files), repr(sorted(options.items())))
    if key not in _HELD:
        while len(_HELD) >= _SIZE:
            _HELD.pop(next(iter(_HELD)))
        _HELD[key] = _called(module, name, files, options)
    return _HELD[key]


def _called(module: Connector, name: str, files: list[Path], options: dict[str, object]) -> pd.DataFrame:
    known = getattr(module, "OPTIONS", ())
    wrong = [o for o in options if o not in known]
    if wrong:
        raise TableError(
            *(Problem("table", f'"{o}" is no option of {name}', hint=did_you_mean(o, known)) for o in wrong)
        )
    try:
        return module.read(files, **options)
    except MfaError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # what other people's files may hold has no end: a cell that a layout never has
        where = Place(str(files[0])) if len(files) == 1 else None
        text = f'the file does not hold what the format "{name}" has: {error}'
        raise TableError(Problem("table", text, where)) from error


def _stamp(path: Path) -> tuple[str, int, int]:
    stat = split_sheet(str(path))[0].stat()
    return str(path), stat.st_mtime_ns, stat.st_size
