"""Documents that ask for too much: counted before anything of that size is made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import mfa.spec.reader
from mfa.errors import MfaError
from mfa.limits import DOCUMENT_BYTES, FORMULA_DEPTH, FORMULA_TERMS, IMPORTS, LABELS, VARIANTS
from mfa.spec.formula import FormulaError, names_in, parse_formula, parts
from mfa.spec.reader import read_file, read_text
from mfa.spec.resolve import read_document

SYSTEM: dict[str, Any] = {
    "mfa": 1,
    "processes": {"s": {"kind": "source"}, "t": {"kind": "sink"}},
    "flows": {"f": {"from": "s", "to": "t"}},
    "observations": {"o": {"of": "f", "value": 1, "sd": 0.1}},
}


def codes(**changes: Any) -> dict[str, str]:
    problems = read_document({**SYSTEM, **changes})[1]
    return {p.code: p.text for p in problems if p.severity == "error"}


def test_a_system_is_counted_before_it_is_made() -> None:
    years = {"range": [1, 100_000]}
    assert codes(dimensions={"year": years}) == {}
    found = codes(dimensions={"year": years, "region": [f"R{k}" for k in range(1000)]})
    said = "the system has 100,000,000: at most 50,000,000 cells of all flows, trades and stocks are accepted"
    assert found == {"too-large": said}


def test_ten_million_unknowns_are_possible() -> None:
    assert codes(dimensions={"year": {"range": [1, 10_000]}, "region": [f"R{k}" for k in range(1000)]}) == {}


def test_trade_on_all_pairs_counts_all_pairs() -> None:
    regions = [f"R{k}" for k in range(8000)]
    trade = {"at": "m", "pairs": "all"}
    changes = {
        "processes": {**SYSTEM["processes"], "m": {"kind": "market"}},
        "flows": {"f": {"from": "s", "to": "m"}, "g": {"from": "m", "to": "t"}},
        "dimensions": {"region": regions},
    }
    assert "too-large" in codes(**changes, trade={"x": trade})
    assert codes(**changes, trade={"x": {**trade, "pairs": "observed"}}) == {}


def test_a_value_is_counted_over_its_own_dims() -> None:
    dimensions = {"year": {"range": [1, 10_000]}, "a": {"range": [1, 10_000]}}
    content = {"table": "c.csv", "dims": ["year", "a"], "unit": "t / t gross"}
    assert "too-large" in codes(dimensions=dimensions, contents={"c": content})


@pytest.mark.parametrize("range_", [[0, LABELS.most], [-(10**30), 10**30], [1, 10**12]])
def test_ranges_are_counted_and_not_made(range_: list[int]) -> None:
    for name in ("year", "region", "other"):
        assert "at most 1,000,000 labels" in codes(dimensions={name: {"range": range_}})["too-large"]


def test_a_large_document_is_not_composed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("mfa: 1\nx: [" + "a," * 1_100_000 + "]\n", "mfa: 1\nx:\n" + "- - - a\n" * 400_000):
        tree, problems = read_text(text, "f")
        assert [p.code for p in problems] == ["yaml-alias"]
        assert "at most 1,000,000 keys and values" in problems[0].text
        assert tree.data == {}
    monkeypatch.setattr(mfa.spec.reader, "DOCUMENT_BYTES", replace(DOCUMENT_BYTES, most=20))
    (tmp_path / "a.yaml").write_text("mfa: 1\nname: longer than that\n")
    assert [p.code for p in read_file(tmp_path / "a.yaml")[1]] == ["too-large"]


def test_aliases_of_aliases_are_counted() -> None:
    lines = ["mfa: 1", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 9)]
    _, problems = read_text("\n".join(lines), "f")
    assert [p.code for p in problems] == ["yaml-alias"]
    assert "aliases written out" in problems[0].text


def test_many_imports_are_refused_and_a_long_chain_is_no_recursion(tmp_path: Path) -> None:
    for k in range(IMPORTS.most + 50):
        (tmp_path / f"{k}.yaml").write_text(f"import: [{k + 1}.yaml]\n")
    found = {p.code for p in read_document(tmp_path / "0.yaml")[1]}
    assert "too-large" in found
    assert "missing-file" not in found


def test_many_variants_are_refused() -> None:
    variants = {f"v{k}": {"set": {"name": "x"}} for k in range(VARIANTS.most + 1)}
    assert "at most 1,000 variants" in codes(variants=variants)["too-large"]


def test_formulas_are_long_and_deep_up_to_their_limits() -> None:
    longest = "+".join(["f"] * FORMULA_TERMS.most)
    assert len(list(parts(parse_formula(longest)))) == 2 * FORMULA_TERMS.most - 1
    deepest = "(" * FORMULA_DEPTH.most + "f" + ")" * FORMULA_DEPTH.most
    assert names_in(parse_formula(deepest)) == ("f",)
    for text in (f"{longest}+f", f"({deepest})", "-" * 51 + "f", "sum(" * 51 + "f" + ")" * 51, "f" * 20_001):
        with pytest.raises(FormulaError, match="at most"):
            parse_formula(text)
        assert "formula" in codes(outputs={"indicators": {"i": text}})


@pytest.mark.parametrize("bad", ["a\0b", "\ud800", {"x\0": 1}])
def test_text_that_no_file_holds_is_refused(bad: Any) -> None:
    assert "character" in codes(title=bad) or "character" in codes(sources=bad)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 10**400, -(10**309)])
def test_numbers_beyond_all_range_are_refused_wherever_they_stand(number: float) -> None:
    driver = {"of": "f", "data": [number], "dims": ["year"]}
    for changes in (
        {"observations": {"o": {"of": "f", "value": number, "sd": 1}}},
        {"dimensions": {"year": [2020]}, "drivers": {"d": driver}, "solve": {"question": "simulate"}},
        {"transfers": {"s": {"f": {"data": {"x": {"y": number}}}}}},
    ):
        assert "not-finite" in codes(**changes)
    with pytest.raises(MfaError, match="not a number that a quantity can have"):
        mfa.load(SYSTEM, set={"observations.o.value": number})
