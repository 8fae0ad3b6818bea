"""The method of multipliers leads to the optimum where linearised rows and bounds give no step."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from mfa.solve import active_set
from mfa.solve.active_set import At, Quadratic, Step
from mfa.solve.problem import LeastSquares
from mfa.solve.reconcile import reconcile
from tests.solve.cases import circuit
from tests.solve.worlds import world


@pytest.mark.parametrize("problem", [circuit(0.0), world(years=1, regions=3, miners=2).problem])
def test_without_a_first_step_the_optimum_is_the_same(
    problem: LeastSquares, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, plain, asked, told = reconcile(problem), active_set.solve, count(), list[str]()

    def stubborn(quadratic: Quadratic, at: At | None = None, before: Step | None = None) -> Step | None:
        return None if next(asked) < 2 else plain(quadratic, at, before)

    monkeypatch.setattr("mfa.solve.reconcile.has_elements", lambda _: False)
    monkeypatch.setattr("mfa.solve.reconcile.active_set.solve", stubborn)
    found = reconcile(problem, progress=lambda _, text: told.append(text))
    assert any("method of multipliers" in text for text in told)
    assert found.chi2 == pytest.approx(wanted.chi2, rel=1e-8)
    assert np.max(np.abs(found.fitted - wanted.fitted) / wanted.sigma) < 1e-6
