"""Errors that rows share, against least squares with the full covariance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mfa
from mfa.run.result import Result
from tests.solve.dense import least_squares

DUG = [[80.0, 30.0], [95.0, 22.0], [70.0, 41.0]]
SOLD = [[70.0, 29.0], [88.0, 20.0], [72.0, 35.0]]


def chain(common: Any, **more: Any) -> Result:
    """Three years in two regions: what is dug is reported with a common error, what is sold without."""
    document = {
        "mfa": 1,
        "dimensions": {"year": {"range": [2020, 2022]}, "region": {"labels": ["AAA", "BBB"]}},
        "processes": {"mine": {"kind": "source"}, "plant": {}, "use": {"kind": "sink"}},
        "flows": {"ore": {"from": "mine", "to": "plant"}, "metal": {"from": "plant", "to": "use"}},
        "observations": {
            "dug": {
                "of": "ore",
                "data": DUG,
                "dims": ["year", "region"],
                "sd": 3,
                "unit": "kt",
                "common": common,
            }
            | more,
            "sold": {"of": "metal", "data": SOLD, "dims": ["year", "region"], "sd": 4, "unit": "kt"},
        },
    }
    return mfa.run(mfa.load(document))


def generalised(
    design: np.ndarray, covariance: np.ndarray, reports: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and standard deviations of least squares with a full covariance."""
    root = np.linalg.cholesky(np.linalg.inv(covariance)).T
    found = least_squares(np.zeros((0, design.shape[1])), np.zeros(0), root @ design, root @ reports)
    return found, np.sqrt(np.diag(np.linalg.inv(design.T @ np.linalg.inv(covariance) @ design)))


def shared(by: tuple[str, ...]) -> np.ndarray:
    """1 where two rows (year by region) have the same error."""
    group = {(): np.zeros(6), ("region",): np.arange(6) % 2, ("year",): np.arange(6) // 2}[by]
    return (group[:, None] == group[None, :]).astype(float)


@pytest.mark.parametrize("by", [(), ("region",), ("year",)])
def test_a_common_amount_is_a_full_covariance(by: tuple[str, ...]) -> None:
    result = chain({"sd": 6, "by": list(by)})
    reports = np.concatenate([np.ravel(DUG), np.ravel(SOLD)])
    covariance = np.diag([9.0] * 6 + [16.0] * 6)
    covariance[:6, :6] += 36.0 * shared(by)
    wanted, sd = generalised(np.vstack([np.eye(6), np.eye(6)]), covariance, reports)
    np.testing.assert_allclose(np.ravel(result.flow("ore")) / 1e3, wanted, rtol=1e-9)
    np.testing.assert_allclose(np.ravel(result.sd("ore")) / 1e3, sd, rtol=1e-9)


@pytest.mark.parametrize("by", [(), ("region",)])
def test_a_common_factor_is_a_full_covariance_at_the_optimum(by: tuple[str, ...]) -> None:
    """report = f (1 + g): linear in (f, g) at the answer, g taken out again leaves sigma^2 + cv^2 f f'."""
    result = chain({"cv": "8%", "by": list(by)})
    flow = np.ravel(result.flow("ore")) / 1e3
    factor = result.parameters.query("name == 'dug.common'")["adjusted"].to_numpy()
    g = factor[np.zeros(6, int) if not by else np.arange(6) % 2]
    covariance = np.diag([9.0] * 6 + [16.0] * 6)
    covariance[:6, :6] += 0.08**2 * np.outer(flow, flow) * shared(by)
    reports = np.concatenate([np.ravel(DUG) + flow * g, np.ravel(SOLD)])
    wanted, sd = generalised(np.vstack([np.diag(1 + g), np.eye(6)]), covariance, reports)
    np.testing.assert_allclose(flow, wanted, rtol=1e-9)
    np.testing.assert_allclose(np.ravel(result.sd("ore")) / 1e3, sd, rtol=1e-9)
    assert np.abs(factor).max() > 1e-3


def test_the_error_is_a_parameter_with_a_place_of_its_own() -> None:
    table = chain({"sd": 6, "by": "region"}).parameters
    assert table[["name", "region", "unit"]].values.tolist() == [
        ["dug.common", "AAA", "kt"],
        ["dug.common", "BBB", "kt"],
    ]
    assert (table["sigma"] == 6).all()
    assert (table["adjusted"] > 0).all()
    assert chain("5%").parameters["name"].tolist() == ["dug.common"]


def test_no_common_error_is_the_limit_of_a_small_one() -> None:
    near, without = chain({"cv": 1e-9}), chain({"sd": 1e-9})
    np.testing.assert_allclose(near.flow("ore"), without.flow("ore"), rtol=1e-9)
    plain = (np.ravel(DUG) / 9 + np.ravel(SOLD) / 16) / (1 / 9 + 1 / 16)
    np.testing.assert_allclose(np.ravel(without.flow("ore")) / 1e3, plain, rtol=1e-9)
    assert float(chain("5%").sd("ore").mean()) > float(near.sd("ore").mean())
