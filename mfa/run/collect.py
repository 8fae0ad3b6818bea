"""From the solver's arrays to the result in the user's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import sparse

from mfa.build.assembly import Bools, Floats
from mfa.build.flows import EdgeCells
from mfa.build.model import Model
from mfa.build.parameters import label_frame
from mfa.core.composition import mass_fraction
from mfa.core.system import Edge, StockOf
from mfa.run.gross import CONFLICT, FLAGS, Suspects, gross_error_table, marks, suspects
from mfa.run.manifest import input_names
from mfa.run.mirror import PAIR, label_columns, mirror_gaps
from mfa.run.result import INDICATOR, MARKS, NO_SD, NUMBERS, STATUSES, Quantity, Result
from mfa.run.starts import standing
from mfa.run.tables import closed_and_open, observation_table
from mfa.run.trace import traced
from mfa.solve.classify import LISTED, FreeSum, free_sums
from mfa.solve.intervals import Intervals, intervals
from mfa.solve.losses import loss_of
from mfa.solve.misfit import losses_of
from mfa.solve.truncated.aggregate import Numbers, aggregate
from mfa.solve.uncertainty import Propagated

if TYPE_CHECKING:
    from mfa.run.pipeline import Solved

_ORDER = np.argsort(STATUSES)
_SORTED = np.asarray(STATUSES)[_ORDER]


def collect(solved: Solved) -> Result:
    """The result: quantities, tables and facts."""
    model, spec = solved.model, solved.model.document.spec
    trace = traced(solved)
    found = suspects(trace)
    ranges = _ranges(solved)
    quantities = {q.name: q for q in _quantities(solved, ranges)}
    observations = _observations(solved, found)
    reports = {g.name for g in model.observed if g.report}
    reported = observations["name"].isin(reports)
    free, left_out = _free(solved, ranges)
    return Result(
        name=spec.name if not model.document.variant else f"{spec.name}-{model.document.variant}",
        title=spec.title or spec.name,
        dimensions={n: d.labels for n, d in model.system.dimensions.items()},
        titles={n: dict(d.titles) for n, d in model.system.dimensions.items()},
        processes={p.name: {"kind": p.kind, "label": p.label} for p in model.system.processes.values()},
        quantities=quantities,
        observations=_kept(observations, reported),
        parameters=_kept(observations, ~reported),
        balances=solved.balances,
        free=free,
        indicators=pd.DataFrame(columns=["name", *INDICATOR]),
        scenario=model.document.text(),
        identity=model.document.identity,
        facts=_facts(solved, list(quantities)) | _counts(observations, reported, found),
        outputs=spec.outputs.model_dump(mode="json"),
        sources={n: {k: v for k, v in s.model_dump().items() if v} for n, s in spec.sources.items()},
        inputs=input_names(model.inputs, _root(model)),
        warnings=(*(str(w) for w in model.warnings), *left_out),
        ages=model.ages,
        gross_errors=gross_error_table(trace, found),
        state=solved,
    )


def _kept(table: pd.DataFrame, rows: pd.Series) -> pd.DataFrame:
    """Some rows of a table, without the label columns that say nothing of them."""
    part = table[rows].reset_index(drop=True)
    empty = [c for c in label_columns(part) if len(part) and part[c].isna().all()]
    return part.drop(columns=empty)


def _root(model: Model) -> Path:
    """The folder above the scenario's, from which input files are named."""
    files = model.document.files
    return files[0].resolve().parent.parent if files else Path.cwd()


def _ranges(solved: Solved) -> Intervals:
    """The intervals of the free flows and stocks that are listed."""
    spread = solved.posterior
    listed = np.flatnonzero(_free_flows(solved))[:LISTED]
    return intervals(spread, listed) if isinstance(spread, Propagated) else Intervals({})


def _quantities(solved: Solved, ranges: Intervals) -> Iterator[Quantity]:
    system, known = solved.model.system, _known(solved, solved.truncated.cells)
    low, high = known.low.copy(), known.high.copy()
    for cell, (least, most) in ranges.ends.items():
        low[cell], high[cell] = least, most
    numbers = replace(known, low=low, high=high)
    for name, edge in system.edges.items():
        yield _quantity(solved, numbers, name, edge, solved.model.edges[name])
    for name, stock in system.stocks.items():
        yield _quantity(solved, numbers, name, stock, solved.model.stocks[name])


def _quantity(solved: Solved, found: Numbers, name: str, of: Edge | StockOf, cells: EdgeCells) -> Quantity:
    index, n = of.cells, len(of.cells)
    numbers = cells.of(np.arange(n))
    known = np.searchsorted(_SORTED, solved.classification.cells[numbers])
    status = np.where(cells.mask, _ORDER[known], -1).astype(np.int8)
    labels = label_frame(solved.model.system, index)
    elements = solved.model.system.elements
    mass, time, per = solved.model.system.mass_unit, solved.model.system.time, solved.model.system.time_unit
    in_t = solved.model.system.mass_factor
    return Quantity(
        name=name,
        kind="stock" if isinstance(of, StockOf) else of.kind,
        label=(of.label if isinstance(of, Edge) else "") or name.replace("_", " "),
        source=of.source if isinstance(of, Edge) else of.process,
        target=of.target if isinstance(of, Edge) else of.process,
        commodity=(of.commodity or "") if isinstance(of, Edge) else "",
        axes=index.axes,
        labels={a: labels[a].to_numpy(dtype=object) for a in index.axes},
        elements=elements if isinstance(of, Edge) or of.has_elements else (),
        **{k: np.where(cells.mask, getattr(found, k)[numbers] / in_t, 0.0) for k in NUMBERS},
        status=status,
        mark=np.where(cells.mask, found.marks[numbers], 0).astype(np.int8),
        unit=mass if isinstance(of, StockOf) or time is None else f"{mass}/{per}",
        basis=of.basis if isinstance(of, StockOf) else "",
    )


def _known(solved: Solved, found: Numbers) -> Numbers:
    """What is said of numbers; no sd and no interval where a simulation left out what they follow from."""
    if not solved.model.spread_left_out:
        return found
    none = np.full(found.sd.shape, np.nan)
    return replace(found, sd=none, low=none, high=none)


def _observations(solved: Solved, found: Suspects) -> pd.DataFrame:
    """`observations.csv` with the solver's judgement of every row."""
    problem, d = solved.model.problem, solved.diagnosis
    known = _known(solved, solved.truncated.observed)
    flag, misfit = marks(d.flag, found)
    columns: dict[str, Any] = {
        "value": problem.observed.rows.rhs,
        "sigma": solved.solution.sigma,
        "adjusted": solved.solution.fitted,
        "adjusted_sd": known.sd,
        "mean": known.mean,
        "low": known.low,
        "high": known.high,
        "mark": np.asarray(MARKS, dtype=object)[known.marks],
        "residual": d.residual,
        "shift": _shift(d.residual, solved.solution.sigma),
        "z": d.z,
        "leverage": d.leverage,
        "flag": flag,
        "misfit": misfit,
    }
    # a difference of nothing may have a sign, which no reader wants to see
    unsigned = {k: v + 0.0 if k not in ("flag", "mark") else v for k, v in columns.items()}
    table = observation_table(solved.model.observed, unsigned)
    table["place"] = _relative(table["place"], _root(solved.model))
    table["flag"] = table["flag"].where(table["standing"] == "counted", table["standing"])
    return with_conflicts(table)


def with_conflicts(table: pd.DataFrame) -> pd.DataFrame:
    """The observations, unflagged reports that their mirror contradicts flagged as `conflict`.

    It is said from the raw gap of the two reports, whatever the adjustment made of them.
    """
    gaps = mirror_gaps(table)
    labels = [c for c in label_columns(table) if c in gaps.columns]
    flag = table["flag"].copy()
    for gap in gaps[gaps["verdict"] == "conflict"].to_dict("records"):
        same = table["reported_by"].isin(PAIR) & (flag == "")
        for label in labels:
            same &= table[label].isna() if gap[label] is None else table[label] == gap[label]
        names = set(str(gap["of"]).split(" + "))
        within = np.array([set(str(of).split(" + ")) <= names for of in table["of"]])
        flag[same.to_numpy() & within] = CONFLICT
    return table.assign(flag=flag)


def _shift(residual: Floats, sigma: Floats) -> Floats:
    """By how many of its own standard deviations each stated number was moved; nan of what has none."""
    none = np.full(len(residual), np.nan)
    return np.asarray(np.divide(-residual, sigma, out=none, where=sigma > 0))


def _free_flows(solved: Solved) -> Bools:
    """The cells of flows and stocks that nothing determines (the mix of a closed market is no flow)."""
    model = solved.model
    own = np.zeros(len(model.problem.cells), dtype=np.bool_)
    for cells in (*model.edges.values(), *model.stocks.values()):
        own[cells.of(np.arange(len(cells.mask)))[cells.mask]] = True
    return np.asarray(own & solved.posterior.free_q)


def _relative(places: pd.Series, root: Path) -> pd.Series:
    """`file:line` places with files named from `root`."""
    known = {"": ""}
    for text in places[places != ""].unique():
        file, colon, line = str(text).rpartition(":")
        path = Path(file if colon else str(text))
        inside = path.resolve().is_relative_to(root)
        name = path.resolve().relative_to(root).as_posix() if inside else path.name
        known[text] = f"{name}{colon}{line}" if colon else name
    return places.map(known)


def _free(solved: Solved, ranges: Intervals) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """What nothing determines: the cells with their feasible intervals, and the sums that are determined;
    warnings of what the table leaves out."""
    problem, spread, flows = solved.model.problem, solved.posterior, _free_flows(solved)
    name, rows, every = problem.cells.name, list[Mapping[str, Any]](), np.flatnonzero(flows)
    listed, missing = every[:LISTED], []
    if len(every) > LISTED:
        missing.append(f"free.csv lists {LISTED} of {len(every):,} free flows and stocks")
    if len(every) and isinstance(spread, Propagated):
        rows += [_range(name(int(k)), *ranges.ends.get(int(k), (np.nan, np.nan))) for k in listed]
        known = {name(int(k)) for k in every}
        sums = [s for s in free_sums(problem, solved.solution, spread) if known.issuperset(s.cells)]
        rows += [_sum(s, sd) for s, sd in zip(sums, _deviations(solved, sums), strict=True)]
        if ranges.skipped:
            text = f"{ranges.skipped:,} of them have no interval: too many are free together to find it"
            missing.append(f"free.csv: {text}")
    numbers, system = ["value", "sd", "low", "high"], solved.model.system
    table = pd.DataFrame(rows, columns=["kind", "name", *numbers, "unit"])
    if not rows:
        return table, tuple(missing)
    in_unit = {c: table[c] / system.mass_factor for c in numbers}
    return table.assign(unit=system.mass_unit, **in_unit), tuple(missing)


def _range(name: str, low: float, high: float) -> dict[str, Any]:
    return {"kind": "free", "name": name, "low": low, "high": high, "value": np.nan, "sd": np.nan}


def _deviations(solved: Solved, sums: Sequence[FreeSum]) -> Floats:
    """The standard deviations of sums."""
    row = np.repeat(np.arange(len(sums)), [len(s.at) for s in sums])
    column = np.array([k for s in sums for k in s.at], dtype=np.int64)
    weight = np.array([c for s in sums for c in s.coefficients])
    shape = (len(sums), len(solved.model.problem.cells))
    return aggregate(solved.truncated, sparse.coo_array((weight, (row, column)), shape=shape).tocsr()).sd


def _sum(of: FreeSum, sd: float) -> dict[str, Any]:
    """`F6 + F7` and its value, signs and factors as the row has them, the first positive."""
    lead = float(np.sign(of.coefficients[0]))
    words = []
    for name, c in zip(of.cells, of.coefficients, strict=True):
        factor = "" if abs(c) == 1 else f"{abs(c):g} "
        words.append(f"{'-' if c * lead < 0 else '+'} {factor}{name}")
    text = " ".join(words).removeprefix("+ ")
    return {"kind": "sum", "name": text, "low": np.nan, "high": np.nan, "value": lead * of.value, "sd": sd}


def _facts(solved: Solved, order: list[str]) -> dict[str, Any]:
    balances, left_open = closed_and_open(solved.balances)
    problem, test = solved.model.problem, solved.diagnosis.test
    loss = losses_of(problem.observed, loss_of(solved.model.document.spec.solve.robust))
    return {
        "question": solved.model.document.spec.solve.question,
        "unknowns": len(problem),
        "exact_rows": len(problem.exact),
        "loss": loss.text,
        "optimum": standing(problem, solved.solution, loss_of(solved.model.document.spec.solve.robust)),
        "starts": solved.solution.starts.tried,
        "iterations": solved.solution.iterations,
        "chi_square": float(f"{test.chi2:.12g}") if test.dof else None,
        "degrees_of_freedom": float(f"{test.dof:.6g}"),
        "critical_value": float(f"{test.critical:.6g}") if test.dof else None,
        "p_value": float(f"{test.p:.6g}") if test.dof else None,
        "worst_closure": float(f"{balances['relative'].max() if len(balances) else 0.0:.3g}"),
        "open_balances": len(left_open),
        "mass_unit": solved.model.system.mass_unit,
        "free_cells": int(_free_flows(solved).sum()),
        "bases": _bases(solved.model),
        "items": dict(solved.model.items),
        "order": order,
    } | _spread(solved)


def _counts(table: pd.DataFrame, reported: pd.Series, found: Suspects) -> dict[str, int]:
    """How many reports and stated parameters count, how many of both are flagged, and in how many misfits."""
    counted = table["standing"] == "counted"
    return {
        "observations_counted": int((counted & reported).sum()),
        "observations_kept_aside": int((~counted & reported).sum()),
        "parameters_counted": int((counted & ~reported).sum()),
        "flagged": int(table["flag"].isin(FLAGS).sum()),
        "gross_errors": len(found),
    }


def _spread(solved: Solved) -> dict[str, Any]:
    """How standard deviations were drawn, where they were; that they are not known, where they are not."""
    if solved.model.spread_left_out:
        return {NO_SD: "not known: a simulation takes what is uncertain as exact"}
    if solved.drawn is None:
        return {}
    return {"draws": len(solved.drawn.x), "draws_made_by": solved.drawn.method}


def _bases(model: Model) -> dict[str, dict[str, float]]:
    """t of each basis per t of each element."""
    return {
        basis: {e: 1 / mass_fraction(c, e) for e, c in compounds.items()}
        for basis, compounds in model.document.spec.bases.items()
    }
