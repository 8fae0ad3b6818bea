"""What a scenario's answer must not depend on: units, the order of names, and how often a report is written.

Random small systems, reconciled. Values are compared in their own size or standard deviation, whichever is
larger, and standard deviations in their own size: to 1e-8.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import mfa
from mfa.run.result import Result
from tests.test_simulate_systems import Plants

Array = npt.NDArray[np.float64]
Document = dict[str, Any]
REGIONS = ("AAA", "BBB")
TONNES = {"kg": 1e-3, "t": 1.0, "kt": 1e3}
SAME, SWEPT = 1e-8, 1e-6
SEEDS = (0, 1, 2, 3, 4, 5, 7, 22)
"""Two systems of each kind of `reported`, and two of the second whose sigmas swing with the fitted values."""


def nested(numbers: Array, labels: list[list[Any]]) -> Any:
    """An array as mappings from label to number, one level a dimension."""
    if not labels:
        return float(numbers)
    return {label: nested(numbers[k], labels[1:]) for k, label in enumerate(labels[0])}


def changed(data: Any, change: Callable[[float], float]) -> Any:
    """Nested data with every number changed."""
    if isinstance(data, dict):
        return {label: changed(value, change) for label, value in data.items()}
    return change(data)


def simulated(seed: int) -> Document:
    """A system that is simulated: with a stock where the seed is even, in two regions where 4 divides it."""
    random = np.random.default_rng(seed)
    system = Plants(seed, 2 + seed % 2, ("uniform", "start", "end")[seed % 3])
    system.mined = 10 ** random.uniform(0, 3, system.n)
    document = system.document()
    if seed % 2:
        document["processes"]["use"] = {"kind": "sink"}
        del document["flows"]["retired"], document["stocks"]
    if seed % 4 == 0:
        document["dimensions"]["region"] = list(REGIONS)
    return document


@cache
def solved(seed: int) -> Result:
    """The answer as the reports are written."""
    return mfa.run(mfa.load(reported(seed)))


def reported(seed: int) -> Document:
    """The same system with reports of its flows, off by their errors, in different units, by sd or cv.

    One of three has exact shares and a report of three flows in four. The next has uncertain shares of one
    plant. The last has no shares of that plant and no composition, and reports of all flows. Errors are of
    the size that is stated, in the first and the last also three times that, so that bounds are leaned on.
    """
    random, kind = np.random.default_rng(seed + 1000), seed % 3
    document = simulated(seed)
    truth = mfa.run(mfa.load(document))
    del document["drivers"], document["solve"]
    shares = document["transfers"]
    if kind == 1:
        shares["p0"] = {k: v if v == "rest" else {**v, "cv": 0.2} for k, v in shares["p0"].items()}
    if kind == 2:
        del shares["p0"], document["compositions"]
        for flow in document["flows"].values():
            flow.pop("commodity", None)
    names = [name for name in document["flows"] if kind == 2 or random.random() < 0.75]
    worst = 1.0 if kind == 1 else 3.0
    document["observations"] = {f"{name}_seen": report(truth, name, random, worst) for name in names}
    return document


def report(truth: Result, name: str, random: np.random.Generator, worst: float) -> Document:
    """A report of a flow, in total or by element, some of its errors `worst` times what it says."""
    flow = truth.flow(name)
    total = bool(random.random() < 0.3)
    flow = flow.sum("element") if total else flow
    unit, cv = str(random.choice([*TONNES])), float(random.uniform(0.02, 0.3))
    true = flow.to_numpy() / TONNES[unit]
    off = cv * random.standard_normal(true.shape) * random.choice([1.0, worst], true.shape)
    relative = bool(random.random() < 0.5) and bool(np.all(true > 0))
    size = {"cv": cv} if relative else {"sd": cv * float(true.mean())}
    labels = [flow[d].to_numpy().tolist() for d in flow.dims]
    seen = nested(true * np.maximum(1 + off, 0.05), labels)
    found = {"of": name, "dims": [str(d) for d in flow.dims], "data": seen, "unit": unit, **size}
    return {**found, "sum": ["element"]} if total else found


def with_reports(document: Document, change: Callable[[str, Document], dict[str, Document]]) -> Document:
    """The document with every observation replaced by those that `change` gives for it."""
    found: dict[str, Document] = {}
    for name, one in document["observations"].items():
        found |= change(name, one)
    return {**document, "observations": found}


def apart(one: Result, other: Result) -> Array:
    """The largest differences of values (by size or sd, whichever is larger) and of sds (by their size).

    The same flows are free; their values are not compared, for nothing determines them.
    """
    values, sds = [0.0], [0.0]
    assert set(one.quantities) == set(other.quantities)
    for name in one.quantities:
        x, sd = one.flow(name), one.sd(name)
        y, sd_y = other.flow(name).reindex_like(x), other.sd(name).reindex_like(x)
        assert np.array_equal(np.isnan(sd), np.isnan(sd_y))
        size = np.maximum(np.abs(x), sd.fillna(0.0))
        free = np.isnan(sd)
        off = np.where(free, 0.0, np.abs(x - y))
        values.append(float(np.max(off / np.where(size > 0, size, 1.0))))
        wide = np.where(free, 0.0, np.abs(sd - sd_y))
        sds.append(float(np.max(wide / np.where(sd > 0, sd, 1.0))))
    return np.array([np.max(values), np.max(sds)])


def assert_same(one: Result, other: Document) -> None:
    """Values are the same to 1e-8 and standard deviations, which sweeps find beside bounds, to 1e-6."""
    assert np.all(apart(one, mfa.run(mfa.load(other))) <= (SAME, SWEPT))  # of nan this is false


def in_kt(name: str, one: Document) -> dict[str, Document]:
    """The report in kt."""
    factor = TONNES[one["unit"]] / TONNES["kt"]
    data = changed(one["data"], lambda x: x * factor)
    return {name: {**one, "unit": "kt", "data": data, **({"sd": one["sd"] * factor} if "sd" in one else {})}}


def backwards(document: Document) -> Document:
    """The document with processes, flows, reports, shares, and all labels but years in reverse order."""
    sections = ("processes", "flows", "observations", "transfers")
    turned = {s: dict(reversed(document[s].items())) for s in sections}
    labels = {d: v if d == "year" else v[::-1] for d, v in reversed(document["dimensions"].items())}
    return {**document, **turned, "dimensions": labels}


def split(name: str, one: Document) -> dict[str, Document]:
    """Two reports that weigh as much as the one."""
    size = "sd" if "sd" in one else "cv"
    half = {**one, size: one[size] * np.sqrt(2)}
    return {f"{name}_1": half, f"{name}_2": half}


@pytest.mark.parametrize("seed", SEEDS)
def test_reports_in_kilotonnes(seed: int) -> None:
    assert_same(solved(seed), with_reports(reported(seed), in_kt))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_names_and_labels(seed: int) -> None:
    assert_same(solved(seed), backwards(reported(seed)))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_report_is_two_that_are_less_sure(seed: int) -> None:
    assert_same(solved(seed), with_reports(reported(seed), split))


@pytest.mark.parametrize("seed", SEEDS)
def test_two_reports_are_their_weighted_mean(seed: int) -> None:
    """Reports with sds of their own, 3 times apart: the mean weighs them 9 to 1."""
    document = reported(seed)

    def two(name: str, one: Document) -> dict[str, Document]:
        if "cv" in one:
            return {name: one}
        higher = changed(one["data"], lambda x: x * 1.1)
        return {name: one, f"{name}_again": {**one, "data": higher, "sd": 3 * one["sd"]}}

    def mean(name: str, one: Document) -> dict[str, Document]:
        if "cv" in one:
            return {name: one}
        between = changed(one["data"], lambda x: (0.9 + 0.1 * 1.1) * x)
        return {name: {**one, "data": between, "sd": np.sqrt(0.9) * one["sd"]}}

    assert any("sd" in one for one in document["observations"].values())
    assert_same(mfa.run(mfa.load(with_reports(document, two))), with_reports(document, mean))
