"""Writes flodym_cases.json beside it: `python tests/core/data/make_flodym_cases.py`, with flodym 1.1.0.

Lifetimes, moments of entry, periods, changes by cohort or by year, and drives are combined so that each of
them meets many of the others. Outflows are as flodym gives them, also where years are uneven and they do not
balance.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import flodym as fd
import numpy as np

LIFETIMES: list[tuple[str, dict[str, float]]] = [
    ("fixed", {"mean": 3.5}),
    ("fixed", {"mean": 7}),
    ("normal", {"mean": 8, "sd": 2}),
    ("normal", {"mean": 1.2, "sd": 0.6}),
    ("folded_normal", {"mean": 2, "sd": 1.5}),
    ("folded_normal", {"mean": 6, "sd": 8}),
    ("lognormal", {"mean": 0.5, "sd": 0.1}),
    ("lognormal", {"mean": 12, "sd": 9}),
    ("weibull", {"shape": 0.8, "scale": 0.6}),
    ("weibull", {"shape": 3.5, "scale": 15}),
    ("weibull", {"shape": 1.0, "scale": 4}),
]
TIMINGS = ["start", "middle", "end", *(f"gauss({n})" for n in range(2, 11))]
YEARS = {
    "even": list(range(2000, 2012)),
    "fives": list(range(1960, 2020, 5)),
    "uneven": [1990, 2000, 2005, 2010, 2011, 2012, 2013, 2014, 2016, 2020, 2030, 2050],
}
FACTORS = [1.0, 1.2, 0.8, 1.0, 1.5, 1.5, 0.7, 1.0, 1.1, 0.9, 1.3, 0.6]
INFLOW = [10.0, 12, 15, 11, 0, 14, 13, 16, 12, 10, 3, 7]
RISING = [10.0, 22, 30, 41, 55, 60, 70, 85, 90, 95, 99, 130]
FALLING = [40.0, 60, 90, 80, 30, 25, 20, 5, 30, 30, 2, 10]
NAMES = {"mean": "mean", "sd": "std", "shape": "weibull_shape", "scale": "weibull_scale"}
CLASSES = {
    "fixed": fd.FixedLifetime,
    "normal": fd.NormalLifetime,
    "folded_normal": fd.FoldedNormalLifetime,
    "lognormal": fd.LogNormalLifetime,
    "weibull": fd.WeibullLifetime,
}


def lifetime(dims: Any, kind: str, parameters: dict[str, float], by: str | None, timing: str) -> Any:
    """flodym's lifetime model."""
    options: dict[str, Any] = {NAMES[k]: v for k, v in parameters.items()}
    if by:
        options[f"lt_factor_by_{by}"] = np.array(FACTORS)
    if timing.startswith("gauss"):
        options["n_pts_per_interval"] = int(timing[6:-1])
    else:
        options["inflow_at"] = timing
    return CLASSES[kind](dims=dims, **options)


def solve(case: dict[str, Any]) -> dict[str, Any] | None:
    """The case with flodym's numbers; None where too little of an inflow is left to hold a stock."""
    items = YEARS[case["years"]]
    dims = fd.DimensionSet(dim_list=[fd.Dimension(name="time", letter="t", items=items, dtype=int)])
    life = lifetime(dims, case["kind"], case["parameters"], case["by"], case["timing"])
    if case["drive"] == "inflow":
        model: Any = fd.InflowDrivenDSM(
            dims=dims, inflow=fd.StockArray(dims=dims, values=np.array(INFLOW)), lifetime_model=life
        )
    else:
        if life.sf.diagonal().min() < 0.05:
            return None
        levels = np.array(RISING if case["drive"] == "rising" else FALLING)
        model = fd.StockDrivenDSM(
            dims=dims, stock=fd.StockArray(dims=dims, values=levels), lifetime_model=life
        )
    model.compute()
    found = {name: getattr(model, name).values.tolist() for name in ("inflow", "stock", "outflow")}
    return case | found


def main() -> None:
    """Write the cases."""
    drives, years, ways = ["inflow", "rising", "falling"], list(YEARS), [None, "cohort", "year"]
    cases = []
    for k, ((kind, parameters), timing) in enumerate(itertools.product(LIFETIMES, TIMINGS)):
        turn = k // 12 + k % 12
        if turn % 2:
            continue
        case = {
            "kind": kind,
            "parameters": parameters,
            "timing": timing,
            "years": years[turn // 2 % 3],
            "by": ways[(turn // 2 + k // 24) % 3],
            "drive": drives[(turn // 6 + k // 12) % 3],
        }
        cases.append(solve(case))
    whole = {
        "flodym": "1.1.0",
        "years": YEARS,
        "factors": FACTORS,
        "cases": [c for c in cases if c is not None],
    }
    text = json.dumps(whole, indent=None, separators=(",", ":")).replace('{"kind"', '\n{"kind"')
    Path(__file__).with_name("flodym_cases.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
