"""Chi-square per degree of freedom over clean worlds with uncertain shares: `python -m tests.bench.shares`.

Goods of three elements enter a plant that splits them; masses, compositions and transfer coefficients are
reported with errors of the size they state. Shares are measured one by one (their sum is evidence), closed to
1 by whoever states them (it is none), or all but one (the rest follows). Where every error counts once, and
what cannot misfit not at all, the mean of chi-square is the mean of its degrees of freedom.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import mfa

ELEMENTS = ("A", "B", "R")
KINDS = ("measured", "closed", "rest", "cv", "transfers", "transfers closed")
Floats = npt.NDArray[np.float64]


def stated(truth: Floats, sd: Floats, kind: str, random: np.random.Generator) -> Floats:
    """Shares as they are reported: what was measured, or that closed to 1 by its variances."""
    while True:
        found = truth + sd * random.standard_normal(len(truth))
        if "closed" in kind:
            found += (1 - found.sum()) * sd**2 / np.sum(sd**2)
        if np.all((found > 0) & (found < 1)):
            return found


def world(kind: str, random: np.random.Generator) -> dict[str, Any]:
    """A scenario with reports of a world drawn at random."""
    shares = random.dirichlet([3.0, 2.0, 5.0], size=2)
    split, mass = random.uniform(0.3, 0.7), random.uniform(50, 150, 2)
    sd = 0.06 * shares if kind == "cv" else np.full((2, 3), 0.01)
    goods = {f"g{k}": _composition(shares[k], sd[k], kind, random) for k in range(2)}
    through = mass @ shares
    flows = {f"f{k}": {"from": "s", "to": "plant", "commodity": f"g{k}"} for k in range(2)}
    flows |= {name: {"from": "plant", "to": "t"} for name in ("out", "lost")}
    seen = {f"m{k}": ({"of": f"f{k}", "sum": "element"}, mass[k]) for k in range(2)}
    for place, (name, part) in enumerate((("out", split), ("lost", 1 - split))):
        for e, label in enumerate(ELEMENTS):
            if (e + place) % 2 == 0:
                seen[f"{name}_{label}"] = ({"of": name, "at": {"element": label}}, part * through[e])
    return {
        "mfa": 1,
        "dimensions": {"element": list(ELEMENTS)},
        "processes": {"s": {"kind": "source"}, "plant": {}, "t": {"kind": "sink"}},
        "flows": flows,
        "compositions": goods,
        "transfers": {"plant": _transfers(split, kind, random)},
        "observations": {
            name: {
                **of,
                "value": true * (1 + 0.03 * random.standard_normal()),
                "sd": 0.03 * true,
                "unit": "t",
            }
            for name, (of, true) in seen.items()
        },
    }


def _composition(truth: Floats, sd: Floats, kind: str, random: np.random.Generator) -> dict[str, Any]:
    found = stated(truth, sd, kind, random)
    entries: dict[str, Any] = {
        e: {"value": float(v), "cv": 0.06} if kind == "cv" else {"value": float(v), "sd": float(s)}
        for e, v, s in zip(ELEMENTS, found, sd, strict=True)
    }
    return {**entries, "R": "rest"} if kind == "rest" else entries


def _transfers(split: float, kind: str, random: np.random.Generator) -> dict[str, Any]:
    if not kind.startswith("transfers"):
        return {
            "out": {"value": float(stated(np.array([split]), np.array([0.02]), "", random)[0]), "sd": 0.02},
            "lost": "rest",
        }
    sd = np.array([0.02, 0.03])
    found = stated(np.array([split, 1 - split]), sd, kind, random)
    return {
        n: {"value": float(v), "sd": float(s)} for n, v, s in zip(("out", "lost"), found, sd, strict=True)
    }


def ratio(kind: str, count: int, seed: int) -> tuple[float, float]:
    """The mean of chi-square over its degrees of freedom in `count` worlds, and its standard error."""
    random = np.random.default_rng(seed)
    facts = [mfa.run(mfa.load(world(kind, random))).facts for _ in range(count)]
    chi2 = np.array([f["chi_square"] for f in facts])
    dof = np.array([f["degrees_of_freedom"] for f in facts])
    return float(chi2.mean() / dof.mean()), float(np.sqrt(2 * dof.mean() / count) / dof.mean())


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    print(f"{'shares':18}{'chi-square / dof':>18}{'standard error':>16}")
    for k, kind in enumerate(KINDS):
        found, error = ratio(kind, asked.worlds, asked.seed + k)
        print(f"{kind:18}{found:18.3f}{error:16.3f}")


if __name__ == "__main__":
    main()
