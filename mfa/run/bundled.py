"""Scenarios that travel with the package, found by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mfa.errors import MissingFile, Problem, did_you_mean
from mfa.files import is_file, not_a_file

PACKAGE = Path(__file__).resolve().parents[1]
SUFFIXES = (".yaml", ".yml")


def bundled_root() -> Path:
    """The folder of `models/` and `scenarios/`: inside an installed package, or the checkout above it."""
    installed = PACKAGE / "bundled"
    return installed if installed.is_dir() else PACKAGE.parent


def bundled_scenarios() -> dict[str, Path]:
    """Name -> file of every scenario that comes with the package."""
    return {p.stem: p for p in sorted((bundled_root() / "scenarios").glob("*.yaml"))}


def find_scenario(source: str | Path) -> Path:
    """The file that a path or a bundled name means; raises MissingFile with the nearest name."""
    path = Path(source)
    if (problem := not_a_file(path)) is not None:
        hint = "name a .yaml file in it" if path.is_dir() else "name a .yaml file"
        raise MissingFile(replace(problem, hint=hint))
    if is_file(path):
        return path
    known = bundled_scenarios()
    if str(source) in known:
        return known[str(source)]
    near = [*known, *(p.as_posix() for p in path.parent.glob("*") if p.suffix in SUFFIXES)]
    raise MissingFile(
        Problem("missing-file", f'there is no scenario "{source}"', hint=did_you_mean(str(source), near))
    )
