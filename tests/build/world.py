"""A small world of rare earths and its simulation in plain Python, which knows nothing of the package."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

YEARS, REGIONS, ELEMENTS = (2020, 2021), ("AAA", "BBB", "CCC"), ("La", "Ce", "Nd", "Dy")
OXIDES = {"La": "La2O3", "Ce": "CeO2", "Nd": "Nd2O3", "Dy": "Dy2O3"}
WEIGHTS = {"La": 138.90547, "Ce": 140.116, "Nd": 144.242, "Dy": 162.500, "O": 15.999405}
METAL = {
    e: n * WEIGHTS[e] / (n * WEIGHTS[e] + o * WEIGHTS["O"])
    for e, n, o in (("La", 2, 3), ("Ce", 1, 2), ("Nd", 2, 3), ("Dy", 2, 3))
}
"""t of metal per t of oxide, from atomic weights."""
ORE = {  # shares of oxide mass
    "AAA": {"La": 0.30, "Ce": 0.50, "Nd": 0.20, "Dy": 0.0},
    "BBB": {"La": 0.20, "Ce": 0.10, "Nd": 0.30, "Dy": 0.40},
}
MINED_REO = {(2020, "AAA"): 100.0, (2020, "BBB"): 40.0, (2021, "AAA"): 120.0, (2021, "BBB"): 30.0}
EXPORTED = {"AAA": 0.4, "BBB": 0.75}  # share of what is mined that goes to CCC
SPLIT = {"La": 0.0, "Ce": 0.1, "Nd": 0.9, "Dy": 0.8}
CONTENT, RECOVERY, RECYCLED = 0.5, 0.8, 0.6
RESERVES = {"AAA": 1000.0, "BBB": 400.0}
IN_USE = {"Nd": 6.0, "Dy": 3.0}  # in CCC, before 2020

Key = tuple[object, ...]
FLOWS = {
    "mined": ("mine", "ores"),
    "ore_fed": ("ores", "separation"),
    "ore_trade": ("ores", "ores"),
    "product": ("separation", "metals"),
    "tailings": ("separation", "losses"),
    "made": ("metals", "use"),
    "retired": ("use", "recycling"),
    "recovered": ("recycling", "metals"),
    "rec_loss": ("recycling", "losses"),
}
BOUNDARIES = ("mine", "losses")


@dataclass
class World:
    """Every flow by (year, region or exporter and importer, element), stocks and reserves, all in t."""

    flows: dict[str, dict[Key, float]] = field(default_factory=lambda: defaultdict(dict))
    in_use: dict[Key, float] = field(default_factory=dict)
    reserves: dict[Key, float] = field(default_factory=dict)


def simulated() -> World:
    """The world forwards in time: mining, trade, separation, use with a lifetime of 1.5 years, recycling."""
    world = World()
    made: dict[Key, float] = {}
    for k, year in enumerate(YEARS):
        ores: dict[Key, float] = defaultdict(float)
        for region, shares in ORE.items():
            for e in ELEMENTS:
                mass = MINED_REO[year, region] * shares[e] * METAL[e]
                world.flows["mined"][year, region, e] = mass
                world.flows["ore_trade"][year, region, "CCC", e] = EXPORTED[region] * mass
                ores[region, e] += (1 - EXPORTED[region]) * mass
                ores["CCC", e] += EXPORTED[region] * mass
            before = world.reserves.get((YEARS[k - 1], region), RESERVES[region]) if k else RESERVES[region]
            world.reserves[year, region] = before - MINED_REO[year, region] / RECOVERY
        for region in REGIONS:
            for e in ELEMENTS:
                fed = ores[region, e]
                held = IN_USE.get(e, 0.0) if region == "CCC" else 0.0
                # Uniform inflow that lasts 1.5 years: half of it leaves in each of the two following years;
                # of a stationary initial stock 1 / 1.5 leaves in the first year, the rest in the second.
                retired = held * (2 / 3, 1 / 3)[k] + (0.5 * made[YEARS[k - 1], region, e] if k else 0.0)
                here = (year, region, e)
                made[here] = SPLIT[e] * fed + RECYCLED * retired
                level = world.in_use[YEARS[k - 1], region, e] if k else held
                world.in_use[here] = level + made[here] - retired
                world.flows["ore_fed"][here] = fed
                world.flows["product"][here], world.flows["tailings"][here] = (
                    SPLIT[e] * fed,
                    (1 - SPLIT[e]) * fed,
                )
                world.flows["made"][here], world.flows["retired"][here] = made[here], retired
                world.flows["recovered"][here] = RECYCLED * retired
                world.flows["rec_loss"][here] = (1 - RECYCLED) * retired
    return world


SCENARIO = """\
mfa: 1
name: world
title: A small world
dimensions:
  year: {range: [2020, 2021]}
  region: [AAA, BBB, CCC]
  element: [La, Ce, Nd, Dy]
bases:
  REO: {La: La2O3, Ce: CeO2, Nd: Nd2O3, Dy: Dy2O3}
processes:
  mine: {kind: source, where: {region: [AAA, BBB]}}
  ores: {kind: market}
  separation: {label: Separation}
  metals: {kind: market}
  use: {kind: stock}
  recycling: {label: Recycling}
  losses: {kind: sink}
flows:
  mined: {from: mine, to: ores, commodity: ore}
  ore_fed: {from: ores, to: separation, commodity: concentrate}
  product: {from: separation, to: metals, commodity: metal}
  tailings: {from: separation, to: losses, commodity: mud}
  made: {from: metals, to: use, commodity: alloy}
  retired: {from: use, to: recycling}
  recovered: {from: recycling, to: metals}
  rec_loss: {from: recycling, to: losses}
trade:
  ore_trade: {at: ores, commodity: concentrate}
compositions:
  ore: {table: ore.csv, dims: [region, element], basis: REO, cv: 5%, source: stated}
  concentrate: mixed
  alloy: mixed
contents:
  concentrate: {value: 0.5, sd: 0.05, unit: t REO / t gross, source: stated}
transfers:
  separation: {product: {table: split.csv, dims: [element], source: stated}, tailings: rest}
  recycling: {recovered: 0.6, rec_loss: rest}
stocks:
  in_use:
    {at: use, inflow: made, outflow: retired, lifetime: {fixed: 1.5},
     initial: {table: in_use.csv, dims: [region, element], unit: t, sd: 0}}
  reserves:
    {at: mine, kind: reserve, outflow: mined, recovery: 0.8,
     initial: {table: reserves.csv, dims: [region], unit: kt REO, cv: 10%}}
observations:
  production: {of: mined, sum: [element], unit: t REO, cv: 5%, table: mined.csv, source: survey}
  imports:
    {of: ore_trade, sum: [element], reported_by: importer, unit: t gross, cv: 10%, source: customs,
     table: trade.csv}
sources:
  stated: {title: Stated here, edition: first}
  survey: {title: A survey, edition: "2023"}
  customs: {title: Customs, edition: "2023"}
"""


def write_world(folder: Path, noise: float = 0.0) -> Path:
    """The scenario of the world with its tables in a folder; reports off by random factors of that size."""
    chance = random.Random(7)

    def off(value: float) -> float:
        return value * (1 + noise * chance.uniform(-1, 1))

    (folder / "world.yaml").write_text(SCENARIO, encoding="utf-8")
    tables = {
        "ore": [("region", "element", "value"), *((r, e, w) for r in ORE for e, w in ORE[r].items())],
        "split": [
            ("element", "value", "sd"),
            *(
                (e, off(s), 0.03 if e == "Nd" else 0.0 if s in (0, 0.8) else 0.02)
                for e, s in SPLIT.items()
                if e != "Dy"
            ),
            ("Dy", SPLIT["Dy"], 0.0),
        ],
        "in_use": [("region", "element", "value"), *(("CCC", e, v) for e, v in IN_USE.items())],
        "reserves": [("region", "value"), *((r, v / 1e3) for r, v in RESERVES.items())],
        "mined": [("year", "region", "value"), *((*k, off(v)) for k, v in MINED_REO.items())],
        "trade": [
            ("year", "exporter", "importer", "value"),
            *((y, r, "CCC", off(EXPORTED[r] * v / CONTENT)) for (y, r), v in MINED_REO.items()),
        ],
    }
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(rows)
    return folder / "world.yaml"
