"""Draws of a result, and a scenario whose standard deviations come from draws."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from scipy import stats

import mfa
from mfa.errors import DocumentError, InputError
from tests.build.documents import solved
from tests.run.test_measurement import BASE

NEAR_ZERO: dict[str, Any] = {
    "mfa": 1,
    "name": "near_zero",
    "processes": {"in": {"kind": "source"}, "p": {}, "out": {"kind": "sink"}},
    "flows": {
        "x": {"from": "in", "to": "p"},
        "y": {"from": "p", "to": "out"},
        "w": {"from": "p", "to": "out"},
    },
    "observations": {
        "rx": {"of": "x", "value": 10, "sd": 1},
        "ry": {"of": "y", "value": 9, "sd": 1},
        "rw": {"of": "w", "value": -1, "sd": 1},
    },
    "outputs": {"indicators": {"share": "w / x"}},
}
MONTECARLO = {"method": "montecarlo", "draws": 2000, "seed": 3}


def test_flows_indicators_and_formulas_in_every_draw() -> None:
    result = mfa.run(BASE)
    drawn = result.draws(2000, seed=1)
    assert len(drawn) == 2000
    place = {"year": 2020, "element": "Nd"}
    a, b = drawn.values("a", at=place), drawn.values("b[2020, Nd]")
    assert a.std() == pytest.approx(float(result.sd("a").sel(place)), rel=0.1)
    np.testing.assert_allclose(drawn.values("ratio[2020]"), b / a)
    np.testing.assert_allclose(drawn.values("a[2020]"), a + drawn.values("a[2020, Dy]"))
    low, high = drawn.interval("ratio[2020]", level=0.9)
    assert low == pytest.approx(np.quantile(b / a, 0.05))
    assert high == pytest.approx(np.quantile(b / a, 0.95))
    assert drawn.sd("ratio[2020]") == pytest.approx(np.std(b / a, ddof=1))
    with pytest.raises(InputError, match="two draws or more"):
        result.draws(1)


def test_a_scenario_with_draws_has_their_standard_deviations() -> None:
    plain, drawn = mfa.run(NEAR_ZERO), mfa.run({**NEAR_ZERO, "uncertainty": MONTECARLO})
    cut = stats.truncnorm(-mean_of_w() / np.sqrt(2 / 3), np.inf, mean_of_w(), np.sqrt(2 / 3))
    assert float(plain.sd("w")) == pytest.approx(cut.std(), rel=1e-6)
    assert float(drawn.sd("w")) == pytest.approx(cut.std(), rel=0.1)
    assert float(drawn.flow("w")) == float(plain.flow("w")) == 0.0
    for result, rel in ((plain, 1e-6), (drawn, 0.1)):
        assert float(result.mean("w")) == pytest.approx(cut.mean(), rel=rel)
        assert result.interval("w").values == pytest.approx([0, cut.ppf(0.95)], rel=rel)
    assert drawn.facts["draws"] == 2000
    assert drawn.facts["draws_made_by"] == "rejection"
    assert drawn.indicators.loc[0, "sd"] == pytest.approx(drawn.draws(2000, seed=3).sd("share"))
    assert "draws" not in plain.facts


def mean_of_w() -> float:
    """The mean of w without its bound: its report -1 and x - y = 1, variances 1 and 2."""
    return (2 * -1 + 1) / 3


def test_draws_of_products_agree_with_propagation() -> None:
    changes = {"transfers": {"plant": {"metal": {"value": 0.25, "sd": 0.01}}}}
    plain = solved(**changes)
    drawn = solved(**changes, uncertainty={"method": "montecarlo", "draws": 200, "seed": 1})
    assert drawn.facts["draws_made_by"] == "solved again"
    np.testing.assert_allclose(drawn.sd("metal"), plain.sd("metal"), rtol=0.25)


def test_what_is_free_stays_free() -> None:
    document = copy.deepcopy(BASE) | {"uncertainty": MONTECARLO}
    document["flows"]["e"] = {"from": "p", "to": "out"}
    del document["observations"]["rc"]
    result = mfa.run(document)
    assert np.isnan(result.sd("e")).all()
    assert np.isfinite(result.sd("a")).all()


def test_a_method_that_is_none_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"uncertainty\.method"):
        mfa.load({**NEAR_ZERO, "uncertainty": {"method": "bootstrap"}})
