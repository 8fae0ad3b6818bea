"""Names of cells: the same whatever the order they are asked for in."""

from __future__ import annotations

import numpy as np

import mfa
from mfa.build import build
from mfa.build.naming import cell_name, element_namer, tensor_namer
from tests.build.documents import CHAIN, merged


def test_names_do_not_depend_on_the_order_of_asking() -> None:
    changes = {"dimensions": {"element": ["Nd", "Fe"]}, "observations": {"dug": {"sum": "element"}}}
    system = build(mfa.load(merged(CHAIN, changes))).system
    index = system.edge("ore").cells
    tensor = tensor_namer(system, "ore", index, 2)
    cell, element = np.divmod(np.arange(18), 2)
    chosen = element_namer(system, "ore", index, cell, element)
    for k in np.random.default_rng(0).permutation(18).tolist():
        expected = cell_name(system, "ore", index, k // 2, k % 2)
        assert tensor(k) == chosen(k) == expected
    assert tensor(0) == "ore[2020, AAA, Nd]"
    assert tensor_namer(system, "gross ore", index, 1)(4) == "gross ore[2021, BBB]"
