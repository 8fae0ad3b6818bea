"""Inputs that broke the reader, the memory or the clock: each is refused at its place, or answered."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

import mfa
from mfa.build import check
from mfa.errors import MfaError, Problem
from mfa.spec.resolve import read_document

HERE = Path(__file__).parent / "hostile"


def problems_of(path: Path) -> list[Problem]:
    document, problems = read_document(path)
    return [*problems, *(check(document) if document is not None else [])]


@pytest.mark.parametrize(
    ("name", "code", "place", "said"),
    [
        ("sec_dimzero.yaml", "not-a-file", (2, 29), "is a device, not a file"),
        ("sec_range.yaml", "too-large", (2, 21), "has 3,000,000,001: at most 1,000,000 labels"),
        ("trace_bigint.yaml", "not-finite", (5, 32), "is not a number that a quantity can have"),
        ("trace_by_typo.yaml", "unknown-dimension", (4, 34), 'no dimension "usee"'),
        ("by_without_dimension.json", "unknown-dimension", (7, 5), 'no dimension "grade"'),
        ("huge_additions.json", "number-range", (25, 17), "1.7e+308 is out of range"),
        ("stock_at_source.json", "stock-place", (10, 10), "is a source"),
        ("nan_in_message.json", "data-shape", (59, 5), 'the text "Infinity"'),
    ],
)
def test_the_mistake_is_named_at_its_place(name: str, code: str, place: tuple[int, int], said: str) -> None:
    found = [p for p in problems_of(HERE / name) if p.code == code]
    assert found
    assert found[0].where is not None
    assert (found[0].where.line, found[0].where.column) == place
    assert said in found[0].text


def test_a_dimension_is_not_read_from_a_pipe(tmp_path: Path) -> None:
    shutil.copy(HERE / "sec_dimfifo.yaml", tmp_path)
    os.mkfifo(tmp_path / "fifo.csv")
    found = [p for p in problems_of(tmp_path / "sec_dimfifo.yaml") if p.severity == "error"]
    assert [(p.code, p.text) for p in found] == [("not-a-file", '"fifo.csv" is a pipe, not a file')]


def test_infinity_from_python_is_named_with_its_path() -> None:
    with pytest.raises(MfaError, match=r"drivers\.sales\.data\.2: inf is not a number"):
        mfa.load(json.loads((HERE / "nan_in_message.json").read_text()))


def test_a_long_sum_is_computed() -> None:
    document = json.loads(json.dumps(read_document(HERE / "trace_formula_long.yaml")[0].tree))  # type: ignore[union-attr]
    terms = document["outputs"]["indicators"]["i"].count("f")
    value = mfa.run(document).indicators["value"].item()
    assert terms > 400
    assert value == pytest.approx(terms)


def test_a_stock_without_time_is_the_change_of_the_period() -> None:
    result = mfa.run(HERE / "stock_no_time.yaml")
    flows = {name: float(result.flow(name)) for name in ("f", "g")}
    assert float(result.stock("k")) == pytest.approx(flows["f"] - flows["g"])
    assert flows["f"] == pytest.approx(1.0)


PLANT = {
    "mfa": 1,
    "processes": {"in": {"kind": "source"}, "plant": {}, "out": {"kind": "sink"}},
    "flows": {"feed": {"from": "in", "to": "plant"}, "product": {"from": "plant", "to": "out"}},
    "observations": {"o": {"of": "product", "value": 4, "cv": 0.1}},
}
"""What the fuzzer found is tried on this."""


def test_a_number_instead_of_a_formula_is_refused() -> None:
    problems = read_document({**PLANT, "outputs": {"indicators": {"sd": 0.1}}})[1]
    assert [p.code for p in problems] == ["type"]


def test_a_list_of_stocks_is_refused_beside_a_process_that_keeps_one() -> None:
    processes = {**PLANT["processes"], "plant": {"kind": "stock"}}  # type: ignore[dict-item]
    for stocks in ([], [1], "x", 3, False):
        assert "type" in {
            p.code for p in read_document({**PLANT, "processes": processes, "stocks": stocks})[1]
        }


def test_a_share_of_the_only_outflow_is_answered() -> None:
    result = mfa.run({**PLANT, "transfers": {"plant": {"product": {"value": 0.7, "sd": 0.05}}}})
    assert float(result.flow("feed")) == pytest.approx(4.0)
    assert float(result.flow("product")) == pytest.approx(4.0)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_lifetime_that_overflows_is_refused() -> None:
    shaped = {"weibull": {"mean": 2, "shape": 2e-6}}
    document = {
        **PLANT,
        "dimensions": {"year": {"range": [2020, 2022]}},
        "processes": {**PLANT["processes"], "plant": {"kind": "stock"}},  # type: ignore[dict-item]
        "stocks": {"kept": {"at": "plant", "lifetime": shaped}},
    }
    with pytest.raises(MfaError):
        mfa.run(document)
