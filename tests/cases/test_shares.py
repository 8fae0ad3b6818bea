"""Shares and compositions as evidence: cases that outsiders found, each with its right value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mfa
from mfa.errors import InputError, MfaError
from mfa.run.result import Result
from tests.bench.shares import world

CASES = Path(__file__).parent


def solved(name: str, **more: Any) -> Result:
    return mfa.run(mfa.load(CASES / name, **more))


def of_two(a: Any, r: Any, **more: Any) -> dict[str, Any]:
    """A flow of 100 +- 1 t whose two elements are stated."""
    return {
        "mfa": 1,
        "dimensions": {"element": ["A", "R"]},
        "processes": {"s": {"kind": "source"}, "p": {}, "o": {"kind": "sink"}},
        "flows": {"x": {"from": "s", "to": "p", "commodity": "k"}, "y": {"from": "p", "to": "o"}},
        "compositions": {"k": {"A": a, "R": r, **more}},
        "observations": {"bulk": {"of": "x", "sum": "element", "value": 100, "sd": 1}},
    }


def stated(value: float, sd: float) -> dict[str, float]:
    return {"value": value, "sd": sd}


def test_shares_of_a_process_that_exceed_one_are_reconciled() -> None:
    """Least squares: each is moved by 0.2 s^2 / sum s^2."""
    result = solved("33-shares-exceed-one/case.yaml")
    sd = np.array([0.1, 0.1, 0.05])
    wanted = np.array([0.7, 0.4, 0.1]) - 0.2 * sd**2 / np.sum(sd**2)
    assert [float(result.flow(f"y{k}")) for k in (1, 2, 3)] == pytest.approx(100 * wanted)
    assert result.parameters["value"].tolist() == [0.7, 0.4, 0.1]
    assert result.parameters["adjusted"].tolist() == pytest.approx(wanted)
    assert result.parameters["shift"].tolist() == pytest.approx((wanted - [0.7, 0.4, 0.1]) / sd)
    assert result.facts["chi_square"] == pytest.approx(0.2**2 / np.sum(sd**2))
    assert result.facts["degrees_of_freedom"] == 1


def test_the_rest_beside_shares_that_exceed_one_is_none() -> None:
    result = solved("33-shares-exceed-one/rest.yaml")
    assert [float(result.flow(f"y{k}")) for k in (1, 2, 3)] == pytest.approx([65, 35, 0], abs=1e-9)


def test_two_shares_leave_the_third_to_the_balance() -> None:
    result = solved("33-shares-exceed-one/two.yaml")
    assert [float(result.flow(f"y{k}")) for k in (1, 2, 3)] == pytest.approx([70, 20, 10])
    assert result.facts["degrees_of_freedom"] == 0


@pytest.mark.parametrize("name", ["case", "rest"])
def test_exact_shares_that_exceed_one_are_refused_with_their_sum(name: str) -> None:
    with pytest.raises(InputError, match=r'shares of "p" sum to 1\.2: more leaves than enters'):
        solved(f"33-shares-exceed-one/{name}.yaml", variant="exact")


@pytest.mark.parametrize("name", ["rest", "l_table2"])
def test_goods_and_one_substance_as_stan_has_them(name: str) -> None:
    result = solved(f"composition-layers/{name}.yaml")
    assert float(result.flow("f1").sel(element="P")) == pytest.approx(11.00885, abs=5e-5)
    assert result.facts["chi_square"] == pytest.approx(1.149, abs=5e-4)
    assert result.facts["degrees_of_freedom"] == pytest.approx(2, abs=1e-5)


def test_two_elements_that_are_both_evidence_tell_more_than_one() -> None:
    result = solved("composition-layers/case.yaml")
    assert float(result.flow("f1").sel(element="P")) == pytest.approx(10.960, abs=5e-4)
    assert result.facts["degrees_of_freedom"] == pytest.approx(2, abs=1e-5)


def test_one_element_is_not_the_whole() -> None:
    with pytest.raises(InputError) as caught:
        solved("composition-layers/only_p.yaml")
    assert [p.code for p in caught.value.problems] == ["share-sum"] * 3
    assert 'the composition of "g1" sums to 0.1, and says nothing of other' in str(caught.value)
    assert "other: rest" in caught.value.problems[0].hint


def test_what_is_not_listed_beside_a_rest_is_named() -> None:
    """Of P, N and other only P is stated, and N is the rest: that other holds nothing is said."""
    source = of_two({"value": 0.1, "sd": 0.01}, "rest")
    source["dimensions"]["element"].append("B")
    result = mfa.run(mfa.load(source))
    assert 'the composition of "k" has a rest, and says nothing of B: 0' in str(result.warnings)
    source["compositions"]["k"]["B"] = 0
    assert not mfa.run(mfa.load(source)).warnings


def test_the_hint_of_several_unlisted_elements_names_all() -> None:
    source = of_two({"value": 0.1, "sd": 0.01}, 0.2)
    source["dimensions"]["element"] += ["B", "C"]
    with pytest.raises(InputError, match="says nothing of B, C") as caught:
        mfa.run(mfa.load(source))
    hint = "write the share of each element, 0 included; one of them may be the rest: `B: rest`"
    assert caught.value.problems[0].hint == hint


@pytest.mark.parametrize(
    ("a", "r", "dof"), [(0.5, 0.5, 0.0), (0.4, 0.4, 1.0), (0.7, 0.6, 1.0), (0.3, 0.7, 0.0)]
)
def test_a_composition_alone_has_the_freedom_of_its_sum(a: float, r: float, dof: float) -> None:
    result = mfa.run(mfa.load(of_two(stated(a, 0.05), stated(r, 0.05))))
    assert result.facts["degrees_of_freedom"] == pytest.approx(dof, abs=1e-9)
    wanted = pytest.approx((a + r - 1) ** 2 / (2 * 0.05**2), abs=1e-9) if dof else None
    assert result.facts["chi_square"] == wanted
    assert result.parameters["value"].tolist() == [a, r]
    assert result.parameters["adjusted"].sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((0.5, 0.001), (0.5, 0.05)),
        ((0.5, 0.001), (0.45, 0.05)),
        ((0.5, 0.001), (0.3, 0.2)),
        ((0.3, 0.001), (0.3, 0.5)),
    ],
)
def test_precise_shares_stay_where_they_are(first: tuple[float, float], second: tuple[float, float]) -> None:
    (a, sa), (r, sr) = first, second
    result = mfa.run(mfa.load(of_two(stated(a, sa), stated(r, sr))))
    wanted = a + (1 - a - r) * sa**2 / (sa**2 + sr**2)
    assert float(result.flow("x").sel(element="A")) == pytest.approx(100 * wanted, rel=1e-9)
    assert result.parameters["adjusted"].tolist() == pytest.approx([wanted, 1 - wanted], rel=1e-9)


@pytest.mark.parametrize("least", [0, 1e-9])
def test_a_share_of_none_give_or_take_is_evidence(least: float) -> None:
    document = of_two(stated(least, 0.05), stated(1 - least, 0.05))
    document["observations"]["a"] = {"of": "y", "at": {"element": "A"}, "value": 5, "sd": 0.5}
    result = mfa.run(mfa.load(document))
    assert float(result.flow("x").sel(element="A")) == pytest.approx(4.902, abs=1e-3)
    assert result.facts["observations_counted"] == 2
    assert result.parameters["standing"].tolist() == ["counted", "counted"]


def test_a_reported_zero_with_a_relative_error_is_refused() -> None:
    with pytest.raises(InputError, match=r"o1 is 0 with a relative error: 0 \+- 10 % is exact") as caught:
        solved("59-zero-with-relative-error/case.yaml")
    assert "floor" in caught.value.problems[0].hint
    result = solved("59-zero-with-relative-error/case.yaml", set={"observations.o1.floor": 10})
    assert 0 < float(result.flow("x")) < 12


def test_shares_that_print_rounded_are_closed() -> None:
    result = solved("fuzz/share_third.yaml")
    assert [float(result.flow(n)) for n in "fabc"] == pytest.approx([10, 10 / 3, 10 / 3, 10 / 3], rel=1e-12)
    assert "sum to 0.9999999999: that is how they are rounded in print" in result.warnings[0]


def test_a_loop_that_loses_next_to_nothing_is_refused_by_name() -> None:
    with pytest.raises(MfaError, match="the loop f, back returns all that enters it but 1e-11"):
        solved("fuzz/silent_loop_gain.json")


LOOP: dict[str, Any] = {
    "mfa": 1,
    "processes": {"a": {"kind": "source"}, "p": {}, "q": {}, "b": {"kind": "sink"}},
    "flows": {
        **{"x": {"from": "a", "to": "p"}, "y": {"from": "p", "to": "q"}},
        **{"z": {"from": "q", "to": "p"}, "w": {"from": "q", "to": "b"}},
    },
    "transfers": {"q": {"z": {"value": 1, "sd": 0.01}, "w": "rest"}},
    "observations": {"in": {"of": "x", "value": 10, "sd": 1}},
}


@pytest.mark.parametrize("share", [1, 1 - 1e-10])
def test_a_loop_that_is_closed_as_stated_is_refused_where_nothing_speaks_of_it(share: float) -> None:
    """The more goes round, the better the share is met: once x was 0 and its report a gross error."""
    with pytest.raises(InputError, match="the loop y, z returns all that enters it") as caught:
        mfa.run(mfa.load({**LOOP, "transfers": {"q": {"z": {"value": share, "sd": 0.01}, "w": "rest"}}}))
    assert "or report a flow of the loop" in caught.value.problems[0].hint


def test_a_report_of_what_goes_round_opens_a_loop() -> None:
    """x = y (1 - s), s = 1 +- 0.01, x = 10 +- 1, y = 500 +- 10: the optimum against a fine grid."""
    both = {**LOOP["observations"], "round": {"of": "y", "value": 500, "sd": 10}}
    result = mfa.run(mfa.load({**LOOP, "observations": both}))
    x, y = np.meshgrid(np.linspace(9, 10.5, 1501), np.linspace(498, 503, 501), indexing="ij")
    squares = (x - 10) ** 2 + ((y - 500) / 10) ** 2 + (x / y / 0.01) ** 2
    best = np.unravel_index(np.argmin(squares), squares.shape)
    assert result.flow("x").item() == pytest.approx(x[best], abs=1e-3)
    assert result.flow("y").item() == pytest.approx(y[best], abs=1e-2)


@pytest.mark.parametrize("kind", ["closed", "transfers closed"])
def test_clean_worlds_have_the_chi_square_of_their_freedom(kind: str) -> None:
    """Sums that cannot misfit are none of the degrees of freedom: with them the ratio would be 0.6."""
    random = np.random.default_rng(7)
    facts = [mfa.run(mfa.load(world(kind, random))).facts for _ in range(24)]
    chi2, dof = (sum(f[key] for f in facts) for key in ("chi_square", "degrees_of_freedom"))
    assert dof == pytest.approx(24 * 3, rel=1e-3)
    assert abs(chi2 / dof - 1) < 2.6 * np.sqrt(2 / dof)
