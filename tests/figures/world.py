# ruff: noqa: E501
"""A small balanced world as a result: 3 regions, 4 years, 4 elements, one trade, one recycling loop."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mfa.core.stock.ages import Ages, Part
from mfa.run.result import INDICATOR, STATUSES, Quantity, Result

YEARS = (2019, 2020, 2021, 2022)
REGIONS = ("CHN", "USA", "ROW")
ELEMENTS = ("La", "Nd", "Dy", "Y")
MIX = np.array([0.48, 0.40, 0.02, 0.10])
REO = {"La": 1.1728, "Nd": 1.1664, "Dy": 1.1477, "Y": 1.2699}
PROCESSES = {
    "mine": ("source", "Mining"),
    "ores": ("market", "Concentrate market"),
    "separation": ("process", "Separation"),
    "oxides": ("market", "Compounds market"),
    "magnets": ("process", "Magnet making"),
    "use": ("stock", "Magnets in use"),
    "recycling": ("process", "Recycling"),
    "other": ("sink", "Other uses"),
    "losses": ("sink", "Losses"),
}
FLOWS = {
    "mined": ("mine", "ores", "Ore mined"),
    "fed": ("ores", "separation", "Concentrate separated"),
    "separated": ("separation", "oxides", "Separated compounds"),
    "tailings": ("separation", "losses", "Separation residue"),
    "to_magnets": ("oxides", "magnets", "Magnet materials"),
    "to_other": ("oxides", "other", "Other uses"),
    "made": ("magnets", "use", "Magnets"),
    "swarf": ("magnets", "recycling", "Swarf"),
    "retired": ("use", "recycling", "Retired magnets"),
    "recovered": ("recycling", "oxides", "Recovered compounds"),
    "slag": ("recycling", "losses", "Recycling residue"),
}
AGES = Ages("year", ("made",), ("retired",), "uniform", (Part("fixed", {"mean": 3.5}),))
MINED = {"CHN": 120000.0, "USA": 40000.0, "ROW": 25000.0}
TRADED = {("USA", "CHN"): 30000.0, ("ROW", "CHN"): 9000.0, ("ROW", "USA"): 1500.0, ("CHN", "USA"): 400.0}


def _amounts() -> dict[str, np.ndarray]:
    """Every flow over (year, region, element), mass-balanced; the oxides market lacks 3 % of its outflow."""
    growth = np.array([1.0, 1.1, 1.25, 1.4])[:, None, None]
    mined = growth * np.array([MINED[r] for r in REGIONS])[None, :, None] * MIX
    net = np.zeros((4, 3, 4))
    for (a, b), mass in TRADED.items():
        net[:, REGIONS.index(a)] -= growth[:, 0] * mass * MIX
        net[:, REGIONS.index(b)] += growth[:, 0] * mass * MIX
    fed = mined + net
    share = np.array([0.0, 0.9, 0.9, 0.05])
    supply = 0.92 * fed
    to_magnets = supply * share / (1 - 0.25 * 0.9)
    swarf, retired = 0.25 * to_magnets, 0.05 * to_magnets
    recovered = 0.9 * (swarf + retired)
    made = to_magnets - swarf
    other = 1.03 * (supply + recovered - to_magnets)
    return {
        "mined": mined, "fed": fed, "separated": supply, "tailings": 0.08 * fed, "to_magnets": to_magnets,
        "to_other": other, "made": made, "swarf": swarf, "retired": retired, "recovered": recovered,
        "slag": 0.1 * (swarf + retired), "oxides.statistical_difference": other - (supply + recovered - to_magnets),
        "in_use": np.cumsum(made - retired, axis=0),
    }  # fmt: skip


def _quantity(name: str, kind: str, ends: tuple[str, str, str], values: np.ndarray, **more: Any) -> Quantity:
    cells = list(itertools.product(YEARS, REGIONS))
    labels = {a: np.array([c[k] for c in cells], dtype=object) for k, a in enumerate(("year", "region"))}
    value = values.reshape(len(cells), len(ELEMENTS))
    source, target, label = ends
    return Quantity(
        name=name, kind=kind, label=label, source=source, target=target, commodity="", axes=("year", "region"),
        labels=labels, elements=ELEMENTS, **_numbers(value, 0.07 * np.abs(value)),
        status=np.where(value != 0, STATUSES.index("determined"), -1).astype(np.int8),
        unit="t" if kind == "stock" else "t/year", **more,
    )  # fmt: skip


def _numbers(value: np.ndarray, sd: np.ndarray) -> dict[str, np.ndarray]:
    """The numbers of a quantity that no bound bites."""
    ends = {"low": value - 1.96 * sd, "high": value + 1.96 * sd}
    return {"value": value, "mean": value, "sd": sd, **ends, "mark": np.zeros(value.shape, np.int8)}


def _trade() -> Quantity:
    growth = dict(zip(YEARS, (1.0, 1.1, 1.25, 1.4), strict=True))
    cells = [(y, a, b) for y in YEARS for a, b in TRADED]
    value = np.array([growth[y] * TRADED[a, b] * MIX for y, a, b in cells])
    labels = {
        a: np.array([c[k] for c in cells], dtype=object)
        for k, a in enumerate(("year", "exporter", "importer"))
    }
    return Quantity(
        name="ore_trade", kind="trade", label="Concentrate trade", source="ores", target="ores", commodity="",
        axes=("year", "exporter", "importer"), labels=labels, elements=ELEMENTS, **_numbers(value, 0.1 * value),
        status=np.zeros(value.shape, np.int8), unit="t/year",
    )  # fmt: skip


def quantities() -> dict[str, Quantity]:
    """All flows, the trade, one statistical difference, one stock and reserves kept in REO."""
    values = _amounts()
    found = [_quantity(n, "flow", ends, values[n]) for n, ends in FLOWS.items()]
    name = "oxides.statistical_difference"
    ends = ("", "oxides", "Compounds market: statistical difference")
    found += [_trade(), _quantity(name, "difference", ends, values[name])]
    found.append(_quantity("in_use", "stock", ("use", "use", "Magnets in use"), values["in_use"]))
    return {q.name: q for q in found}


def _observed(**row: Any) -> dict[str, Any]:
    """A row of the observations table from what matters in a test."""
    blank = {
        "edition": "2025-01", "source": "usgs", "adjusted_sd": 0.3 * row["sigma"], "leverage": 0.4, "flag": "",
        "standing": "counted", "unit": "t REO", "derived_from": "", "reported_by": "", "place": "data/production.csv:2",
        "element": None, "exporter": None, "importer": None, "region": None,
    }  # fmt: skip
    made = {**blank, **row}
    made["residual"] = made["value"] - made["adjusted"]
    made["shift"] = -made["residual"] / max(made["sigma"], 1e-12)
    return {"z": -made["shift"], **made}


def observations() -> pd.DataFrame:
    """Production reports (one of them superseded, one derived, one grossly wrong) and both sides of a trade."""
    rows = [
        _observed(name="production", of="mined", year=y, region=r, value=v, sigma=0.05 * v, adjusted=v * f)
        for k, y in enumerate(YEARS)
        for r, v, f in (
            ("CHN", 140000 + 9000 * k, 1.02),
            ("USA", 46000 + 2000 * k, 0.97),
            ("ROW", 29000, 1.01),
        )
    ]
    rows[4] |= {"flag": "conflict", "z": 3.3}
    rows[7] |= {"flag": "gross error", "value": 21000.0, "sigma": 2100.0, "z": -9.8}
    old = {"standing": "superseded", "flag": "superseded", "edition": "2022-01"}
    rows.append({**rows[7], **old, "value": 43000.0, "sigma": 4300.0})
    derived = {"standing": "derived", "flag": "derived", "source": "customs", "derived_from": "china_ores"}
    rows.append({**rows[2], **derived, "name": "imports_as_production", "value": 27000.0})
    pair = {"exporter": "USA", "importer": "CHN", "unit": "t gross"}
    for k, y in enumerate(YEARS):
        true = 50000.0 * (1 + 0.1 * k)
        wrong = 1.6 if y == 2019 else 1.04
        common = {"year": y, "adjusted": true, "of": "ore_trade", **pair}
        rows.append(
            _observed(
                name="us_exports",
                value=true,
                sigma=0.1 * true,
                reported_by="exporter",
                source="census",
                **common,
            )
        )
        rows.append(
            _observed(
                name="china_ores",
                value=wrong * true,
                sigma=0.1 * true,
                reported_by="importer",
                source="customs",
                **common,
            )
        )
    statement = {"name": "oxides.statistical_difference", "of": "oxides.statistical_difference", "unit": "1"}
    rows.append(
        _observed(
            year=2022, region="CHN", value=0.0, sigma=0.1, adjusted=0.03, standing="counted", **statement
        )
    )
    columns = [
        "name", "of", "year", "region", "exporter", "importer", "element", "source", "edition", "value", "sigma",
        "adjusted", "adjusted_sd", "residual", "shift", "z", "leverage", "flag", "standing", "unit",
        "derived_from", "reported_by", "place",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _balances() -> pd.DataFrame:
    """The balance of both markets, with an invented rounding error."""
    values, rows = _amounts(), []
    inflow = {"ores": values["fed"], "oxides": values["to_magnets"] + values["to_other"]}
    for process, (k, y), (j, r), (i, e) in itertools.product(
        inflow, enumerate(YEARS), enumerate(REGIONS), enumerate(ELEMENTS)
    ):
        x, error = inflow[process][k, j, i], 1e-11 * (k + j + i)
        row = {"process": process, "year": y, "region": r, "element": e, "inflow": x, "outflow": x}
        rows.append({**row, "stock_change": 0.0, "difference": x * error, "throughput": x, "relative": error})
    return pd.DataFrame(rows).sort_values("relative", ascending=False, kind="stable").reset_index(drop=True)


def _parameters() -> pd.DataFrame:
    common = {
        "source": "literature",
        "edition": "v1",
        "standing": "counted",
        "unit": "1",
        "leverage": 0.2,
        "flag": "",
    }
    return pd.DataFrame([
        {"name": "transfers.separation.tailings", "of": "transfers.separation.tailings", "year": None, "value": 0.1,
         "sigma": 0.02, "adjusted": 0.08, "adjusted_sd": 0.01, "residual": 0.02, "shift": -1.0, "z": 1.2, **common},
        {"name": "contents.ore", "of": "contents.ore", "year": None, "value": 0.6, "sigma": 0.03, "adjusted": 0.61,
         "adjusted_sd": 0.02, "residual": -0.01, "shift": 0.333, "z": -0.4, **common},
    ])  # fmt: skip


FIGURES: Mapping[str, Mapping[str, Any]] = {
    "sankey_nd": {
        "kind": "sankey",
        "at": {"year": [2022], "element": ["Nd"]},
        "unit": "t",
        "title": "Neodymium, 2022",
    },
    "sankey_chn": {"kind": "sankey", "at": {"year": 2022, "region": "CHN"}, "unit": "kt REO"},
    "mine_production": {
        "kind": "area",
        "of": ["mined"],
        "by": "region",
        "unit": "kt REO",
        "title": "Mine production",
    },
    "made_by_element": {
        "kind": "area",
        "of": ["made"],
        "by": "element",
        "at": {"region": ["CHN"]},
        "unit": "t",
        "top": 2,
    },
    "stock": {"kind": "area", "of": "in_use", "unit": "kt", "at": {"year": [2021]}},
    "adjustments": {"kind": "adjustments", "title": "Reported and adjusted", "top": 12},
    "mirror": {"kind": "mirror", "of": ["ore_trade"]},
    "magnets_by_age": {"kind": "ages", "of": "in_use", "by": "region", "unit": "kt REO"},
}


def world() -> Result:
    """The result of the small world."""
    facts = {
        "question": "reconcile", "unknowns": 700, "exact_rows": 300, "observations_counted": 21,
        "observations_kept_aside": 2, "iterations": 7, "chi_square": 131.2, "degrees_of_freedom": 9.6,
        "critical_value": 18.2, "p_value": 1e-20, "worst_closure": 9.5e-10, "free_cells": 2,
        "bases": {"REO": REO}, "order": tuple(quantities()),
    }  # fmt: skip
    free = pd.DataFrame([
        {"kind": "free", "name": "slag[2022, ROW, La]", "value": np.nan, "sd": np.nan, "low": 0.0, "high": 25.0},
        {"kind": "sum", "name": "slag[2022, ROW, La] + slag[2022, ROW, Y]", "value": 25.0, "sd": 3.0, "low": np.nan,
         "high": np.nan},
    ])  # fmt: skip
    indicators = pd.DataFrame([
        {"name": "recycled_content", "year": y, "value": 0.2 + 0.01 * k, "sd": 0.015} for k, y in enumerate(YEARS)
    ])  # fmt: skip
    ends = dict.fromkeys(("mean", "low", "high", "cautious_low", "cautious_high"), indicators["value"])
    indicators = indicators.assign(**ends, unit="1", basis="", mark="", formula="").reindex(
        columns=[c for c in indicators.columns if c not in INDICATOR] + list(INDICATOR)
    )
    return Result(
        name="small-world", title="A small world of rare earths", dimensions={"year": YEARS, "region": REGIONS, "element": ELEMENTS},
        titles={"year": {}, "region": {"CHN": "China", "USA": "United States", "ROW": "Rest of world"}, "element": {}},
        processes={n: {"kind": k, "label": label} for n, (k, label) in PROCESSES.items()}, quantities=quantities(),
        observations=observations(), balances=_balances(), free=free, parameters=_parameters(), indicators=indicators,
        scenario="mfa: 1\nname: small-world\ndescription: A test world.\n", identity="0" * 64, facts=facts,
        outputs={"indicators": {"recycled_content": "recovered / to_magnets"}, "figures": FIGURES},
        sources={"usgs": {"title": "USGS Mineral Commodity Summaries", "licence": "public domain", "url": "https://www.usgs.gov"},
                 "census": {"title": "Census <trade> & more", "licence": "public domain"},
                 "customs": {"title": "China customs"}, "literature": {"title": "Handbook", "licence": "facts"}},
        inputs={"scenario.yaml": "a" * 64}, ages={"in_use": AGES}, warnings=("scenario.yaml:3:1: warning[empty-flow]: a flow exists nowhere",),
    )  # fmt: skip
