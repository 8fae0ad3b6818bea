"""Scenarios from file to tables through the command line, against answers found without the package."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import mfa
from mfa.cli import main
from tests.build.world import BOUNDARIES, FLOWS, METAL, MINED_REO, REGIONS, simulated, write_world

THREE = """\
mfa: 1
name: three
processes: {supply: {kind: source}, plant: {}, market: {kind: sink}}
flows:
  x: {from: supply, to: plant}
  a: {from: plant, to: market}
  b: {from: plant, to: market}
observations:
  x_weighed: {of: x, value: 10, sd: 1, unit: t}
  a_sold: {of: a, value: 4, sd: 0.5, unit: t}
  b_sold: {of: b, value: 5, sd: 0.2, unit: t}
"""
CENCIC = """\
mfa: 1
name: cencic
processes: {in: {kind: source}, p1: {}, p2: {}, p3: {}, out: {kind: sink}}
flows:
  F1: {from: in, to: p1}
  F2: {from: in, to: p1}
  F3: {from: p1, to: p2}
  F4: {from: p2, to: p1}
  F5: {from: p2, to: p3}
  F6: {from: p3, to: out}
  F7: {from: p3, to: out}
transfers: {p2: {F4: {value: 0.5, sd: 0.05}, F5: rest}}
observations:
  F1: {of: F1, value: 100, sd: 10, unit: t}
  F2: {of: F2, value: 50, sd: 0, unit: t}
  F3: {of: F3, value: 300, sd: 30, unit: t}
  F5: {of: F5, value: 160, sd: 16, unit: t}
"""
EQUAL = "constraints: {same: {of: {F6: 1, F7: -1}, equal: 0 t}}\n"


def run(folder: Path, text: str) -> Path:
    """The output folder of a scenario run through the command line."""
    file = folder / "scenario.yaml"
    file.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, ["run", str(file), "-o", str(folder / "out"), "--quiet"])
    assert done.exit_code == 0, done.output
    return folder / "out"


def flows(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "flows.csv").set_index("name")


def test_three_flows(tmp_path: Path) -> None:
    out = run(tmp_path, THREE)
    table = flows(out)
    assert table["value"].round(4).to_dict() == {"x": 9.2248, "a": 4.1938, "b": 5.0310}
    assert table["sd"].round(4).to_dict() == {"x": 0.4741, "a": 0.4489, "b": 0.1969}
    assert mfa.open_result(out).facts["chi_square"] == pytest.approx(0.7752, abs=5e-5)


def test_cencic_2016(tmp_path: Path) -> None:
    out = run(tmp_path, CENCIC + EQUAL)
    table = flows(out)
    wanted = {"F1": 102.425960, "F2": 50, "F3": 302.416229, "F4": 149.990270, "F5": 152.425960}
    wanted |= {"F6": 76.212980, "F7": 76.212980}
    assert table["value"].to_dict() == pytest.approx(wanted, abs=1e-6)
    sds = {"F1": 7.882792, "F3": 22.608614, "F4": 21.213297, "F6": 3.941396, "F7": 3.941396}
    assert table["sd"][list(sds)].to_dict() == pytest.approx(sds, abs=1e-6)
    share = pd.read_csv(out / "parameters.csv").set_index("name").loc["transfers.p2.F4"]
    assert share["adjusted"] == pytest.approx(0.495973, abs=1e-6)
    assert share["adjusted_sd"] == pytest.approx(0.037681, abs=1e-6)
    assert mfa.open_result(out).facts["chi_square"] == pytest.approx(0.295913, abs=1e-6)


def test_cencic_without_the_split_reports_two_free_flows_and_their_sum(tmp_path: Path) -> None:
    out = run(tmp_path, CENCIC)
    table = flows(out)
    assert table["status"].to_dict().items() >= {"F6": "free", "F7": "free"}.items()
    assert table.loc[["F6", "F7"], "sd"].isna().all()
    free = pd.read_csv(out / "free.csv")
    total = free[free["kind"] == "sum"].set_index("name")["value"]
    assert total.to_dict() == pytest.approx({"F6 + F7": 152.425960}, abs=1e-6)


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exact")
    write_world(folder)
    mfa.run(mfa.load(folder / "world.yaml")).save(folder / "out")
    return folder / "out"


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("noisy")
    write_world(folder, noise=0.08)
    mfa.run(mfa.load(folder / "world.yaml")).save(folder / "out")
    return folder / "out"


def cells(folder: Path, name: str) -> dict[tuple[object, ...], float]:
    """A quantity of a saved result by its labels, in the order year, region (exporter, importer), element."""
    table = pd.concat([pd.read_csv(folder / f"{kind}.csv") for kind in ("flows", "stocks")])
    table = table[table["name"] == name]
    labels = [c for c in ("year", "region", "exporter", "importer", "element") if table[c].notna().all()]
    return {tuple(row[:-1]): row[-1] for row in table[[*labels, "value"]].itertuples(index=False)}


@pytest.mark.parametrize("name", FLOWS)
def test_exact_complete_data_give_back_the_simulation(exact: Path, name: str) -> None:
    found = cells(exact, name)
    wanted = {k: v for k, v in simulated().flows[name].items() if v or k in found}
    assert set(wanted) == set(found)
    assert found == pytest.approx(wanted, rel=1e-6, abs=1e-6)


def test_stocks_and_reserves_are_those_of_the_simulation(exact: Path) -> None:
    world = simulated()
    found = cells(exact, "in_use")
    assert found == pytest.approx({k: world.in_use[k] for k in found}, rel=1e-6, abs=1e-6)
    assert {k for k, v in world.in_use.items() if v} <= set(found)
    assert cells(exact, "reserves") == pytest.approx(world.reserves, rel=1e-6)


def test_a_share_of_exactly_zero_leaves_no_cell(exact: Path) -> None:
    assert {k[-1] for k in cells(exact, "product")} == {"Ce", "Nd", "Dy"}
    assert {k[-1] for k in cells(exact, "made")} == {"Ce", "Nd", "Dy"}
    assert {k[-1] for k in cells(exact, "tailings")} == {"La", "Ce", "Nd", "Dy"}


def test_an_exact_share_among_uncertain_ones_stays_exact(noisy: Path) -> None:
    shares = pd.read_csv(noisy / "parameters.csv").query("name == 'transfers.separation.product'")
    shares = shares.set_index("element")
    assert shares.loc["Dy", "adjusted"] == pytest.approx(0.8, abs=1e-12)
    assert shares.loc["Dy", ["standing", "flag"]].tolist() == ["exact", "exact"]
    assert shares.loc["Nd", "adjusted_sd"] > 0
    assert "La" not in shares.index
    fed, made = cells(noisy, "ore_fed"), cells(noisy, "product")
    dy = [k for k in made if k[-1] == "Dy"]
    assert len(dy) >= 4
    assert {k: made[k] / fed[k] for k in dy} == pytest.approx(dict.fromkeys(dy, 0.8), rel=1e-9)


def test_balances_recomputed_from_the_tables_close(noisy: Path) -> None:
    inflow: dict[tuple[object, ...], float] = {}
    outflow: dict[tuple[object, ...], float] = {}
    for name, (source, target) in FLOWS.items():
        for key, value in cells(noisy, name).items():
            year, leaves, arrives, element = key[0], key[1], key[-2], key[-1]
            outflow[source, year, leaves, element] = outflow.get((source, year, leaves, element), 0) + value
            inflow[target, year, arrives, element] = inflow.get((target, year, arrives, element), 0) + value
    stock, initial = cells(noisy, "in_use"), {("CCC", "Nd"): 6.0, ("CCC", "Dy"): 3.0}
    checked = 0
    for node in {*inflow, *outflow}:
        process, year, region, element = node
        if process in BOUNDARIES:
            continue
        change = 0.0
        if process == "use":
            before = initial.get((region, element), 0.0) if year == 2020 else stock[2020, region, element]
            change = stock[year, region, element] - before
        entering, leaving = inflow.get(node, 0.0), outflow.get(node, 0.0)
        size = max(entering, leaving, abs(change), 1e-3)
        assert abs(entering - leaving - change) <= 1e-9 * size, node
        checked += 1
    assert checked > 60


def test_noisy_reports_are_adjusted_within_their_uncertainty(noisy: Path) -> None:
    seen = pd.read_csv(noisy / "observations.csv")
    assert set(seen["name"]) == {"production", "imports"}
    assert (seen["residual"].abs() > 0).any()
    assert (seen["residual"].abs() < 3 * seen["sigma"]).all()
    assert (seen["adjusted_sd"] <= seen["sigma"] * (1 + 1e-9)).all()


def test_units_with_a_basis(exact: Path) -> None:
    """Oxide by stoichiometry and gross mass by content, from the element flows of the result."""
    seen = pd.read_csv(exact / "observations.csv").set_index(["name", "year"])
    mined, trade = cells(exact, "mined"), cells(exact, "ore_trade")
    for (year, region), wanted in MINED_REO.items():
        oxide = sum(v / METAL[k[-1]] for k, v in mined.items() if k[:2] == (year, region))
        assert oxide == pytest.approx(wanted, rel=1e-6)
        row = seen.loc[("production", year)].set_index("region").loc[region]
        assert row["adjusted"] == pytest.approx(oxide, rel=1e-6)
        gross = sum(v / METAL[k[-1]] for k, v in trade.items() if k[:2] == (year, region)) / 0.5
        row = seen.loc[("imports", year)].set_index("exporter").loc[region]
        assert row["adjusted"] == pytest.approx(gross, rel=1e-6)
        assert row["unit"] == "t gross"


def test_what_leaves_a_market_has_its_composition(noisy: Path) -> None:
    fed, trade = cells(noisy, "ore_fed"), cells(noisy, "ore_trade")
    for region in ("AAA", "BBB"):
        own = {k[-1]: v for k, v in fed.items() if k[:2] == (2020, region)}
        sent = {k[-1]: v for k, v in trade.items() if k[:2] == (2020, region)}
        assert {e: v / sum(own.values()) for e, v in own.items()} == pytest.approx(
            {e: v / sum(sent.values()) for e, v in sent.items()}, rel=1e-9
        )
    assert REGIONS[2] in {k[2] for k in trade}


def digests(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.mark.slow
def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    file = write_world(tmp_path, noise=0.05)
    text = file.read_text(encoding="utf-8") + "outputs:\n  indicators: {ratio: recovered / made}\n"
    file.write_text(text + "  figures: {chain: {kind: sankey, at: {year: 2021, element: Nd}, unit: t}}\n")
    for seed in ("1", "77"):
        start = "from mfa.cli import main; main()"
        command = [sys.executable, "-c", start, "run", str(file), "-o", str(tmp_path / seed), "-q"]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True)
    first, second = digests(tmp_path / "1"), digests(tmp_path / "77")
    assert first == second
    assert {"result.nc", "flows.csv", "report.html", "manifest.json", "figures/chain.svg"} <= set(first)
