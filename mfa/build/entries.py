"""The numbers of `data`, nested as the document writes them, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mfa.core.labels import Label

Entry = tuple[tuple[int, ...], Any, tuple[Label, ...]]
"""The position of a number, what is written of it, and the labels or places that lead to it."""


def entries(data: Any, axes: Sequence[Mapping[Label, int]]) -> Iterator[Entry]:
    """Every number of `data` nested in the order of `axes`, which give the position of each label.

    >>> list(entries({"DE": [1, 2]}, [{"FR": 0, "DE": 1}, {2020: 0, 2021: 1}]))
    [((1, 0), 1, ('DE', 0)), ((1, 1), 2, ('DE', 1))]
    """
    if not axes:
        yield (), data, ()
        return
    for label, inner in data.items() if isinstance(data, Mapping) else enumerate(data):
        here = axes[0][label] if isinstance(data, Mapping) else label
        for at, entry, steps in entries(inner, axes[1:]):
            yield (here, *at), entry, (label, *steps)
