"""The same scenarios, plain and slow: every number an unknown, every row written out, dense algebra.

    min sum ((H x - y) / sd)^2   s.t.   A x = b          (a simulation: A alone)

With x = p + N z, N a basis of the null space of A: z by least squares; sd from the covariance N C N'. It
knows nothing of the package but the form of a document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Cell = tuple[str, tuple[Any, ...]]
"""A name and its labels."""
ROUNDING = 1e-9
NODE_AXES = ("year", "region", "element")
"""The axes that a process balances over; of a commodity by type only the sum does."""


class NoAnswer(Exception):
    """Nothing determines all of it, or no numbers fulfil all rows."""


@dataclass(frozen=True)
class Answer:
    """Value and sd of every cell that is determined."""

    value: Mapping[Cell, float]
    sd: Mapping[Cell, float]


@dataclass
class Rows:
    """Rows over cells: {cell: weight}, right-hand side, sd (0: exact)."""

    terms: list[dict[Cell, float]] = field(default_factory=list)
    right: list[float] = field(default_factory=list)
    sd: list[float] = field(default_factory=list)

    def add(self, terms: Sequence[tuple[Cell, float]], right: float = 0.0, sd: float = 0.0) -> None:
        row: dict[Cell, float] = {}
        for cell, weight in terms:
            row[cell] = row.get(cell, 0.0) + weight
        self.terms.append(row)
        self.right.append(right)
        self.sd.append(sd)


class Twin:
    """One document's rows."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.doc, self.labels = document, document["dimensions"]
        self.node_axes = tuple(a for a in NODE_AXES if a in self.labels)
        self.rows = Rows()
        self.cells = [(name, at) for name in self._names() for at in self._at(name)]
        self._balances()
        self._shares()
        self._compositions()
        self._cohorts()
        self._reserves()
        self._numbers()

    def _names(self) -> tuple[str, ...]:
        return (*self.doc["flows"], *self.doc.get("trade", {}), *self.doc["stocks"])

    def axes(self, name: str) -> tuple[str, ...]:
        """The axes of a flow, trade or stock."""
        own = tuple(a for a in ("year", "region") if a in self.labels)
        element = tuple(a for a in ("element",) if a in self.labels)
        if name in self.doc.get("trade", {}):
            return (*(a for a in own if a == "year"), "exporter", "importer", *element)
        if name in self.doc["flows"]:
            return (*own, *self.doc["flows"][name].get("by", []), *element)
        if self.doc["stocks"][name].get("kind") == "reserve":
            return own
        if "lifetime" not in self.doc["stocks"][name]:
            return (*own, *element)
        entering, leaving = self._at_stock(name)
        return (
            *own,
            *(a for a in self.doc["flows"][entering].get("by", []) if a in self.axes(leaving)),
            *element,
        )

    def _at_stock(self, name: str) -> tuple[str, str]:
        """The one flow into a stock's process and the one out of it."""
        at, flows = self.doc["stocks"][name]["at"], self.doc["flows"]
        return next(f for f in flows if flows[f]["to"] == at), next(
            f for f in flows if flows[f]["from"] == at
        )

    def _at(self, name: str) -> Iterator[tuple[Any, ...]]:
        lists = [self.labels["region" if a in ("exporter", "importer") else a] for a in self.axes(name)]
        for at in product(*lists):
            named = dict(zip(self.axes(name), at, strict=True))
            if "exporter" not in named or named["exporter"] != named["importer"]:
                yield at

    def matching(self, name: str, wanted: Mapping[str, Any], region: str = "region") -> list[Cell]:
        """The cells of a name that have some labels; `region` is the axis of a wanted region."""
        found = []
        for at in self._at(name):
            own = dict(zip(self.axes(name), at, strict=True))
            if all(own.get(region if a == "region" else a, x) == x for a, x in wanted.items()):
                found.append((name, at))
        return found

    def _places(self, axes: Sequence[str]) -> Iterator[dict[str, Any]]:
        for at in product(*(self.labels[a] for a in axes)):
            yield dict(zip(axes, at, strict=True))

    def _balances(self) -> None:
        """Inflows less outflows less the change of stocks, at every label that processes tell apart."""
        for name, process in self.doc["processes"].items():
            if process["kind"] in ("source", "sink"):
                continue
            for at in self._places(self.node_axes):
                terms = []
                for flow, ends in self.doc["flows"].items():
                    sign = float(ends["to"] == name) - float(ends["from"] == name)
                    terms += [(c, sign) for c in self.matching(flow, at) if sign]
                for trade, place in self.doc.get("trade", {}).items():
                    if place["at"] == name:
                        terms += [(c, 1.0) for c in self.matching(trade, at, "importer")]
                        terms += [(c, -1.0) for c in self.matching(trade, at, "exporter")]
                right = 0.0
                for stock, of in self.doc["stocks"].items():
                    if of["at"] == name and of.get("kind") != "reserve":
                        change, start = self._change(stock, at)
                        terms += [(c, -w) for c, w in change]
                        right -= start
                self.rows.add(terms, right)

    def _change(self, stock: str, at: Mapping[str, Any]) -> tuple[list[tuple[Cell, float]], float]:
        """The change of a stock at some labels: terms, and what it starts with where that enters."""
        terms = [(c, 1.0) for c in self.matching(stock, at)]
        years = self.labels.get("year")
        if years is None or at["year"] == years[0]:
            return terms, sum(self._start(stock, c) for c, _ in terms)
        before = {**at, "year": years[years.index(at["year"]) - 1]}
        return [*terms, *((c, -1.0) for c in self.matching(stock, before))], 0.0

    def _start(self, stock: str, cell: Cell) -> float:
        """What a stock holds before the first year at the labels of one of its cells."""
        given = self.doc["stocks"][stock].get("initial")
        if isinstance(given, dict) and given["dims"] == ["cohort"]:
            return float(sum(given["data"].values()))
        return 0.0 if given is None else _value(given, dict(zip(self.axes(stock), cell[1], strict=True)))

    def _shares(self) -> None:
        """outflow = share x what enters: with the same label where all that enters has it, else in all."""
        for process, shares in self.doc.get("transfers", {}).items():
            entering = [f for f, ends in self.doc["flows"].items() if ends["to"] == process]
            trades = [t for t, place in self.doc.get("trade", {}).items() if place["at"] == process]
            for flow, share in shares.items():
                if share == "rest":
                    continue
                varied = () if isinstance(share, float) else tuple(share["dims"])
                further = [a for a in self.axes(flow) if a not in NODE_AXES and a in varied]
                labelled = not trades and all({*further} <= {*self.axes(f)} for f in entering)
                for at in self._places((*self.node_axes, *further)):
                    size = _value(share, at)
                    wanted = at if labelled else {a: x for a, x in at.items() if a not in further}
                    terms = [(c, 1.0) for c in self.matching(flow, at)]
                    terms += [(c, -size) for f in entering for c in self.matching(f, wanted)]
                    terms += [(c, -size) for t in trades for c in self.matching(t, wanted, "importer")]
                    self.rows.add(terms)

    def _compositions(self) -> None:
        """x[element] = share x sum over elements, for every flow of the commodity."""
        for commodity, shares in self.doc.get("compositions", {}).items():
            for flow in (f for f, ends in self.doc["flows"].items() if ends.get("commodity") == commodity):
                rest = [a for a in self.axes(flow) if a != "element"]
                for at in self._places(rest):
                    cells = self.matching(flow, at)
                    for element, cell in zip(self.labels["element"], cells, strict=True):
                        size = _value(shares, {**at, "element": element})
                        self.rows.add([(cell, 1.0), *((c, -size) for c in cells)])

    def _cohorts(self) -> None:
        """What leaves of each cohort, inflow spread evenly over its year, and the level by all its labels."""
        for stock, of in self.doc["stocks"].items():
            if "lifetime" not in of:
                continue
            entering, leaving = self._at_stock(stock)
            rest = [a for a in self.axes(stock) if a != "year"]
            for at in self._places(rest):
                self._leaving(stock, (entering, leaving), at)
                for year in self.labels["year"]:
                    here = {**at, "year": year}
                    change, start = self._change(stock, here)
                    flows = [(c, 1.0) for c in self.matching(entering, here)]
                    flows += [(c, -1.0) for c in self.matching(leaving, here)]
                    self.rows.add([*flows, *((c, -w) for c, w in change)], -start)

    def _leaving(self, stock: str, flows: tuple[str, str], at: Mapping[str, Any]) -> None:
        of, years = self.doc["stocks"][stock], self.labels["year"]
        life = float(of["lifetime"]["fixed"])
        started = self._start(stock, (stock, tuple({**at, "year": years[0]}[a] for a in self.axes(stock))))
        shares = _ages(of, life)
        for t, year in enumerate(years):
            terms = [(c, 1.0) for c in self.matching(flows[1], {**at, "year": year})]
            for k in range(t + 1):
                gone = _left(life, t - k - 1) - _left(life, t - k)
                terms += [(c, -gone) for c in self.matching(flows[0], {**at, "year": years[k]})]
            # cohort j entered j years before the first
            old = [
                started * s * (_left(life, t + j - 1) - _left(life, t + j)) / _left(life, j - 1)
                for j, s in enumerate(shares, 1)
                if s
            ]
            self.rows.add(terms, float(sum(old)))

    def _reserves(self) -> None:
        """level = level before - mined / recovery + additions, in all elements together."""
        for stock, of in self.doc["stocks"].items():
            if of.get("kind") != "reserve":
                continue
            mined = [f for f, ends in self.doc["flows"].items() if ends["from"] == of["at"]]
            for at in self._places(self.axes(stock)):
                change, start = self._change(stock, at)
                taken = [(c, 1 / of["recovery"]) for f in mined for c in self.matching(f, at)]
                self.rows.add([*change, *taken], start + of["additions"])

    def _numbers(self) -> None:
        """What drivers say exactly, and observations with an sd."""
        for number in (*self.doc.get("drivers", {}).values(), *self.doc.get("observations", {}).values()):
            name, summed = number["of"], number.get("sum", [])
            unit = number.get("unit", "t")
            counted = unit == "item" or (unit == "t gross" and "element" in self.labels)
            kept = [a for a in self.axes(name) if a not in summed and not (counted and a == "element")]
            for at in dict.fromkeys(tuple(self._labels(c, kept)) for c in self.matching(name, {})):
                here = dict(zip(kept, at, strict=True))
                terms = [(c, 1.0 / (self._content(c) if counted else 1.0)) for c in self._exactly(name, here)]
                self.rows.add(terms, _value(number, here), number.get("sd", 0.0))

    def _labels(self, cell: Cell, kept: Sequence[str]) -> list[Any]:
        own = dict(zip(self.axes(cell[0]), cell[1], strict=True))
        return [own[a] for a in kept]

    def _exactly(self, name: str, here: Mapping[str, Any]) -> list[Cell]:
        return [c for c in self.matching(name, {}) if self._labels(c, list(here)) == list(here.values())]

    def _content(self, cell: Cell) -> float:
        content = self.doc["contents"][self.doc["flows"][cell[0]]["commodity"]]
        return _value(content, dict(zip(self.axes(cell[0]), cell[1], strict=True)))

    def answer(self) -> Answer:
        """Value and sd of what is determined.

        Raises NoAnswer where exact rows contradict each other, or a simulation leaves anything open.
        """
        place = {cell: k for k, cell in enumerate(self.cells)}
        whole = np.zeros((len(self.rows.terms), len(self.cells)))
        for k, terms in enumerate(self.rows.terms):
            for cell, weight in terms.items():
                whole[k, place[cell]] += weight
        right, sd = np.array(self.rows.right), np.array(self.rows.sd)
        exact, seen = sd == 0, sd > 0
        start, free = _solved(whole[exact], right[exact])
        slope = (whole[seen] @ free) / sd[seen][:, None]
        left, size, turned = np.linalg.svd(slope, full_matrices=True)
        known = np.zeros(turned.shape[0], np.bool_)
        known[: len(size)] = size > ROUNDING * max(1.0, size.max(initial=0.0))
        if not seen.any() and free.shape[1]:
            raise NoAnswer("undetermined")
        inverse = turned[known].T / size[known[: len(size)]]
        gap = (right[seen] - whole[seen] @ start) / sd[seen]
        x = start + free @ (inverse @ (left[:, : len(size)][:, known[: len(size)]].T @ gap))
        root = free @ inverse
        open_ = np.abs(free @ turned[~known].T).max(axis=1, initial=0.0) > ROUNDING
        kept = [k for k in range(len(x)) if not open_[k]]
        spread = np.sqrt((root**2).sum(axis=1))
        return Answer({self.cells[k]: x[k] for k in kept}, {self.cells[k]: spread[k] for k in kept})


def _solved(rows: Floats, right: Floats) -> tuple[Floats, Floats]:
    """One solution of exact rows, and a basis of what they leave open."""
    _, size, turned = np.linalg.svd(rows, full_matrices=True)
    rank = int((size > ROUNDING * size.max(initial=1.0)).sum())
    start = np.linalg.lstsq(rows, right, rcond=ROUNDING)[0] if len(rows) else np.zeros(rows.shape[1])
    if len(rows) and np.abs(rows @ start - right).max() > 1e-7 * max(1.0, np.abs(right).max()):
        raise NoAnswer("contradiction")
    return start, turned[rank:].T


def _value(given: Any, at: Mapping[str, Any]) -> float:
    """A number at some labels, from one number or nested data."""
    if isinstance(given, float):
        return given
    found = given.get("data", given.get("value"))
    for axis in given.get("dims", []):
        found = found[at[axis]]
    return float(found)


def _left(life: float, k: int) -> float:
    """What is left at the end of the k-th year after that of entry, of what entered evenly over that year."""
    return 1.0 if k < 0 else min(max(life - k, 0.0), 1.0)


def _ages(of: Mapping[str, Any], life: float) -> list[float]:
    """The shares of an initial stock by age in years, youngest first."""
    if "age_structure" in of:
        return list(of["age_structure"])
    given = of.get("initial")
    if isinstance(given, dict) and given["dims"] == ["cohort"]:
        whole = sum(given["data"].values())
        return [x / whole for _, x in sorted(given["data"].items(), reverse=True)]
    constant = [_left(life, k) for k in range(10)]
    return [x / sum(constant) for x in constant]
