"""A world-like reconciliation: mixed markets, trade, shared compositions and yields, reserve chains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mfa.solve.diagnose import diagnose
from mfa.solve.elimination import gross_errors
from mfa.solve.posterior import posterior
from mfa.solve.reconcile import reconcile
from tests.solve.test_reconcile import closure
from tests.solve.worlds import world


def test_the_truth_meets_every_row() -> None:
    made = world(years=3, regions=4)
    q = made.problem.cells.value(made.truth)
    size = abs(made.problem.exact.matrix) @ np.abs(q) + np.abs(made.problem.exact.rhs)
    assert np.max(np.abs(made.problem.exact.residual(q)) / size) < 1e-12


def test_a_moderate_world() -> None:
    problem = world(years=4, regions=8, miners=4).problem
    found = reconcile(problem)
    spread = posterior(problem, found)
    judged = diagnose(problem, found, spread)
    assert closure(problem, found) < 1e-12
    assert np.all(found.x >= 0)
    free = len(problem) - len(problem.exact) - np.count_nonzero(found.active)
    assert judged.test.dof == pytest.approx(len(problem.observed) - free, abs=1e-3)
    assert judged.test.p > 1e-3
    assert len(gross_errors(problem, found, spread).suspects) <= 1


def test_errors_are_as_large_as_their_sds_say() -> None:
    made = world(years=3, regions=5, miners=3, seed=5)
    spread = posterior(made.problem, reconcile(made.problem))
    z = (reconcile(made.problem).x - made.truth) / np.where(spread.sd_x > 0, spread.sd_x, np.inf)
    assert 0.6 < np.sqrt(np.mean(z**2)) < 1.5


def test_labels_only_make_it_faster() -> None:
    problem = world(years=3, regions=4).problem
    plain = reconcile(replace(problem, block=np.zeros(0, dtype=np.int64)))
    np.testing.assert_allclose(reconcile(problem).x, plain.x, rtol=1e-6, atol=1e-9)
