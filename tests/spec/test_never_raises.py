"""A mistake in a document gives problems, never an exception: random damage to a rich document."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest

from mfa.spec.reader import read_text
from mfa.spec.resolve import read_document
from mfa.spec.tree import Steps, find

RICH = """
mfa: 1
name: rich
dimensions:
  year: {range: [2020, 2022]}
  region: {labels: [NO, ROW], members: {ROW: ["*"]}}
  element: [Nd, Y]
  use: [ev, pc]
units: {mass: t, time: year}
bases: {REO: {Nd: Nd2O3, Y: Y2O3}}
processes:
  mine: {kind: source}
  m: {kind: market, statistical_difference: {cv: 5%}}
  u: {kind: stock}
  s: {kind: sink}
flows:
  a: {from: mine, to: m, commodity: ore, where: {region: NO}}
  b: {from: m, to: u, commodity: oxide, by: use}
  c: {from: u, to: s, by: [use]}
trade: {t: {at: m, commodity: oxide, pairs: all}}
compositions: {ore: {data: {Nd: 0.7, Y: 0.3}, dims: element, basis: REO}, oxide: mixed}
contents: {oxide: {value: 75%, unit: t REO / t gross}}
transfers: {u: {c: {value: 0.3, sd: 0.1}}}
stocks:
  k: {at: u, inflow: b, lifetime: {ev: {weibull: {mean: 15, shape: 3.5}}, pc: {fixed: 4}}, initial: 3 kt}
observations:
  o: {of: [a], at: {year: 2020, region: [NO]}, sum: element, value: 3 kt, interval: [2, 4], source: z}
  p: {of: {a: 0.5}, table: {file: x.csv, optional: true}, cv: 5%, floor: 1 t, derived_from: [o]}
constraints: {q: {of: a, at: {region: NO}, max: {data: {2020: 3}, dims: [year], unit: kt}}}
solve: {robust: huber, tolerance: 1e-9}
variants: {v: {set: {transfers.u.c: 1}, drop: [constraints.q]}, w: {from: v, set: {solve.robust: l2}}}
sweep: {x: {path: transfers.u.c.value, values: [0.5, 1]}}
outputs:
  indicators: {i: "sum(a[region=NO], year) / b"}
  figures: {f: {kind: area, of: a, by: region, unit: kt}}
sources: {z: {title: Z}}
"""
SCALARS: list[Any] = [
    None,
    True,
    0,
    -1,
    2024,
    1.5,
    1e300,
    "",
    "x",
    "a",
    "rest",
    "mixed",
    "NO",
    "10 kt",
    "10 %",
]
TEXTS: list[Any] = ["a.b", "*", "t Xx", "((", "a[", "1/0"]
CONTAINERS: list[Any] = [
    [],
    {},
    [1, "a", None],
    {"a": 1},
    {1: 2},
    [[1]],
    {"kind": 3},
    {"value": {"value": 1}},
]
JUNK = [*SCALARS, *TEXTS, *CONTAINERS, {"file": ["*"]}]
PIECES = ["", "\t", "\n", ":", "{", "]", "&a ", "*a", "!x ", "'", "- ", "\x07", "é"]


def paths(data: Any, steps: Steps = ()) -> Iterator[Steps]:
    if steps:
        yield steps
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, inner in pairs:
        yield from paths(inner, (*steps, key))


def damaged(data: dict[str, Any], rng: random.Random, times: int) -> dict[str, Any]:
    data = copy.deepcopy(data)
    for _ in range(times):
        steps = rng.choice(list(paths(data)))
        parent = find(data, steps[:-1])
        what = rng.random()
        if what < 0.7:
            parent[steps[-1]] = copy.deepcopy(rng.choice(JUNK))
        elif what < 0.85:
            del parent[steps[-1]]
        elif isinstance(parent, dict):
            parent[rng.choice(["a", "extra", 7, "mfa", "value", "of"])] = copy.deepcopy(rng.choice(JUNK))
    return data


@pytest.mark.parametrize("seed", range(6))
def test_damaged_documents_give_problems(seed: int) -> None:
    tree, problems = read_text(RICH, "rich.yaml")
    assert problems == []
    assert read_document(tree.data)[0] is not None
    rng = random.Random(seed)
    for _ in range(60):
        source = damaged(tree.data, rng, rng.randint(1, 4))
        document, found = read_document(source, variant=rng.choice([None, "v", "w"]))
        assert document is not None or any(p.severity == "error" for p in found)
        assert all(p.text and str(p) for p in found)
        if document is not None:
            assert document.identity


@pytest.mark.parametrize("seed", range(4))
def test_damaged_text_gives_problems(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(60):
        at = rng.randrange(len(RICH))
        text = RICH[:at] + rng.choice(PIECES) + RICH[at + rng.randint(0, 3) :]
        tree, problems = read_text(text, "rich.yaml")
        if not problems:
            _, problems = read_document(tree.data)
        assert all(p.text and str(p) for p in problems)
