"""The reconciliation as named sparse rows: what is unknown, what holds exactly, what was observed.

Everything that is not linear lives in one place, the **cells** `q(x)`: a cell is `coef * x[i]` or
`coef * x[i] * x[j]` (a flow times a share, a bulk flow times a composition, a gross mass times a content).
Balances, limits and observations are then *linear in the cells*:

    min  sum_k rho((O q(x) - y)_k / sigma_k)   s.t.   E q(x) = b,   L q(x) <= h,   lower <= x <= upper
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

if TYPE_CHECKING:
    from mfa.solve.losses import Loss

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Index = npt.NDArray[np.integer[Any]]
"""Places of any integer type: sparse matrices keep theirs in 32 bits."""
Bools = npt.NDArray[np.bool_]
Names = Callable[[int], str]
DRIVER = "driver "
"""How the names of rows begin that state an exogenous number."""


@dataclass(frozen=True)
class Cells:
    """The quantities rows are written in: `q[k] = coef[k] * x[i[k]] * (x[j[k]] if j[k] >= 0 else 1)`."""

    i: Ints
    j: Ints
    coef: Floats
    name: Names

    def __len__(self) -> int:
        return len(self.i)

    def value(self, x: Floats) -> Floats:
        """Every cell's value at `x`."""
        second = np.where(self.j >= 0, x[self.j], 1.0)
        return np.asarray(self.coef * x[self.i] * second)

    def jacobian(self, x: Floats) -> sparse.csr_array:
        """dq/dx at `x`, cells by unknowns."""
        k = np.arange(len(self.i))
        two = self.j >= 0
        rows = np.concatenate([k, k[two]])
        cols = np.concatenate([self.i, self.j[two]])
        data = np.concatenate([self.coef * np.where(two, x[self.j], 1.0), self.coef[two] * x[self.i[two]]])
        return sparse.coo_array((data, (rows, cols)), shape=(len(k), len(x))).tocsr()


@dataclass(frozen=True)
class Rows:
    """Rows linear in the cells: `matrix @ q` compared with `rhs`; `name(k)` is row k in the user's words."""

    matrix: sparse.csr_array
    rhs: Floats
    name: Names

    def __len__(self) -> int:
        return int(self.matrix.shape[0])

    def residual(self, q: Floats) -> Floats:
        """`matrix @ q - rhs`."""
        return np.asarray(self.matrix @ q) - self.rhs


@dataclass(frozen=True)
class Observed:
    """Reported values of rows: `rows.rhs` is the report, `sd` its absolute and `cv` its relative sigma.

    sigma_k = max(sd_k, cv_k * |adjusted value|): relative errors use the adjusted value, not the reported
    one, so that under-reports do not win. A row that is not `counted` is evaluated and judged but exerts no
    pull (an earlier edition, a figure derived from another one in the problem).

    Where `log` holds errors are lognormal, and cv is the standard deviation of the logarithm. `loss` says of
    every row which of `losses` it has, -1 that of the problem. Both may be left empty: none.

    `closed` has a pair (group, row) for each statement of a share in a group whose numbers sum to 1 as they
    are stated, and must: of what such a group says, its sum is no evidence (:mod:`mfa.solve.closed`).
    """

    rows: Rows
    sd: Floats
    cv: Floats
    counted: Bools
    log: Bools = field(default_factory=lambda: np.zeros(0, dtype=bool))
    loss: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    losses: tuple[Loss, ...] = ()
    closed: Ints = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def lognormal(self) -> Bools:
        """Which rows have lognormal errors."""
        return self.log if len(self.log) else np.zeros(len(self), dtype=bool)

    @property
    def loss_index(self) -> Ints:
        """The place of every row's own loss in `losses`, -1 where it has none."""
        return self.loss if len(self.loss) else np.full(len(self), -1)

    def sigma(self, fitted: Floats) -> Floats:
        """The standard deviation of each report given its fitted value (lognormal: in its tangent)."""
        return np.maximum(self.sd, self.cv * np.abs(fitted))


@dataclass(frozen=True)
class LeastSquares:
    """A reconciliation problem: unknowns with bounds, cells, exact rows, limits and observations.

    `start` is a first guess, `scale` the typical magnitude of each unknown (both positive where it matters);
    `block` labels unknowns that are coupled to few others (one label per year, -1 for shared parameters)
    and is only ever used to factorise faster.

    `bulk` and `merge` say how elements fall together, and serve to find a starting point
    (:mod:`mfa.solve.mixing`): unknowns with the same `bulk` are parts of one flow, -1 marks shares of a
    composition; exact rows with the same `merge` differ in the element alone, -1 marks rows that say a
    composition sums to 1. Empty: no such structure. `floor` is the size that an exact row is at least
    measured against when it is asked whether it closes.
    """

    cells: Cells
    lower: Floats
    upper: Floats
    start: Floats
    scale: Floats
    exact: Rows
    limits: Rows
    observed: Observed
    name: Names
    block: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    bulk: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    merge: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    floor: float = 0.0

    def __len__(self) -> int:
        return len(self.start)


def named(names: Sequence[str]) -> Names:
    """A naming function over a list of names.

    >>> named(["a", "b"])(1)
    'b'
    """
    return lambda k: names[k]
