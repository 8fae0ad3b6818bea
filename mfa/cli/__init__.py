"""The command line: the group `mfa` and one module for each family of commands."""

from __future__ import annotations

from mfa.cli.app import main

__all__ = ["main"]
