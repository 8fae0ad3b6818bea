"""The parts of the report, one function each."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from mfa.core.balance import FLOOR, TOLERANCE
from mfa.figures import caption, draw_all, figure_specs, to_bytes
from mfa.figures.residuals import plain_label
from mfa.figures.text import number
from mfa.report.grid import Column, Grid, Picture, Section, grid, labels_of
from mfa.report.needs import undetermined
from mfa.report.verdict import degrees, description, verdict
from mfa.run.gross import FLAGS
from mfa.run.manifest import versions
from mfa.run.measure import measure_of
from mfa.run.mirror import NUMBERS, label_columns, mirror_gaps
from mfa.run.result import INDICATOR, Quantity, Result
from mfa.run.sums import Chosen, sums
from mfa.run.tables import BALANCE_COLUMNS, closed_and_open

ORIGIN = (Column("source", "source"), Column("edition", "edition"))


def sections(result: Result) -> tuple[Section, ...]:
    """All parts of the report that have something to say."""
    return tuple(s for part in PARTS for s in part(result))


def summary(result: Result) -> Iterator[Section]:
    """What was asked and what came out."""
    text = description(result)
    yield Section("verdict", "Verdict", tuple(t for t in (text, *verdict(result)) if t))


def figures(result: Result) -> Iterator[Section]:
    """Every figure of the scenario, drawn anew."""
    drawn, failed = draw_all(result)
    pictures = []
    for name, spec in figure_specs(result).items():
        title = spec.title or name.replace("_", " ")
        if name in drawn:
            data = base64.b64encode(to_bytes(drawn[name], "svg")).decode()
            pictures.append(Picture(name, title, caption(result, name), f"data:image/svg+xml;base64,{data}"))
        else:
            problem = " ".join(f"{p.text}. {p.hint}".strip() for p in failed[name])
            pictures.append(Picture(name, title, "", problem=problem))
    if pictures:
        yield Section("figures", "Figures", pictures=tuple(pictures))


def differences(result: Result) -> Iterator[Section]:
    """Statistical differences, the largest share of the market's throughput first."""
    parts = [_difference(result, q) for q in result.quantities.values() if q.kind == "difference"]
    if not any(len(p) for p in parts):
        return
    table = pd.concat([p for p in parts if len(p)], ignore_index=True)
    table = table.loc[table["share"].sort_values(ascending=False, kind="stable").index]
    labels = labels_of(table, ("market", "value", "sd", "unit", "basis", "share"))
    columns = [
        Column("market", "market"),
        *labels,
        Column("difference", "value", "sd"),
        Column("unit", "unit"),
        Column("basis", "basis"),
        Column("share, %", "share", digits=3),
    ]
    text = (
        "What the statistics of a market lack (positive) or have too much (negative), and its share of all"
        " that passes through the market. A large one is evidence of missing statistics."
    )
    found = grid(result, table, columns, first=15, file="flows.csv")
    yield Section("differences", "Statistical differences", (text,), grids=(found,))


def _difference(result: Result, q: Quantity) -> pd.DataFrame:
    """One market's differences, elements summed, beside its throughput."""
    axes = list(q.axes)
    frame = _elements_summed(result, q)
    through = _summed(result.balances[result.balances["process"] == q.target], axes, ["throughput"])
    frame = frame.join(through)
    frame = frame[frame["throughput"] >= FLOOR / result.mass_factor]
    share = 100 * frame["value"].abs() / frame["throughput"]
    whole = frame.reset_index(names=["market", *axes]).assign(
        share=share.to_numpy(), market=_process(result, q.target), unit=q.unit, basis=measure_of(q).basis
    )
    shown = ["market", *axes, "value", "sd", "unit", "basis", "share"]
    return whole.loc[whole["share"] > 100 * TOLERANCE, shown]


def _elements_summed(result: Result, q: Quantity) -> pd.DataFrame:
    """Value and standard deviation of every cell of a quantity, by its labels as text and an empty market."""
    every = Chosen.of(q, np.arange(len(q)))
    there = np.flatnonzero((q.status >= 0).any(axis=1))
    cells = [Chosen.of(q, there[k : k + 1]) for k in range(len(there))]
    index = pd.MultiIndex.from_arrays(
        [np.full(len(there), ""), *(np.array([str(x) for x in q.labels[a][there]], object) for a in q.axes)],
        names=["market", *q.axes],
    )
    numbers = {"value": every.value[there], "sd": sums(result, [[c] for c in cells]).sd}
    return pd.DataFrame(numbers, index=index)


def _summed(frame: pd.DataFrame, axes: list[str], columns: list[str]) -> pd.DataFrame:
    """Columns summed over all but some axes, by label; NaN (free) where a part is."""
    keys = pd.DataFrame({a: frame[a].map(plain_label) for a in axes}, index=frame.index).assign(market="")
    groups = frame[columns].join(keys).groupby(["market", *axes], sort=False)
    return groups[columns].sum(skipna=False)


def flagged(result: Result) -> Iterator[Section]:
    """Figures and parameters that the rest contradicts, misfit by misfit, then the largest |z| first."""
    tables = [t for t in (result.observations, result.parameters) if "flag" in t.columns and len(t)]
    if not tables:
        return
    table = pd.concat([t[t["flag"].isin(FLAGS)] for t in tables], ignore_index=True)
    table = _by_misfit(table)
    text = (
        "A gross error lies further from what all other figures say than chance allows among so many figures;"
        " figures of one misfit cannot be told apart: one of them is wrong. A conflict is a report that its"
        " mirror contradicts."
    )
    if table.empty:
        yield Section("flags", "Flagged figures", ("No figure is flagged.",))
        return
    columns = [Column("misfit", "misfit"), Column("figure", "name")]
    columns += [*labels_of(table, _not_labels(table)), *ORIGIN]
    columns += [
        Column("reported", "value", "sigma"),
        Column("adjusted", "adjusted", "adjusted_sd"),
        Column("unit", "unit"),
    ]
    columns += [Column("z", "z", digits=2), Column("verdict", "flag")]
    found = grid(result, table, columns, first=40, file="observations.csv and parameters.csv")
    yield Section("flags", "Flagged figures", (text,), grids=(found,))


def gross(result: Result) -> Iterator[Section]:
    """Gross errors taken out one after another, with the test of what is left."""
    table = result.gross_errors
    if table.empty:
        return
    last = table.iloc[-1]
    text = (
        "The misfit that stands out most is taken out and the rest judged anew, until none stands out."
        " Figures whose error would look the same are one misfit; each is named with how far it would have to"
        " lie above the truth, in its unit and in its own sigmas, the likeliest first. Those that would have"
        " to be wrong by an absurd amount, or whose true value would be impossible, are set apart and not"
        " flagged."
    )
    chi, dof, p = (float(last[k]) for k in ("chi_square", "dof", "p"))
    whole = f"chi-square is {number(chi, 4)} on {degrees(dof)}, p = {number(p, 2)}"
    what = whole if dof else "nothing is left to test"
    left = f"Without {'it' if len(table) == 1 else 'them'} {what}."
    columns = [Column("", "order"), Column("one of these is wrong", "members"), Column("z", "z", digits=2)]
    columns += [Column("chi-square left", "chi_square", digits=4), Column("not likely", "unlikely")]
    found = grid(result, table, columns, first=25, file="gross_errors.csv")
    yield Section("gross", "Gross errors, one after another", (text, left), grids=(found,))


def _by_misfit(table: pd.DataFrame) -> pd.DataFrame:
    """Misfit by misfit, those of none last, each with the largest |z| first."""
    if "misfit" not in table.columns:
        table = table.assign(misfit=float("nan"))
    return table.iloc[(-table["z"].abs()).argsort(kind="stable")].sort_values("misfit", kind="stable")


def _not_labels(table: pd.DataFrame) -> list[str]:
    labels = set(label_columns(table))
    return [c for c in table.columns if c not in labels]


def mirrors(result: Result) -> Iterator[Section]:
    """Trades that both partners report, the largest contradiction first."""
    gaps = mirror_gaps(result.observations, result.mass_unit)
    if gaps.empty:
        return
    columns = [*labels_of(gaps, ("of", "unit", "exporter_source", "importer_source", "verdict", *NUMBERS))]
    columns += [Column("trade", "of"), Column("exporter reports", "exporter_value", "exporter_sigma")]
    columns += [
        Column("by", "exporter_source"),
        Column("importer reports", "importer_value", "importer_sigma"),
    ]
    columns += [
        Column("by", "importer_source"),
        Column("unit", "unit"),
        Column("importer / exporter", "ratio", digits=3),
    ]
    columns += [Column("z", "z", digits=2), Column("verdict", "verdict")]
    yield Section("mirror", "Mirror gaps", grids=(grid(result, gaps, columns, first=25),))


def free(result: Result) -> Iterator[Section]:
    """What nothing determines: intervals, and the sums that are known."""
    table = result.free
    if table.empty:
        return
    text = "Nothing reported determines these numbers; each may lie anywhere in its interval."
    alone, sums = (table[table["kind"] == kind] for kind in ("free", "sum"))
    ends = [
        Column("number", "name"),
        Column("at least", "low", digits=3),
        Column("at most", "high", digits=3),
        Column("unit", "unit"),
    ]
    grids = [grid(result, alone, ends, first=20, file="free.csv")]
    known = [Column("known sum", "name"), Column("value", "value", "sd"), Column("unit", "unit")]
    grids.append(grid(result, sums, known, first=15, file="free.csv"))
    yield Section("free", "Free quantities", (text,), grids=tuple(g for g in grids if g.rows))


def indicators(result: Result) -> Iterator[Section]:
    """The scenario's indicators with their standard deviations."""
    table = result.indicators
    if table.empty:
        return
    driven = table["mark"].astype(str).str.contains("prior-driven")
    shown = table.assign(
        low=table["low"].where(~driven, table["cautious_low"]),
        high=table["high"].where(~driven, table["cautious_high"]),
    )
    columns = [
        Column("indicator", "name"),
        *labels_of(table, ("name", *INDICATOR)),
        Column("value", "value", "sd", digits=3, missing="not determined"),
        Column("95 %: from", "low", digits=3),
        Column("to", "high", digits=3),
        Column("unit", "unit"),
        Column("basis", "basis"),
        Column("", "mark"),
    ]
    formulas = result.outputs.get("indicators") or {}
    lines = tuple(f"{name} = {formula}" for name, formula in formulas.items())
    found = grid(result, shown, columns, first=120, file="indicators.csv")
    yield Section("indicators", "Indicators", lines, grids=(found,))


def balances(result: Result) -> Iterator[Section]:
    """The ten worst mass balances, relative to each one's own throughput, and the gaps of those left open."""
    closed, left_open = closed_and_open(result.balances)
    if len(closed):
        text = f"The worst of {len(closed):,}; all of them in balances.csv."
        found = _balances(result, closed, "difference")
        yield Section("balances", "Mass balances", (text,), grids=(found,))
    if len(left_open):
        text = (
            "The scenario leaves these balances open: what is known to enter and leave need not agree, and"
            " the gap between them (positive where more enters) pulls at no number."
        )
        found = _balances(result, left_open, "gap")
        yield Section("open", "Balances left open", (text,), grids=(found,))


def _balances(result: Result, table: pd.DataFrame, difference: str) -> Grid:
    names = {"inflow": "in", "outflow": "out", "stock_change": "stock change", "difference": difference}
    shown = table.head(10).assign(process=table["process"].map(lambda p: _process(result, p)))
    columns = [*labels_of(shown, BALANCE_COLUMNS), *(Column(h, k, digits=3) for k, h in names.items())]
    columns += [Column("unit", "unit"), Column("relative to throughput", "relative", digits=2)]
    return grid(result, shown, columns)


def _process(result: Result, name: str) -> str:
    return result.processes.get(name, {}).get("label", name)


def parameters(result: Result) -> Iterator[Section]:
    """Parameters before and after, those that moved most first."""
    text = (
        "Transfer coefficients, compositions, contents and other assumptions as stated and as estimated with"
        " everything else; the shift is counted in stated standard deviations, most moved first."
    )
    found = _moved(result, result.parameters, ("parameter", "estimated"), 25, "parameters.csv")
    if found is not None:
        yield Section("parameters", "Parameters before and after", (text,), grids=(found,))


def reports(result: Result) -> Iterator[Section]:
    """Reported figures before and after, those that moved most first."""
    text = (
        "What was reported and what came out, the shift counted in reported standard deviations. A figure"
        " that no other checks (leverage 0) does not move."
    )
    found = _moved(result, result.observations, ("figure", "adjusted"), 15, "observations.csv")
    if found is not None:
        yield Section("reports", "Reports before and after", (text,), grids=(found,))


def _moved(result: Result, table: pd.DataFrame, words: tuple[str, str], first: int, file: str) -> Grid | None:
    """Stated beside estimated numbers, the largest shift first; None where nothing counted."""
    if "shift" not in table.columns:
        return None
    table = table[(table["standing"] == "counted") & table["shift"].notna()]
    if table.empty:
        return None
    order = table["shift"].abs().sort_values(ascending=False, kind="stable").index
    table = table.loc[order]
    columns = [Column(words[0], "name"), *labels_of(table, _not_labels(table))]
    columns += [Column("stated", "value", "sigma"), Column(words[1], "adjusted", "adjusted_sd")]
    columns += [Column("unit", "unit"), Column("shift, sd", "shift", digits=2)]
    columns += [Column("leverage", "leverage", digits=2), *ORIGIN]
    return grid(result, table, columns, first=first, file=file)


def sources(result: Result) -> Iterator[Section]:
    """Where the numbers come from and under which licence."""
    keys = ("title", "licence", "edition", "url", "note")
    rows = tuple(
        (name, *(str(s.get(k) or ("not stated" if k == "licence" else "")) for k in keys))
        for name, s in result.sources.items()
    )
    if rows:
        yield Section("sources", "Sources", grids=(_filled(Grid(("source", *keys), rows, (False,) * 6)),))


def _filled(found: Grid) -> Grid:
    keep = [k for k in range(len(found.columns)) if any(r[k] for r in found.rows)]
    rows = tuple(tuple(r[k] for k in keep) for r in found.rows)
    return Grid(
        tuple(found.columns[k] for k in keep), rows, tuple(found.numeric[k] for k in keep), found.note
    )


def warnings(result: Result) -> Iterator[Section]:
    """What the run warned of."""
    found = (*result.warnings, *(str(p) for p in undetermined(result)))
    if found:
        yield Section("warnings", "Warnings", found)


def identity(result: Result) -> Iterator[Section]:
    """What exactly was run, and with what."""
    lines = (f"Run {result.name}, sha256 of the resolved scenario {result.identity}.",)
    solver = {k.replace("_", " "): v for k, v in result.facts.items() if isinstance(v, int | float | str)}
    facts = Grid(("solver", "value"), tuple((k, str(v)) for k, v in solver.items()), (False, True))
    inputs = Grid(("input", "sha256"), tuple(result.inputs.items()), (False, False))
    packages = Grid(("package", "version"), tuple(versions().items()), (False, False))
    yield Section("identity", "Run", lines, grids=tuple(g for g in (facts, packages, inputs) if g.rows))


PARTS: tuple[Callable[[Result], Iterator[Section]], ...] = (
    summary,
    figures,
    differences,
    flagged,
    gross,
    mirrors,
    free,
    indicators,
    balances,
    reports,
    parameters,
    sources,
    warnings,
    identity,
)
"""The parts of the report, in order."""
