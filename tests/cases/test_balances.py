"""A process balances over every dimension that all its flows share, unless it converts it or is left open."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mfa
from mfa.report.sections import sections
from mfa.report.verdict import verdict
from mfa.spec.resolve import read_document

HERE = Path(__file__).parent
APPLES, PEARS = "apples", "pears"


def ran(case: str, **set: Any) -> mfa.Result:
    return mfa.run(mfa.load(HERE / case, set=set))


def test_apples_do_not_become_pears() -> None:
    result = ran("by-is-not-balanced/case.yaml")
    # each product is off by 80 between two reports of sd 1: 80^2 / 2 twice
    assert result.facts["chi_square"] == pytest.approx(2 * 80**2 / 2)
    assert result.facts["degrees_of_freedom"] == pytest.approx(2)
    assert result.flow("bought").to_numpy() == pytest.approx([50, 50])
    assert set(result.balances["product"]) == {APPLES, PEARS}


def test_a_process_that_converts_balances_their_sum() -> None:
    result = ran("by-is-not-balanced/case.yaml", **{"processes.shop": {"converts": "product"}})
    assert result.facts["chi_square"] == pytest.approx(0)
    assert result.flow("sold").to_numpy() == pytest.approx([90, 10])
    assert "product" not in result.balances.columns


def test_a_balance_that_is_left_open_exerts_nothing() -> None:
    result = ran("by-is-not-balanced/case.yaml", **{"processes.shop": {"balance": "open"}})
    assert result.facts["chi_square"] is None  # nothing is left to test
    assert result.facts["degrees_of_freedom"] == pytest.approx(0)
    gaps = result.balances.set_index("product")["difference"]
    assert gaps[APPLES] == pytest.approx(-80)
    assert gaps[PEARS] == pytest.approx(80)
    assert set(result.balances["balance"]) == {"open"}
    assert result.facts["open_balances"] == 2
    assert "2 balances are left open: the largest gap is" in " ".join(verdict(result))
    assert [s.anchor for s in sections(result) if "balances" in s.title.lower()] == ["open"]


def test_what_is_sold_follows_label_by_label() -> None:
    assert ran("by-is-not-balanced/simulate.yaml").flow("sold").to_numpy() == pytest.approx([10, 90])


GOODS: dict[str, Any] = {
    "mfa": 1,
    "dimensions": {"good": ["a", "b"]},
    "processes": {"s": {"kind": "source"}, "p": {}, "o": {"kind": "sink"}},
    "flows": {
        "x": {"from": "s", "to": "p", "by": ["good"]},
        "y": {"from": "p", "to": "o", "by": ["good"]},
        "z": {"from": "p", "to": "o", "by": ["good"]},
    },
    "transfers": {"p": {"y": {"data": {"a": 0.3, "b": 0.6}, "dims": "good"}, "z": "rest"}},
    "solve": {"question": "simulate"},
    "drivers": {"d": {"of": "x", "data": {"a": 10, "b": 20}, "dims": "good"}},
}


def goods(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy({**GOODS, **changes})


def test_the_rest_is_that_of_each_label() -> None:
    result = mfa.run(mfa.load(GOODS))
    assert result.flow("z").to_numpy() == pytest.approx([7, 8])


def test_one_share_holds_for_each_label_that_entered() -> None:
    document = goods(transfers={"p": {"y": 0.25, "z": "rest"}})
    assert mfa.run(mfa.load(document)).flow("y").to_numpy() == pytest.approx([2.5, 5])
    # also where another outflow has no labels, so that the process balances their sum
    document["flows"]["z"]["by"] = []
    result = mfa.run(mfa.load(document))
    assert result.flow("y").to_numpy() == pytest.approx([2.5, 5])
    assert result.flow("z").item() == pytest.approx(22.5)


def test_shares_of_a_process_that_converts_are_of_all_that_enters() -> None:
    shares = {
        "y": {"data": {"a": 0.1, "b": 0.3}, "dims": "good"},
        "z": {"data": {"a": 0.6, "b": 0}, "dims": "good"},
    }
    document = goods(transfers={"p": shares})
    document["processes"]["p"] = {"converts": ["good"]}
    result = mfa.run(mfa.load(document))
    assert result.flow("y").to_numpy() == pytest.approx([3, 9])
    assert result.flow("z").to_numpy() == pytest.approx([18, 0])


def test_an_open_balance_in_a_simulation() -> None:
    shares = {"y": {"data": {"a": 0.3, "b": 0.6}, "dims": "good"}, "z": 0.1}
    document = goods(transfers={"p": shares})
    document["processes"]["p"] = {"balance": "open"}
    result = mfa.run(mfa.load(document))
    assert result.flow("z").to_numpy() == pytest.approx([1, 2])
    assert result.balances.set_index("good")["difference"].to_dict() == pytest.approx({"a": 6, "b": 6})


def test_a_market_mixes_label_by_label() -> None:
    document = {
        "mfa": 1,
        "dimensions": {"element": ["Fe", "Al"], "form": ["bar", "sheet"]},
        "processes": {
            "one": {"kind": "source"}, "two": {"kind": "source"}, "m": {"kind": "market"},
            "cars": {"kind": "sink"}, "cans": {"kind": "sink"},
        },
        "flows": {
            "first": {"from": "one", "to": "m", "by": "form"},
            "second": {"from": "two", "to": "m", "by": "form"},
            "to_cars": {"from": "m", "to": "cars", "by": "form", "commodity": "metal"},
            "to_cans": {"from": "m", "to": "cans", "by": "form", "commodity": "metal"},
        },
        "compositions": {"metal": "mixed"},
        "transfers": {"m": {"to_cars": 0.5, "to_cans": "rest"}},
        "solve": {"question": "simulate"},
        "drivers": {
            "f": {"of": "first", "dims": ["form", "element"],
                  "data": {"bar": {"Fe": 8, "Al": 0}, "sheet": {"Fe": 1, "Al": 1}}},
            "s": {"of": "second", "dims": ["form", "element"],
                  "data": {"bar": {"Fe": 0, "Al": 2}, "sheet": {"Fe": 3, "Al": 1}}},
        },
    }  # fmt: skip
    result = mfa.run(mfa.load(document))
    assert result.flow("to_cars").to_numpy() == pytest.approx(np.array([[4, 1], [2, 1]]))


def test_a_statistical_difference_has_the_labels_of_its_market() -> None:
    document = goods(solve={"question": "reconcile"}, drivers={}, transfers={})
    document["processes"]["p"] = {"kind": "market", "statistical_difference": {"sd": 10}}
    document["flows"].pop("z")
    document["observations"] = {
        name: {"of": name, "data": values, "dims": "good", "sd": 1e-3}
        for name, values in (("x", {"a": 10, "b": 20}), ("y", {"a": 13, "b": 15}))
    }
    result = mfa.run(mfa.load(document))
    found = result.quantity("p.statistical_difference").frame()
    assert dict(zip(found["good"], found["value"], strict=True)) == pytest.approx({"a": 3, "b": -5}, rel=1e-6)


def test_the_report_of_a_saved_result_finds_labels_that_are_numbers(tmp_path: Path) -> None:
    document = goods(solve={"question": "reconcile"}, drivers={}, transfers={})
    document["dimensions"] = {"good": [1, 2]}
    document["processes"] |= {"p": {"kind": "market", "statistical_difference": {"sd": 10}}, "next": {}}
    document["flows"] = {
        "x": {"from": "s", "to": "p", "by": "good"},
        "y": {"from": "p", "to": "next", "by": "good"},
        "z": {"from": "next", "to": "o"},
    }
    document["observations"] = {
        "ox": {"of": "x", "data": {1: 10, 2: 20}, "dims": "good", "sd": 1},
        "oy": {"of": "y", "data": {1: 14, 2: 20}, "dims": "good", "sd": 1},
    }
    mfa.run(mfa.load(document)).save(tmp_path / "saved")
    again = mfa.open_result(tmp_path / "saved")
    (found,) = [s for s in sections(again) if s.anchor == "differences"]
    assert [row[:2] for row in found.grids[0].rows] == [("p", "1")]


def test_a_process_of_kind_stock_holds_a_level() -> None:
    result = ran("stock-kind-without-stock/case.yaml")
    assert result.flow("a").item() == pytest.approx(10)
    assert result.flow("b").item() == pytest.approx(4)
    assert result.stock("soil").item() == pytest.approx(6)
    assert result.facts["chi_square"] is None  # nothing is left to test


def test_a_level_is_kept_by_label_and_adds_up_over_years() -> None:
    document = goods(transfers={"p": {"y": {"data": {"a": 0.3, "b": 0.6}, "dims": "good"}, "z": 0.1}})
    document["dimensions"]["year"] = [2000, 2002, 2004]
    document["processes"]["p"] = {"kind": "stock"}
    document["drivers"]["d"] |= {
        "data": {y: {"a": 10, "b": 20} for y in (2000, 2002, 2004)},
        "dims": ["year", "good"],
    }
    result = mfa.run(mfa.load(document))
    # two years a period: 2 (10 - 3 - 1) and 2 (20 - 12 - 2)
    assert result.stock("p").to_numpy() == pytest.approx(np.array([[12, 12], [24, 24], [36, 36]]))


def test_a_process_of_kind_stock_in_a_system_without_time() -> None:
    result = ran("55-static-system-with-a-stock/nostock.yaml")
    assert result.stock("landfill").item() == pytest.approx(4)
    assert result.sd("landfill").item() == pytest.approx(np.hypot(1, 0.1))


def test_a_level_of_each_label_without_time() -> None:
    document = goods(transfers={"p": {"y": {"data": {"a": 0.3, "b": 0.6}, "dims": "good"}, "z": 0.1}})
    document["processes"]["p"] = {"kind": "stock"}
    assert mfa.run(mfa.load(document)).stock("p").to_numpy() == pytest.approx([6, 6])


def test_a_stock_with_a_lifetime_keeps_no_labels_that_its_process_converts() -> None:
    document = goods(transfers={"p": {"y": {"data": {"a": 0.25, "b": 0.75}, "dims": "good"}}})
    document["flows"].pop("z")
    document["dimensions"]["year"] = {"range": [2000, 2003]}
    document["drivers"]["d"] |= {
        "data": {y: {"a": 10, "b": 20} for y in range(2000, 2004)},
        "dims": ["year", "good"],
    }
    document["processes"]["p"] = {"kind": "stock", "converts": "good"}
    document["stocks"] = {"held": {"at": "p", "timing": "end", "lifetime": {"fixed": 2}}}
    result = mfa.run(mfa.load(document))
    assert result.stock("held").to_numpy() == pytest.approx([30, 60, 60, 60])
    assert result.flow("y").to_numpy()[2:] == pytest.approx(np.array([[7.5, 22.5], [7.5, 22.5]]))


@pytest.mark.parametrize("kind", ["closed", "open"])
def test_a_stock_with_a_lifetime_where_the_balance_is(kind: str) -> None:
    document = goods(transfers={})
    document["flows"].pop("z")
    document["dimensions"]["year"] = {"range": [2000, 2003]}
    document["drivers"]["d"] |= {
        "data": {y: {"a": 10, "b": 20} for y in range(2000, 2004)},
        "dims": ["year", "good"],
    }
    document["processes"]["p"] = {"kind": "stock", "balance": kind}
    document["stocks"] = {"held": {"at": "p", "timing": "end", "lifetime": {"fixed": 2}}}
    result = mfa.run(mfa.load(document))
    assert result.stock("held").to_numpy()[-1] == pytest.approx([20, 40])
    assert result.flow("y").to_numpy()[-1] == pytest.approx([10, 20])


def test_nothing_says_what_an_open_process_of_kind_stock_keeps() -> None:
    document = goods()
    document["processes"]["p"] = {"kind": "stock", "balance": "open"}
    document["transfers"] = {"p": {"y": 0.25, "z": 0.5}}
    result = mfa.run(mfa.load(document))
    assert "p" not in result.quantities
    assert result.balances.set_index("good")["difference"].to_dict() == pytest.approx({"a": 2.5, "b": 5})


def test_a_reserve_is_that_of_all_labels_that_leave_its_source() -> None:
    document = goods()
    document["dimensions"]["year"] = [2000, 2001]
    document["drivers"]["d"] |= {
        "data": {y: {"a": 10, "b": 20} for y in (2000, 2001)},
        "dims": ["year", "good"],
    }
    document["stocks"] = {"ground": {"at": "s", "kind": "reserve", "initial": {"value": 100, "unit": "t"}}}
    assert mfa.run(mfa.load(document)).stock("ground").to_numpy() == pytest.approx([70, 40])


def test_the_name_of_a_level_gives_way_to_a_flow() -> None:
    document = goods(solve={"question": "reconcile"}, drivers={}, transfers={})
    document["dimensions"]["year"] = [2000]
    document["flows"]["p"] = document["flows"].pop("z")
    document["processes"]["p"] = {"kind": "stock"}
    assert "p_stock" in mfa.load(document).spec.stocks


def test_a_stock_that_is_written_is_the_only_one() -> None:
    document = goods(transfers={})
    document["processes"]["p"] = {"kind": "stock"}
    document["stocks"] = {"held": {"at": "p"}}
    assert list(read_document(document)[0].spec.stocks) == ["held"]  # type: ignore[union-attr]


def test_a_process_that_nothing_leaves_is_refused() -> None:
    _, problems = read_document(HERE / "stock-kind-without-stock/no_outflow.yaml")
    (problem,) = [p for p in problems if p.severity == "error"]
    assert (problem.code, problem.where.line) == ("process-ends", 3)  # type: ignore[union-attr]
    assert "did you mean `kind: sink`?" in problem.hint


def test_no_warning_against_a_conversion_that_shares_need() -> None:
    """`slag` has no kind, so the balance has none; its share is of cars only where converted."""
    shredder: dict[str, Any] = {
        "mfa": 1,
        "dimensions": {"kind": ["cars", "steel"]},
        "processes": {"yard": {"kind": "source"}, "shred": {"converts": "kind"}, "out": {"kind": "sink"}},
        "flows": {
            "scrap": {"from": "yard", "to": "shred", "by": "kind", "where": {"kind": ["cars"]}},
            "metal": {"from": "shred", "to": "out", "by": "kind", "where": {"kind": ["steel"]}},
            "slag": {"from": "shred", "to": "out"},
        },
        "transfers": {"shred": {"metal": {"data": {"steel": 0.7}, "dims": "kind"}, "slag": "rest"}},
        "solve": {"question": "simulate"},
        "drivers": {"d": {"of": "scrap", "data": {"cars": 100}, "dims": "kind"}},
    }
    document = mfa.load(shredder)
    assert not document.warnings
    assert mfa.run(document).flow("metal").to_numpy() == pytest.approx([0, 70])
