"""One number, one way: whatever is drawn or printed of a sum is what the indicator of that sum says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import mfa
from mfa.cli import main
from mfa.figures import figure_specs
from mfa.figures.network import Link, Node, Stub, network
from mfa.figures.select import element_weights, unit_of
from mfa.figures.series import stacked
from mfa.figures.spec import FigureSpec
from mfa.indicators import evaluate
from mfa.report.sections import _difference
from mfa.run.result import Quantity, Result
from mfa.run.sums import Chosen
from mfa.units import Unit
from tests.reduced import reduced

Expected = tuple[str, float, float]
"""A formula, and the value and deviation that were drawn of it, in the result's unit."""


def formula_of(parts: tuple[Chosen, ...]) -> str:
    """The sum of chosen cells written out, cell by cell."""
    terms = []
    for part in parts:
        q = part.quantity
        for k, element in np.argwhere(part.weights):
            at = [f"{a}={q.labels[a][part.rows[k]]}" for a in q.axes]
            at += [f"element={q.elements[element]}"] if q.elements else []
            chosen = f"[{', '.join(at)}]" if at else ""
            terms.append(f"{float(part.weights[k, element])!r} * {q.name}{chosen}")
    return " + ".join(terms) or "0"


def by_dimensions(q: Quantity, at: dict[str, tuple[object, ...]], weights: dict[str, float]) -> str:
    """The sum of a quantity within some labels as a reader would write it, elements weighted."""
    inside = [f"{a}={'|'.join(map(str, v))}" for a, v in at.items() if a in q.axes]
    terms = []
    for element, weight in weights.items():
        chosen = [*inside, *([f"element={element}"] if q.elements else [])]
        terms.append(f"{weight!r} * sum({q.name}[{', '.join(chosen)}])")
    return " + ".join(terms)


def drawn(result: Result) -> Iterator[tuple[str, float, float]]:
    """Every sum in the Sankeys and areas of a result."""
    for spec in figure_specs(result).values():
        if spec.kind == "sankey":
            chain = network(result, spec, unit_of(result, spec.unit))
            every: list[Link | Stub | Node] = [*chain.links, *chain.stubs, *chain.nodes.values()]
            for x in every:
                yield formula_of(x.parts), x.value, x.sd
        elif spec.kind == "area":
            quantities, unit = [result.quantity(n) for n in spec.of], unit_of(result, spec.unit)
            stack = stacked(result, spec, quantities, unit)
            for k, time in enumerate(stack.times):
                terms = [whole_at(result, q, unit, spec, int(time)) for q in quantities]
                yield " + ".join(terms), float(stack.total[k]), float(stack.sd[k])


def whole_at(result: Result, q: Quantity, unit: Unit, spec: FigureSpec, year: int) -> str:
    weights = element_weights(result, q, unit, spec.at.get("element", ()))
    names = dict(zip(q.elements or ("",), map(float, weights), strict=True))
    return by_dimensions(q, {**spec.at, "year": (year,)}, names)


def printed(result: Result) -> Iterator[tuple[str, float, float]]:
    """Every sum in the report's table of statistical differences."""
    for q in result.quantities.values():
        if q.kind == "difference":
            table = _difference(result, q)
            for row in table.to_dict("records"):
                at = ", ".join(f"{a}={row[a]}" for a in q.axes)
                yield f"sum({q.name}[{at}])", row["value"], row["sd"]


def agree(result: Result, numbers: list[Expected]) -> pd.DataFrame:
    formulas = {f"n{k}": formula for k, (formula, _, _) in enumerate(numbers)}
    table = evaluate(replace(result, outputs={"indicators": formulas})).set_index("name")
    for k, (formula, value, sd) in enumerate(numbers):
        row = table.loc[f"n{k}"]
        assert row["value"] == pytest.approx(value, rel=1e-9, abs=1e-9), formula
        assert row["sd"] == pytest.approx(sd, rel=1e-6, abs=1e-9, nan_ok=True), formula
    return table


def test_every_sum_of_the_report_of_the_rare_earths_is_its_indicator(tmp_path: Path) -> None:
    result = mfa.run(reduced(tmp_path))
    numbers = [*drawn(result), *printed(result)]
    assert len(numbers) > 40
    agree(result, numbers)
    mined = result.indicators.set_index(["name", "year"]).loc[("mined_world", 2022)]
    area = next(s for s in figure_specs(result).values() if s.kind == "area")
    plain = replace(area, unit="t")
    stack = stacked(result, plain, [result.quantity(n) for n in area.of], unit_of(result, "t"))
    assert stack.sd[list(stack.times).index(2022)] == pytest.approx(mined["sd"], rel=1e-6)
    assert (mined["unit"], mined["basis"]) == ("t/year", "element")


def test_a_bar_has_the_deviation_of_the_sum_it_shows(tmp_path: Path) -> None:
    """Two outflows reported as 5 +- 2 whose sum is weighed as 10 +- 0.1."""
    file = Path(__file__).parent / "cases" / "sankey-node-sd" / "case.yaml"
    result = mfa.run(mfa.load(file))
    spec = next(iter(figure_specs(result).values()))
    chain = network(result, spec, unit_of(result, None))
    total = result.indicators.iloc[0]
    assert total["sd"] == pytest.approx(0.0999, abs=5e-5)
    for node in chain.nodes.values():
        assert (node.value, node.sd) == pytest.approx((total["value"], total["sd"]), rel=1e-9)
    agree(result, list(drawn(result)))
    done = CliRunner().invoke(main, ["run", str(file), "-q", "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    told = CliRunner().invoke(main, ["explain", "total", str(tmp_path / "out")])
    assert "10 +- 0.0999 t" in told.output
    again = mfa.open_result(tmp_path / "out")
    assert [n.sd for n in network(again, spec, unit_of(again, None)).nodes.values()] == pytest.approx(
        [total["sd"]] * 3, rel=1e-9
    )
