"""The manifest: what went in, what came out, and with which versions."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
PACKAGES = (
    "mfa",
    "numpy",
    "scipy",
    "xarray",
    "pandas",
    "matplotlib",
    "h5netcdf",
    "h5py",
    "qdldl",
    "pydantic",
    "pint",
)


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def input_names(digests: Mapping[Path, str], root: Path) -> dict[str, str]:
    """Name -> SHA-256 of files: those inside `root` by their path from it, others by their name.

    Others of one name have as many of the folders above them before it as tell them apart.
    """
    found: dict[str, str] = {}
    for file, digest in sorted(digests.items()):
        path = file.resolve()
        inside = path.is_relative_to(root)
        parts = path.relative_to(root).parts if inside else path.parts
        shown = len(parts) if inside else 1
        while (name := "/".join(parts[-shown:])) in found and shown < len(parts):
            shown += 1
        found[name] = digest
    return dict(sorted(found.items()))


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that numbers depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def write_manifest(folder: Path, *, inputs: Mapping[str, str], facts: Mapping[str, Any]) -> Path:
    """`manifest.json` over every file now in the folder."""
    target = folder / MANIFEST
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p != target)
    content = {
        "inputs": dict(inputs),
        "outputs": {p.relative_to(folder).as_posix(): sha256(p) for p in files},
        "versions": versions(),
        **facts,
    }
    return _written(target, content)


def update_manifest(folder: Path, files: Iterable[str]) -> Path:
    """`manifest.json` of a folder with the hashes of some of its files as they are now."""
    target = folder / MANIFEST
    content = json.loads(target.read_text(encoding="utf-8"))
    content["outputs"].update({name: sha256(folder / name) for name in files})
    return _written(target, content)


def _written(target: Path, content: Mapping[str, Any]) -> Path:
    """The manifest in its place, where it stands whole or as it was."""
    partial = target.with_name(f".{target.name}")
    partial.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(target)
    return target
