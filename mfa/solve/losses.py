"""Losses: what a residual r, in sigma, costs. A kind is a class and a row in `KINDS`.

A fit minimises the sum of rho(r); the influence rho'(r) is how hard an observation pulls, the weight
rho'(r) / r what it counts as in a least-squares fit with the same answer, the curvature is rho''(r).

Standard deviations use the `information` of an observation: its weight times the constant that makes the
average over errors of the kind the loss is meant for the inverse of the asymptotic variance of an
M-estimator, E(rho'^2) / E(rho'')^2 (Huber 1964): normal errors for `l2`, `huber` and `l1`, its own for the
other two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from scipy import special

from mfa.solve.problem import Floats


class Loss(Protocol):
    """What a kind of loss says of residuals in sigma, elementwise."""

    @property
    def convex(self) -> bool:
        """Whether it has one minimum wherever the rows are linear."""
        ...

    @property
    def clipped(self) -> tuple[float, float] | None:
        """Curvature up to the largest influence, and that influence, where the loss is made of the two."""
        ...

    @property
    def path(self) -> tuple[Loss, ...]:
        """The losses solved one after another, each from the answer of the one before; the last is this."""
        ...

    def cost(self, r: Floats) -> Floats:
        """rho(r), 0 at 0."""
        ...

    def weight(self, r: Floats) -> Floats:
        """rho'(r) / r, positive everywhere."""
        ...

    def curvature(self, r: Floats) -> Floats:
        """rho''(r)."""
        ...

    def information(self, r: Floats) -> Floats:
        """What one observation tells, in units of 1/sigma^2."""
        ...


@dataclass(frozen=True)
class L2:
    """Least squares: r^2 / 2."""

    convex = True
    clipped = (1.0, np.inf)

    @property
    def path(self) -> tuple[Loss, ...]:
        """Itself."""
        return (self,)

    def cost(self, r: Floats) -> Floats:
        """r^2 / 2."""
        return np.asarray(0.5 * r**2)

    def weight(self, r: Floats) -> Floats:
        """1."""
        return np.ones_like(r)

    curvature = weight
    information = weight


@dataclass(frozen=True)
class Huber:
    """Squares up to `k` sigma, straight beyond (Huber 1964): 95 % efficient under normal errors at 1.345.

    >>> Huber().weight(np.array([1.0, 13.45])).round(3).tolist()
    [1.0, 0.1]
    """

    k: float = 1.345

    convex = True

    @property
    def clipped(self) -> tuple[float, float]:
        """1 and k."""
        return 1.0, self.k

    @property
    def path(self) -> tuple[Loss, ...]:
        """Itself."""
        return (self,)

    def cost(self, r: Floats) -> Floats:
        """r^2 / 2, or k |r| - k^2 / 2."""
        a = np.abs(r)
        return np.where(a <= self.k, 0.5 * a**2, self.k * (a - 0.5 * self.k))

    def weight(self, r: Floats) -> Floats:
        """1, or k / |r|."""
        return np.asarray(self.k / np.maximum(np.abs(r), self.k))

    def curvature(self, r: Floats) -> Floats:
        """1, or 0."""
        return np.where(np.abs(r) <= self.k, 1.0, 0.0)

    def information(self, r: Floats) -> Floats:
        """The weight, in units of its mean under normal errors, over their asymptotic variance."""
        outside = 2 * special.ndtr(-self.k)
        inside = 1 - outside
        square = inside - 2 * self.k * _normal(np.array(self.k)) + self.k**2 * outside
        mean = inside + self.k * special.exp1(0.5 * self.k**2) / np.sqrt(2 * np.pi)
        return np.asarray(self.weight(r) * inside**2 / square / mean)


@dataclass(frozen=True)
class L1:
    """Least absolute deviations: |r|, rounded off within `near` sigma of zero.

    Where several answers share the least sum, the rounding chooses the one with the least squares among the
    figures that are met; at a millionth of a sigma it moves no figure by more.
    """

    near: float = 1e-6

    convex = True

    @property
    def clipped(self) -> tuple[float, float]:
        """1 / near and 1."""
        return 1.0 / self.near, 1.0

    @property
    def path(self) -> tuple[Loss, ...]:
        """Roundings from 1 sigma down by tens: which figures are met changes little from one to the next."""
        return (*(L1(10.0**-k) for k in range(round(-np.log10(self.near)))), self)

    def cost(self, r: Floats) -> Floats:
        """r^2 / (2 near), or |r| - near / 2."""
        return np.asarray(Huber(self.near).cost(r) / self.near)

    def weight(self, r: Floats) -> Floats:
        """1 / max(|r|, near)."""
        return np.asarray(1.0 / np.maximum(np.abs(r), self.near))

    def curvature(self, r: Floats) -> Floats:
        """1 / near, or 0."""
        return np.asarray(Huber(self.near).curvature(r) / self.near)

    def information(self, r: Floats) -> Floats:
        """2 / pi, that of a median under normal errors, whatever the residual."""
        return np.full_like(r, 2 / np.pi)


@dataclass(frozen=True)
class StudentT:
    """Student's t with `nu` degrees of freedom and sigma as its scale: (nu + 1) / 2 ln(1 + r^2 / nu)."""

    nu: float = 4.0

    convex = False
    clipped = None

    @property
    def path(self) -> tuple[Loss, ...]:
        """Huber's answer first: far reports pull less and less, and the start decides which count as far."""
        return (Huber(), self)

    def cost(self, r: Floats) -> Floats:
        """(nu + 1) / 2 ln(1 + r^2 / nu)."""
        return np.asarray(0.5 * (self.nu + 1) * np.log1p(r**2 / self.nu))

    def weight(self, r: Floats) -> Floats:
        """(nu + 1) / (nu + r^2)."""
        return np.asarray((self.nu + 1) / (self.nu + r**2))

    def curvature(self, r: Floats) -> Floats:
        """(nu + 1) (nu - r^2) / (nu + r^2)^2."""
        return np.asarray((self.nu + 1) * (self.nu - r**2) / (self.nu + r**2) ** 2)

    def information(self, r: Floats) -> Floats:
        """The weight times (nu + 1) / (nu + 3), Fisher's information of t: the weight's own mean is 1."""
        return np.asarray(self.weight(r) * (self.nu + 1) / (self.nu + 3))


@dataclass(frozen=True)
class Contaminated:
    """A share `eps` of gross errors whose sigma is `inflation` times as large, among normal ones (Tjoa and
    Biegler 1991)."""

    eps: float = 0.05
    inflation: float = 10.0

    convex = False
    clipped = None

    @property
    def path(self) -> tuple[Loss, ...]:
        """Huber's answer first, as for Student's t."""
        return (Huber(), self)

    def _odds(self, r: Floats) -> Floats:
        """ln of the odds that an error is a gross one."""
        c = self.inflation
        return np.asarray(np.log(self.eps / (c * (1 - self.eps))) + 0.5 * r**2 * (1 - c**-2))

    def cost(self, r: Floats) -> Floats:
        """-ln((1 - eps) phi(r) + eps phi(r / c) / c), less that at 0."""
        found = 0.5 * r**2 - np.logaddexp(0.0, self._odds(r)) + np.logaddexp(0.0, self._odds(0.0 * r))
        return np.asarray(found)

    def weight(self, r: Floats) -> Floats:
        """1 - g + g / c^2, g the probability of a gross error."""
        return np.asarray(1 - special.expit(self._odds(r)) * (1 - self.inflation**-2))

    def curvature(self, r: Floats) -> Floats:
        """The weight less r^2 times the variance of the precision, g (1 - g) (1 - 1/c^2)^2."""
        gross = special.expit(self._odds(r))
        return np.asarray(self.weight(r) - r**2 * gross * (1 - gross) * (1 - self.inflation**-2) ** 2)

    def information(self, r: Floats) -> Floats:
        """The weight, in units of its mean, times Fisher's information of the mixture."""
        mean = 1 - self.eps + self.eps * self.inflation**-2
        return np.asarray(self.weight(r) * _fisher(self) / mean)


def _normal(r: Floats) -> Floats:
    """The standard normal density."""
    return np.asarray(np.exp(-0.5 * r**2) / np.sqrt(2 * np.pi))


@lru_cache
def _fisher(loss: Contaminated) -> float:
    """The mean of rho'^2 under the mixture, by Gauss's rule on short panels."""
    c = loss.inflation
    ends = np.concatenate([np.arange(0.0, 12.0, 0.25), np.linspace(12.0, 12.0 + 12.0 * c, 400)])
    node, weight = np.polynomial.legendre.leggauss(8)
    half = 0.5 * np.diff(ends)[:, None]
    r = ends[:-1, None] + half * (1 + node)
    density = (1 - loss.eps) * _normal(r) + loss.eps * _normal(r / c) / c
    return float(2 * np.sum(half * weight * density * (loss.weight(r) * r) ** 2))


KINDS: Mapping[str, Callable[..., Loss]] = {
    "l2": L2,
    "huber": Huber,
    "l1": L1,
    "student_t": StudentT,
    "contaminated": Contaminated,
}
"""Name -> the loss, made of its parameters."""


def loss_of(stated: str | Mapping[str, Mapping[str, Any]]) -> Loss:
    """The loss that a document names: `huber`, or `{student_t: {nu: 5}}`.

    >>> loss_of({"student_t": {"nu": 5}})
    StudentT(nu=5)
    """
    if isinstance(stated, str):
        return KINDS[stated]()
    ((kind, parameters),) = stated.items()
    return KINDS[kind](**parameters)
