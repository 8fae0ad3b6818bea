"""Scenarios that travel with the package, found by name."""

from __future__ import annotations

from pathlib import Path

from mfa.errors import MissingFile, Problem, did_you_mean

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
    if path.is_dir():
        text = f'"{source}" is a folder, not a scenario file'
        raise MissingFile(Problem("missing-file", text, hint="name a .yaml file in it"))
    if path.is_file():
        return path
    known = bundled_scenarios()
    if str(source) in known:
        return known[str(source)]
    near = [*known, *(p.as_posix() for p in path.parent.glob("*") if p.suffix in SUFFIXES)]
    raise MissingFile(
        Problem("missing-file", f'there is no scenario "{source}"', hint=did_you_mean(str(source), near))
    )
