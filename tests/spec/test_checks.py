"""What must be accepted, and how checks speak; what must be refused is under tests/invalid."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from mfa.errors import Problem
from mfa.spec.checks import CHECKS
from mfa.spec.reader import read_text
from mfa.spec.resolve import read_document

VALID = """
mfa: 1
dimensions: {year: {range: [2020, 2022]}, region: [NO, NA, CHN], element: [Nd, Y], application: [ev, wind]}
bases: {REO: {Nd: Nd2O3, Y: Y2O3}}
processes:
  mine: {kind: source, where: {region: [NO, CHN]}}
  m: {kind: market, statistical_difference: {cv: 5%, floor: 1 t}}
  plant: {}
  use: {kind: stock}
  s: {kind: sink}
flows:
  a: {from: mine, to: m, commodity: ore}
  b: {from: m, to: plant, commodity: oxide}
  c: {from: plant, to: use, by: [application]}
  d: {from: plant, to: s}
  e: {from: use, to: s, by: [application]}
trade: {t: {at: m, commodity: oxide, where: {region: [CHN, NO]}}}
compositions: {ore: {data: {Nd: 0.7, Y: 0.3}, dims: element, basis: REO, cv: 10%}, oxide: mixed}
contents: {oxide: {value: 0.75, sd: 0.1, unit: t REO / t gross}, ore: 0.6}
transfers: {plant: {c: {data: {2020: 0.7, 2022: 0.8}, dims: year, interpolate: linear}, d: rest}}
stocks:
  in_use: {at: use, inflow: c, outflow: e, lifetime: {ev: {fixed: 10}, wind: {normal: {mean: 25, sd: 5}}}}
  reserves: {at: mine, kind: reserve, initial: {data: {CHN: 44, NO: 1}, dims: region, unit: Mt REO}}
observations:
  o: {of: a, at: {region: NO, year: 2021}, sum: element, value: 1e-9, unit: t REO, sd: 0}
  y: {of: a, at: {element: Y}, value: 3 t Y, factor: 1.5, derived_from: o}
  g: {of: t, at: {exporter: CHN, importer: NA}, sum: element, value: 3 t gross, cv: 20%}
  w: {of: m.statistical_difference, value: 0, sd: 5}
  r: {of: reserves, at: {region: CHN}, value: 44 Mt REO, cv: 10%}
  i: {of: {a: 1, b: -0.5}, sum: [region, element], value: 3, interval: [2, 4]}
constraints: {q: {of: a, min: 1 kt, max: 2000000 t}}
outputs:
  indicators: {s: "share(sum(t, exporter), importer)", l: "in_use / c", k: "sum(c[application=ev], region)"}
  figures: {f: {kind: area, of: [a], by: region, at: {year: [2020, 2021]}, unit: kt REO}}
"""


def data() -> dict[str, Any]:
    tree, problems = read_text(VALID, "valid.yaml")
    assert problems == []
    return copy.deepcopy(tree.data)


def problems_of(source: dict[str, Any]) -> list[Problem]:
    return read_document(source)[1]


def test_norway_yttrium_namibia_and_small_numbers_are_accepted() -> None:
    document, problems = read_document(data())
    assert [str(p) for p in problems] == []
    assert document is not None
    assert document.spec.dimensions["region"].labels == ("NO", "NA", "CHN")
    assert document.spec.observations["o"].value == 1e-9


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("observations.o.sum", ["application"], "no-axis"),
        ("observations.o.at", {"exporter": "CHN"}, "no-axis"),
        ("observations.r.at", {"element": "Nd"}, "no-axis"),
        ("observations.r.unit", "Mt", "value-form"),
        ("observations.y.at", {"element": "Nd"}, "unit-kind"),
        ("observations.y.at", {"element": ["Nd", "Y"]}, "unit-kind"),
        ("observations.g.of", "d", "no-axis"),
        ("observations.i.of", {"a": 1, "reserves": 1}, "kinds-mixed"),
        ("observations.o.of", "mines.statistical_difference", "unknown-name"),
        ("constraints.q.min", "2001 kt", "limits"),
        ("constraints.q.min", "1 kt REO", "kinds-mixed"),
        ("transfers.plant.c.data", {2020: 1.7}, "share-range"),
        ("transfers.plant.c.data", {2019: 0.7}, "unknown-label"),
        ("flows.a.where", {"element": "Nd"}, "no-axis"),
        ("trade.t.where", {"exporter": "DEU"}, "unknown-label"),
        ("processes.plant.statistical_difference", {"cv": 0.1}, "difference-place"),
        ("stocks.in_use.lifetime", {"table": {"age": [0, 1], "survival": [1, -1]}}, "lifetime-parameters"),
        ("stocks.in_use.recovery", 0.7, "stock-kind"),
        ("stocks.reserves.recovery", "0.7 t", "unit-kind"),
        ("stocks.reserves.initial", "5 MUSD", "unit-kind"),
        ("units.mass", "year", "unit-kind"),
        ("units.time", "t", "unit-kind"),
        ("compositions.ore.dims", "region", "unknown-label"),
        ("contents.ore", {}, "no-value"),
        ("outputs.indicators.s", "sum(a, exporter)", "no-axis"),
        ("outputs.indicators.s", "in_use - c", "kinds-mixed"),
        ("outputs.indicators.s", "c[application=bus]", "unknown-label"),
    ],
)
def test_one_change_makes_one_kind_of_problem(path: str, value: object, code: str) -> None:
    _, problems = read_document(data(), set={path: value})
    assert code in {p.code for p in problems if p.severity == "error"}


def test_every_check_is_named_and_finds_nothing_in_a_valid_document() -> None:
    document, _ = read_document(data())
    assert document is not None
    assert len(CHECKS) >= 30
    assert all(check.run.__doc__ for check in CHECKS)
    assert [p for check in CHECKS for p in check.run(document)] == []


def test_tables_may_be_patterns_sheets_or_optional(tmp_path: Path) -> None:
    for name in ("a_1.csv", "book.xlsx"):
        (tmp_path / name).write_text("x,sd\n")
    for file, there in (
        ("a_*.csv", True),
        ("b_*.csv", False),
        ("book.xlsx#Sheet", True),
        ("none.xlsx#Sheet", False),
    ):
        for optional in (True, False):
            source = data()
            table = {"file": str(tmp_path / file), "optional": optional}
            source["observations"] = {"o": {"of": "a", "table": table, "cv": "10%"}}
            codes = [p.code for p in problems_of(source)]
            assert codes == ([] if there or optional else ["missing-file"])


def test_hints_name_what_may_be_meant() -> None:
    source = data()
    source["observations"]["o"]["of"] = "aa"
    source["constraints"]["q"]["at"] = {"year": "2021", "region": "CHNN"}
    hints = {p.hint for p in problems_of(source)}
    assert 'did you mean "a"?' in hints
    assert "its labels are numbers: write 2021 without quotes" in hints
    assert 'did you mean "CHN"?' in hints
