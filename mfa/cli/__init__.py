"""The command line: `mfa run`, `check`, `show`, `plot`, `report`, `diff`, `explain`, `schema`, `init`, `list`, `doctor`."""

from __future__ import annotations

from mfa.cli.app import main

__all__ = ["main"]
