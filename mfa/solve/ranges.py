"""Consecutive numbers from many starts, as sparse rows are gathered by."""

from __future__ import annotations

import numpy as np

from mfa.solve.problem import Ints


def ranges(start: Ints, count: Ints) -> Ints:
    """`start[k], start[k] + 1, ...`, `count[k]` of them for every k, one after another.

    >>> ranges(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    ends = np.cumsum(count)
    return np.repeat(start - ends + count, count) + np.arange(ends[-1] if len(ends) else 0)
