"""Moments and quantiles of cut normals beside quadrature."""

from __future__ import annotations

import numpy as np
import pytest

from mfa.solve.truncated.moments import moments, quantiles

INF = np.inf
ENDS = [
    (0.0, INF),
    (-3.0, INF),
    (5.0, INF),
    (28.0, INF),
    (35.0, INF),
    (-INF, 1.0),
    (-INF, -40.0),
    (-1.0, 2.0),
]
ENDS += [(3.0, 3.5), (-0.01, 0.02), (20.0, 30.0), (-50.0, 50.0)]


@pytest.mark.parametrize(("low", "high"), ENDS)
def test_moments_and_quantiles(low: float, high: float) -> None:
    mode = min(max(0.0, low), high)
    reach = np.sqrt(mode**2 + 90)
    x = np.linspace(max(low, -reach), min(high, reach), 400_001)
    density = np.exp(0.5 * (mode**2 - x**2))
    density[[0, -1]] *= 0.5
    density /= density.sum()
    mean = density @ x
    variance, third = density @ (x - mean) ** 2, density @ (x - mean) ** 3
    found = moments(np.array([low]), np.array([high]))
    assert found.mean[0] == pytest.approx(mean, rel=1e-7, abs=1e-9)
    assert found.variance[0] == pytest.approx(variance, rel=1e-5)
    assert found.third[0] == pytest.approx(third, abs=2e-3 * variance**1.5)
    share = np.array([0.025, 0.5, 0.975])
    at = quantiles(np.array([low]), np.array([high]), share)[0]
    assert np.interp(at, x, np.cumsum(density)).tolist() == pytest.approx(share.tolist(), abs=1e-4)
