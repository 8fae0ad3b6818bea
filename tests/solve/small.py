"""Small reconciliation problems by hand, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mfa.solve.losses import Loss
from mfa.solve.problem import Cells, LeastSquares, Observed, Rows, named

Array = npt.NDArray[np.float64]
Terms = Mapping[object, float]


class Small:
    """Builds a problem: unknowns by name, rows as {name or (name, name): coefficient}."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.values: list[tuple[float, float, float, float]] = []
        self.cells: dict[tuple[int, int], int] = {}
        self.rows: dict[str, list[tuple[str, dict[int, float], float]]] = {
            "exact": [],
            "limits": [],
            "observed": [],
        }
        self.sigma: list[tuple[float, float, bool, bool, int]] = []
        self.losses: list[Loss] = []

    def unknown(
        self, name: str, start: float = 1.0, *, low: float = 0.0, high: float = np.inf, scale: float = 0.0
    ) -> None:
        self.names.append(name)
        self.values.append((start, low, high, scale or abs(start) or 1.0))

    def cell(self, key: object) -> int:
        names = key if isinstance(key, tuple) else (key, None)
        place = tuple(self.names.index(n) if n is not None else -1 for n in names)
        return self.cells.setdefault((place[0], place[1]), len(self.cells))

    def row(self, kind: str, terms: Terms, rhs: float = 0.0, name: str = "") -> None:
        cells: dict[int, float] = {}
        for key, weight in terms.items():
            k = self.cell(key)
            cells[k] = cells.get(k, 0.0) + weight
        self.rows[kind].append((name or f"{kind} {len(self.rows[kind])}", cells, rhs))

    def exact(self, terms: Terms, rhs: float = 0.0, name: str = "") -> None:
        self.row("exact", terms, rhs, name)

    def limit(self, terms: Terms, rhs: float, name: str = "") -> None:
        self.row("limits", terms, rhs, name)

    def observe(
        self,
        terms: Terms,
        value: float,
        sd: float = 0.0,
        *,
        cv: float = 0.0,
        counted: bool = True,
        log: bool = False,
        loss: Loss | None = None,
    ) -> None:
        self.row("observed", terms, value)
        self.sigma.append((sd, cv, counted, log, -1 if loss is None else len(self.losses)))
        self.losses += [] if loss is None else [loss]

    def _rows(self, kind: str) -> Rows:
        rows = self.rows[kind]
        matrix = sparse.lil_array((len(rows), len(self.cells)))
        for r, (_, cells, _) in enumerate(rows):
            for k, w in cells.items():
                matrix[r, k] = w
        return Rows(
            matrix.tocsr(), np.array([r for _, _, r in rows], dtype=float), named([n for n, _, _ in rows])
        )

    def problem(self) -> LeastSquares:
        for name in self.names:
            self.cell(name)
        start, low, high, scale = (np.array(v, dtype=float) for v in zip(*self.values, strict=True))
        places = np.array(list(self.cells), dtype=np.int64)
        label = ["*".join(self.names[k] for k in pair if k >= 0) for pair in self.cells]
        cells = Cells(places[:, 0], places[:, 1], np.ones(len(places)), named(label))
        sd, cv, counted, log, loss = (np.array([s[k] for s in self.sigma]) for k in range(5))
        observed = Observed(
            self._rows("observed"),
            sd.astype(float),
            cv.astype(float),
            counted.astype(bool),
            log.astype(bool),
            loss.astype(np.int64),
            tuple(self.losses),
        )
        return LeastSquares(
            cells,
            low,
            high,
            start,
            scale,
            self._rows("exact"),
            self._rows("limits"),
            observed,
            named(self.names),
        )


def network(
    streams: Sequence[tuple[int, int]], measured: Sequence[float], sigma: Sequence[float]
) -> LeastSquares:
    """A flow network with one balance per node (0 is the environment) and every stream measured."""
    small = Small()
    for k, value in enumerate(measured):
        small.unknown(f"F{k + 1}", value, low=-np.inf)
    for node in sorted({n for pair in streams for n in pair} - {0}):
        terms = {f"F{k + 1}": float(b == node) - float(a == node) for k, (a, b) in enumerate(streams)}
        small.exact({k: w for k, w in terms.items() if w}, name=f"node {node}")
    for k, (value, sd) in enumerate(zip(measured, sigma, strict=True)):
        small.observe({f"F{k + 1}": 1.0}, value, sd)
    return small.problem()
