from __future__ import annotations

import numpy as np
from scipy import sparse

from mfa.solve.separable import parts


def test_parts_share_no_row_and_hold_everything() -> None:
    rng = np.random.default_rng(4)
    blocks = [rng.normal(size=(3, 5)) * (rng.random((3, 5)) < 0.8) for _ in range(6)]
    rows = sparse.csc_array(sparse.block_diag([*blocks, np.zeros((0, 2))]))
    found = parts.parts_of(rows)
    assert sorted(np.concatenate([p.rows for p in found]).tolist()) == list(range(18))
    assert sorted(np.concatenate([p.columns for p in found]).tolist()) == list(range(32))


def test_components_are_not_mixed_when_parts_are_small() -> None:
    rows = sparse.csc_array(sparse.block_diag([np.ones((2, 4))] * 5))
    found = parts.parts_of(rows, useful=5)
    assert [len(p.columns) for p in found] == [8, 4, 4, 4]
    dense = rows.toarray()
    for part in found:
        others = np.setdiff1d(np.arange(20), part.columns)
        assert not dense[part.rows][:, others].any()
