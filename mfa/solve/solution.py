"""What a reconciliation returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mfa.solve.border import Bordered
from mfa.solve.kkt import Kkt, Ordering, factorise_pivoted, ordering_of
from mfa.solve.problem import Bools, Floats, LeastSquares
from mfa.solve.standard import Standard, standard


@dataclass(frozen=True)
class Starts:
    """How many starts were `tried`, how many of them `failed` to settle, how many led to another optimum
    that is not as good, and the flows whose stated compositions nothing tests as they `ended` at nothing."""

    tried: int = 1
    failed: int = 0
    others: int = 0
    ended: tuple[int, ...] = ()


@dataclass(frozen=True)
class Solution:
    """The optimum: values in the unknowns' own units, and what the error propagation needs.

    `active` says of every unknown and then of every limit's slack whether it ends at its lower (-1) or
    upper (1) bound; `deviation` is report less fitted value of every observation in sigma (of a lognormal
    one in logarithms); `weight` is the information of the counted ones under their loss, in units of
    1/sigma^2 (1 for least squares: :mod:`mfa.solve.losses`); `order` is the elimination order that was used,
    if one was. Multipliers are derivatives of the sum of losses by a bound, and minus those by a row's or a
    limit's right side. `starts` says what other optima were seen where products leave several.
    """

    x: Floats
    q: Floats
    sigma: Floats
    fitted: Floats
    deviation: Floats
    weight: Floats
    order: Ordering | None
    iterations: int
    chi2: float
    exact_multipliers: Floats
    limit_multipliers: Floats
    active: npt.NDArray[np.int8]
    bound_multipliers: Floats
    starts: Starts = Starts()


@dataclass(frozen=True)
class Tangent:
    """The problem linearised at its solution, in the solver's units (scales and sigmas)."""

    form: Standard
    z: Floats
    cells: sparse.csr_array
    pulls: sparse.csr_array
    rows: sparse.csr_array
    fixed: Bools
    order: Ordering

    def factorise(self) -> tuple[Kkt, Bordered]:
        """The pivoted factors of the system with what sits at a bound held there."""
        return factorise_pivoted(self.pulls, self.rows, self.order.labels, fixed=self.fixed)


def tangent(problem: LeastSquares, solution: Solution) -> Tangent:
    """The linearisation of `problem` at `solution`."""
    form = standard(problem)
    slack = np.maximum(-problem.limits.residual(solution.q), 0.0)
    z = np.concatenate([solution.x, slack]) / form.scale
    cells = form.cell_jacobian(z)
    sigma = solution.sigma[form.counted] / np.sqrt(solution.weight)
    pulls, rows = form.pull_jacobian(cells, sigma), form.row_jacobian(cells)
    fixed = (solution.active != 0) | (form.lower >= form.upper)
    order = solution.order or ordering_of(pulls, rows, form.block)
    return Tangent(form, z, cells, pulls, rows, fixed, order)
