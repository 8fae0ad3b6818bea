"""Saved arrays and words, checked before anything is computed with them.

A file that a disk, a transfer or a person has changed may hold any shape, any index and any number; what it
holds is refused here, not found out by what would read beyond an array or never end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from mfa.errors import InputError, Problem
from mfa.files import is_file
from mfa.limits import RESULT_BYTES
from mfa.run.manifest import MANIFEST, sha256

PACKED = 1_100
"""Bytes that one byte of a packed array can stand for at most (deflate: 1,032)."""
LARGEST = 1e60
"""The size of a number up to which products of two do not overflow."""
KINDS = {"number": "f", "place": "iu", "flag": "b", "text": "OSU"}


class Unsound(ValueError):
    """A saved array or word that is not what a run writes."""


def unchanged(folder: Path, names: Sequence[str]) -> None:
    """Raise Unsound where a file is not the one whose hash the folder's manifest has.

    Without a manifest nothing is known of the files; they are then judged by what they hold alone.
    """
    manifest = folder / MANIFEST
    if not is_file(manifest):
        return
    try:
        outputs = json.loads(manifest.read_bytes())["outputs"]
        known = {str(name): str(found) for name, found in outputs.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unsound(f"{MANIFEST} is not what a run writes: {error}") from error
    for name in names:
        if name in known and (not is_file(folder / name) or sha256(folder / name) != known[name]):
            raise Unsound(f"{name} is not the file that the run wrote: {MANIFEST} has another hash of it")


def member(group: Any, name: str) -> Any:
    """An item of a group; raises Unsound where it has none of that name."""
    try:
        return group[name]
    except (KeyError, ValueError, RuntimeError, OSError) as error:
        raise Unsound(f"{group.name}/{name} is not there: {error}") from error


def array(group: Any, name: str, kind: str, shape: tuple[int, ...] | None = None) -> npt.NDArray[Any]:
    """An array of a kind (`number`, `place`, `flag` or `text`) and shape; raises Unsound for any other.

    What it unpacks to is counted before it is read.
    """
    item = member(group, name)
    where = f"{group.name}/{name}"
    if not isinstance(item, h5py.Dataset) or item.shape is None or item.dtype.kind not in KINDS[kind]:
        raise Unsound(f"{where} is no array of kind {kind}")
    if shape is not None and item.shape != shape:
        raise Unsound(f"{where} has the shape {item.shape}, not {shape}")
    size = item.size * item.dtype.itemsize
    if not RESULT_BYTES.allows(size) or size > PACKED * item.id.get_storage_size():
        raise Unsound(
            f"{where} is too large: at most {RESULT_BYTES} are accepted, and no more than it unpacks to"
        )
    try:
        found = np.asarray(item[...])
    except (RuntimeError, TypeError, MemoryError) as error:
        raise Unsound(f"{where} cannot be read: {error}") from error
    return np.asarray(found, dtype=found.dtype.newbyteorder("="))


def words(group: Any, name: str, size: int) -> list[str]:
    """The texts of an array, `size` of them."""
    found = array(group, name, "text", (size,))
    return [word(x.decode() if isinstance(x, bytes) else x, f"{group.name}/{name}") for x in found]


def word(value: Any, where: str) -> str:
    """A text; raises Unsound for anything else."""
    if not isinstance(value, str):
        raise Unsound(f"{where} is no text")
    return value


def attribute(group: Any, name: str) -> str:
    """A text that a group has as an attribute."""
    try:
        return word(group.attrs[name], f"{group.name}/{name}")
    except (KeyError, RuntimeError, OSError) as error:
        raise Unsound(f"{group.name} lacks {name}") from error


def read_json(text: str, where: str) -> Any:
    """What JSON text holds."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unsound(f"{where} is not JSON: {error}") from error


def within(values: npt.NDArray[Any], low: int, high: int, where: str) -> None:
    """Raise Unsound where a place is below `low` or not below `high`."""
    if len(values) and not (low <= values.min() and values.max() < high):
        raise Unsound(f"{where} points at places that do not exist")


def finite(values: npt.NDArray[Any], where: str, *, least: float = -LARGEST, gaps: bool = False) -> None:
    """Raise Unsound where a number is not finite, or out of all range; `gaps` lets NaN pass."""
    good = (values >= least) & (values <= LARGEST)
    if not (good | np.isnan(values) if gaps else good).all():
        raise Unsound(f"{where} holds numbers that are not finite or out of range")


def mapping(value: Any, where: str) -> Mapping[Any, Any]:
    """A mapping; raises Unsound for anything else."""
    if not isinstance(value, Mapping):
        raise Unsound(f"{where} is no mapping")
    return value


def damaged(what: str, error: Exception) -> InputError:
    """The refusal of a saved result."""
    return InputError(Problem("damaged", f"{what} is damaged: {error}", hint="run the scenario again"))
