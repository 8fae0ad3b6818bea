"""The model: a system, the solver's problem of it, and where everything is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mfa.build.assembly import Bools, Ints
from mfa.build.flows import EdgeCells
from mfa.build.parameters import ObservedGroup
from mfa.core.stock.ages import Ages
from mfa.core.system import System
from mfa.errors import Problem
from mfa.solve.problem import LeastSquares
from mfa.spec.resolve import Document


@dataclass(frozen=True)
class Model:
    """A document made ready to solve.

    `edges` and `stocks` locate the cells of every flow, trade and stock; `observed` describes the observed
    rows; `before` has the cells of each stock's level before the first period (-1 where it is zero); `ages`
    says how the cohorts of each cohort stock age; `items` has the mass in t of one item of all that is
    counted, where it is one number; `masses` says which unknowns are masses; `inputs` has the SHA-256 of the
    bytes that were read from each file.
    """

    document: Document
    system: System
    problem: LeastSquares
    edges: Mapping[str, EdgeCells]
    stocks: Mapping[str, EdgeCells]
    before: Mapping[str, Ints]
    observed: tuple[ObservedGroup, ...]
    items: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = field(default=())
    inputs: Mapping[Path, str] = field(default_factory=dict)
    ages: Mapping[str, Ages] = field(default_factory=dict)
    masses: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))

    @property
    def spread_left_out(self) -> bool:
        """Whether a simulation took numbers as exact that state an uncertainty: no sd is known then."""
        return any(w.code == "simulation-uncertainty" for w in self.warnings)
