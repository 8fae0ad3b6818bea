"""A row, a report or a flow printed the way one writes it, with the numbers of the solution.

The multiplier of a row says what it costs: half the chi-square changes by it for each unit by which the right
side rises.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mfa.build.balances import BALANCE
from mfa.run.lookup import CELL, EXACT, LIMIT, OBSERVED, Found, find, spelt
from mfa.run.result import CAUTIOUS, INDICATOR
from mfa.run.trace import Trace
from mfa.solve.diagnose import UNCHECKED
from mfa.solve.problem import Rows

if TYPE_CHECKING:
    from mfa.run.result import Result

Ints = npt.NDArray[np.int64]
LISTED = 12
ACTIVE = 1e-9
"""A limit is reached where less than this share of its terms is left of it."""


@dataclass(frozen=True)
class Term:
    """`coefficient * name` in an equation, masses in the unit of results; value and standard deviation are
    those of what is named, and of a product's two factors (name, value, sd)."""

    coefficient: float
    name: str
    value: float
    sd: float
    factors: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True)
class Explanation:
    """What is known of one thing: its equation, terms first, and further lines, each a key and a text.

    `sign` stands between left and right side; `numbers` are what the lines are made of (residual, multiplier,
    value, sigma, z, ...).
    """

    name: str
    kind: str
    terms: tuple[Term, ...]
    sign: str
    right: float
    numbers: Mapping[str, float]
    lines: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        body = [f"{self.name}: {self.kind}", *_equation(self)]
        width = max((len(k) for k, _ in self.lines), default=0)
        body += [f"  {k:{width}}  {text}".rstrip() for k, text in self.lines]
        return "\n".join(body)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def _equation(of: Explanation) -> Iterator[str]:
    """The largest terms a line each, what is left in one, and the right side."""
    if not of.terms:
        return
    largest = sorted(of.terms, key=lambda t: -abs(t.coefficient * t.value))[:LISTED]
    shown = [t for t in of.terms if any(t is other for other in largest)]
    left = [t for t in of.terms if not any(t is other for other in largest)]
    words = [_words(t) for t in shown]
    width = max(len(w) for w in words)
    for term, text in zip(shown, words, strict=True):
        product = " x ".join(f"({n}: {with_sd(v, s)})" for n, v, s in term.factors)
        size = abs(term.coefficient)
        number = with_sd(size * term.value, size * term.sd)
        yield f"    {text:{width}}  {number}{f'  = {product}' if product else ''}"
    if left:
        yield f"    + {len(left)} smaller terms, together {plain(sum(t.coefficient * t.value for t in left))}"
    if of.sign:
        yield f"    {of.sign} {plain(of.right)}"


def _words(term: Term) -> str:
    sign, size = "-" if term.coefficient < 0 else "+", abs(term.coefficient)
    return f"{sign} {'' if size == 1 else f'{size:.6g} '}{term.name}"


def plain(value: float) -> str:
    """A number as people write it.

    >>> plain(12345.678), plain(0.00012345678), plain(1e12)
    ('12,345.7', '0.000123457', '1e+12')
    """
    return f"{value:,.6g}" if 1e-4 <= abs(value) < 1e9 else f"{value:.6g}"


def with_sd(value: float, sd: float) -> str:
    """A value with its standard deviation; "free" where nothing determines it.

    >>> with_sd(2.0, float("nan")), with_sd(2.0, 0.0)
    ('2 (free)', '2')
    """
    if np.isnan(sd):
        return f"{plain(value)} (free)"
    return f"{plain(value)} +- {sd:.3g}" if sd else plain(value)


def explain(trace: Trace, name: str) -> tuple[Explanation, ...]:
    """Everything a name means, explained; raises UnknownName with near names.

    >>> import mfa
    >>> result = mfa.run({"mfa": 1, "processes": {"in": {"kind": "source"}, "p": {}, "out": {"kind": "sink"}},
    ...     "flows": {"x": {"from": "in", "to": "p"}, "a": {"from": "p", "to": "out"}},
    ...     "observations": {"r1": {"of": "x", "value": 10, "sd": 1},
    ...                      "r2": {"of": "a", "value": 12, "sd": 1}}})
    >>> print(result.explain("balance of p")[0])
    balance of p: holds exactly
        + x  11 +- 0.707
        - a  11 +- 0.707
        = 0
      residual    0
      multiplier  half the chi-square changes by +1 for each t on the right side
      reports     r1 (scenario, as stated): 10 +- 1 t, z -1.4
                  r2 (scenario, as stated): 12 +- 1 t, z 1.4
    """
    return tuple(_KINDS[found.kind](trace, found) for found in find(trace, name))


def explain_indicator(result: Result, name: str) -> tuple[Explanation, ...]:
    """The formula of an indicator and its values at some labels; nothing where a name is no indicator."""
    wanted, table = spelt(name), result.indicators
    formula = (result.outputs.get("indicators") or {}).get(wanted.head)
    if formula is None:
        return ()
    axes = [c for c in table.columns if c not in ("name", *INDICATOR)]
    values = []
    for row in table[table["name"] == wanted.head].to_dict("records"):
        labels = [
            f"{row[a]:g}" if isinstance(row[a], float) else str(row[a]) for a in axes if row[a] == row[a]
        ]
        if {*wanted.labels} <= {*labels}:
            number = "none" if np.isnan(row["value"]) else _with_unit(row)
            values.append(f"{', '.join(labels)}: {number}" if labels else number)
    lines = (("formula", str(formula)), *_listed("value", values))
    return (Explanation(name, "an indicator", (), "", 0.0, {}, lines),) if values else ()


def _with_unit(row: Mapping[Hashable, Any]) -> str:
    """The value of an indicator with its standard deviation, unit, and interval where a bound is near."""
    number = with_sd(row["value"], row["sd"])
    unit = "" if row["unit"] == "1" else f" {row['unit']}"
    mark = row["mark"] if isinstance(row["mark"], str) else ""
    low, high = (row[k] for k in (CAUTIOUS if "prior-driven" in mark else ("low", "high")))
    return f"{number}{unit}{f', 95 % in [{plain(low)}, {plain(high)}] ({mark})' if mark else ''}"


def _terms(trace: Trace, rows: Rows, k: int) -> tuple[Term, ...]:
    span = slice(rows.matrix.indptr[k], rows.matrix.indptr[k + 1])
    cells, weights = rows.matrix.indices[span], rows.matrix.data[span]
    of = _row_unit(trace, rows, k)
    found = [_term(trace, int(c), float(w), of) for c, w in zip(cells, weights, strict=True) if w]
    order = sorted(found, key=lambda t: t.coefficient < 0)
    return tuple(order)


def _row_unit(trace: Trace, rows: Rows, k: int) -> float:
    """The t in one of the unit a row is printed in; 1 where it has no mass in it."""
    cells = rows.matrix.indices[rows.matrix.indptr[k] : rows.matrix.indptr[k + 1]]
    return trace.mass_factor if trace.mass_cells[cells].any() else 1.0


def _term(trace: Trace, cell: int, weight: float, of: float) -> Term:
    """A cell in a row of which one is `of` t: what is no mass there has the unit in its coefficient."""
    name, own = trace.problem.cells.name(cell), float(trace.units_q[cell])
    value, sd = float(trace.solution.q[cell]) / own, float(trace.sd_q[cell]) / own
    return Term(weight * own / of, name, value, sd, _factors(trace, cell))


def _factors(trace: Trace, cell: int) -> tuple[tuple[str, float, float], ...]:
    """The two factors of a product; none of a cell that is an unknown."""
    cells = trace.problem.cells
    if cells.j[cell] < 0:
        return ()
    both = (int(cells.i[cell]), int(cells.j[cell]))
    x, sd, of = trace.solution.x, trace.sd_x, trace.units_x
    return tuple((trace.problem.name(u), float(x[u] / of[u]), float(sd[u] / of[u])) for u in both)


def _cost(multiplier: float, unit: str) -> str:
    return f"half the chi-square changes by {multiplier:+.4g} for each {unit} on the right side"


def _row(trace: Trace, found: Found) -> Explanation:
    """An exact row."""
    k, rows = found.k, trace.problem.exact
    of = _row_unit(trace, rows, k)
    terms, right = _terms(trace, rows, k), float(rows.rhs[k]) / of
    residual = float(sum(t.coefficient * t.value for t in terms) - right)
    multiplier = -float(trace.solution.exact_multipliers[k]) * of
    size = sum(abs(t.coefficient * t.value) for t in terms) + abs(right)
    share = f" ({abs(residual) / size:.1e} of its terms)" if residual and size else ""
    seen = [_report_line(trace, r) for r in _reports_of(trace, rows, np.array([k]))]
    lines = [
        ("residual", f"{residual:.3g}{share}"),
        ("multiplier", _cost(multiplier, trace.mass_unit)),
        *_listed("reports", seen),
    ]
    numbers = {"residual": residual, "multiplier": multiplier}
    return Explanation(found.name, "holds exactly", terms, "=", right, numbers, tuple(lines))


def _limit(trace: Trace, found: Found) -> Explanation:
    """A limit: how much room is left, and what it costs where it is reached."""
    k, rows = found.k, trace.problem.limits
    sign = -1.0 if ".min" in found.name or found.name.endswith(" at least") else 1.0
    terms = tuple(replace(t, coefficient=sign * t.coefficient) for t in _terms(trace, rows, k))
    of = _row_unit(trace, rows, k)
    right = sign * float(rows.rhs[k]) / of
    room = sign * (right - sum(t.coefficient * t.value for t in terms))
    size = sum(abs(t.coefficient * t.value) for t in terms) + abs(right)
    reached = room <= ACTIVE * size
    multiplier, unit = -sign * float(trace.solution.limit_multipliers[k]) * of, trace.mass_unit
    lines = [("room", "none: the limit is reached" if reached else f"{plain(room)} {unit}")]
    if reached:
        lines.append(("multiplier", _cost(multiplier, unit)))
    numbers = {"room": room, "multiplier": multiplier}
    return Explanation(found.name, "a limit", terms, "<=" if sign > 0 else ">=", right, numbers, tuple(lines))


def _report(trace: Trace, found: Found) -> Explanation:
    """A report or a stated parameter: what it says, what came out, and with what it is checked."""
    k, rows = found.k, trace.problem.observed.rows
    numbers = _judged(trace, k)
    counted = bool(trace.problem.observed.counted[k])
    unit = _unit(trace, k)
    value, sigma, adjusted, sd = (numbers[n] for n in ("value", "sigma", "adjusted", "adjusted_sd"))
    lines = [
        ("stated", f"{with_sd(value, sigma)} {unit}".rstrip() + ("" if counted else "; it exerts no pull")),
        ("adjusted", f"{with_sd(adjusted, sd)} {unit}".rstrip()),
        ("shift", f"{numbers['shift']:+.3g} of its standard deviation" if sigma else "none is stated"),
        ("z", _verdict(numbers, counted)),
    ]
    around = _rows_around(trace, k)
    others = [r for r in _reports_of(trace, trace.problem.exact, around) if r != k]
    lines += _listed("stands in", [trace.problem.exact.name(int(r)) for r in around])
    lines += _listed("checked with", [_report_line(trace, r) for r in others])
    terms = _terms(trace, rows, k)
    return Explanation(found.name, "a report", terms, "", 0.0, numbers, tuple(lines))


def _judged(trace: Trace, k: int) -> dict[str, float]:
    """The numbers of a report in its own unit, as `observations.csv` has them."""
    s, factor = trace.solution, float(trace.factors[k])
    value, sigma, fitted = float(trace.problem.observed.rows.rhs[k]), float(s.sigma[k]), float(s.fitted[k])
    return {
        "value": value * factor,
        "sigma": sigma * factor,
        "adjusted": fitted * factor,
        "adjusted_sd": float(trace.sd_observed[k]) * factor,
        "shift": (fitted - value) / sigma if sigma > 0 else np.nan,
        "z": float(trace.z[k]),
        "leverage": float(trace.leverage[k]),
    }


def _verdict(numbers: Mapping[str, float], counted: bool) -> str:
    leverage = numbers["leverage"]
    if not counted:
        return "not counted"
    if leverage <= UNCHECKED:
        return "none: nothing else checks it (leverage 0)"
    return f"{numbers['z']:.3g}, with a leverage of {leverage:.3g}: the share of its variance others take off"


def _unit(trace: Trace, k: int) -> str:
    return "" if trace.units[k] == "1" else trace.units[k]


def _report_line(trace: Trace, k: int) -> str:
    numbers = _judged(trace, k)
    z = f", z {numbers['z']:.2g}" if numbers["leverage"] > UNCHECKED else ""
    stated = with_sd(numbers["value"], numbers["sigma"])
    return f"{trace.problem.observed.rows.name(k)}: {stated} {_unit(trace, k)}{z}".replace(" ,", ",")


def _rows_around(trace: Trace, k: int) -> Ints:
    """The balances that hold a term of report `k`; where only definitions hold one, those that a mass in
    them enters; where none does, the rows of the products it is a factor of."""
    exact = trace.problem.exact
    cells = _cells_in(trace.problem.observed.rows, np.array([k]))
    rows = _rows_with(trace, exact, cells)
    balances = _balances(trace, rows)
    if not len(balances) and len(rows):
        balances = _balances(trace, _rows_with(trace, exact, _of_masses(trace, _cells_in(exact, rows))))
    if not len(rows):
        rows = _rows_with(trace, exact, _products_of(trace, cells))
    return balances if len(balances) else rows


def _of_masses(trace: Trace, cells: Ints) -> Ints:
    """All cells whose first factor, a mass, is that of one of some cells."""
    first = trace.problem.cells.i
    return np.flatnonzero(np.isin(first, first[cells]))


def _balances(trace: Trace, rows: Ints) -> Ints:
    name = trace.problem.exact.name
    return np.array([r for r in rows if name(int(r)).startswith(BALANCE)], dtype=np.int64)


def _products_of(trace: Trace, cells: Ints) -> Ints:
    """The products of which one of some cells is a factor."""
    own = trace.problem.cells
    unknowns = own.i[cells]
    return np.flatnonzero((own.j >= 0) & (np.isin(own.i, unknowns) | np.isin(own.j, unknowns)))


def _cells_in(rows: Rows, which: Ints) -> Ints:
    return np.unique(rows.matrix[which].indices).astype(np.int64)


def _rows_with(trace: Trace, rows: Rows, cells: Ints) -> Ints:
    """The rows in which one of some cells stands, or another cell of the same unknowns."""
    own = trace.problem.cells
    key = own.i * (len(trace.problem) + 1) + own.j + 1
    same = np.isin(key, key[cells])
    held = rows.matrix.tocoo()
    return np.unique(held.row[same[held.col]]).astype(np.int64)


def _reports_of(trace: Trace, rows: Rows, which: Ints) -> list[int]:
    """The counted reports of the cells in some rows."""
    observed = trace.problem.observed
    seen = _rows_with(trace, observed.rows, _cells_in(rows, which))
    return [int(r) for r in seen if observed.counted[r]]


def _quantity(trace: Trace, found: Found) -> Explanation:
    """A flow, a stock or another quantity: its number, its bounds, its reports and rows."""
    k, problem = found.k, trace.problem
    cells, of = np.array([k]), float(trace.units_q[k])
    value, sd = float(trace.solution.q[k]) / of, float(trace.sd_q[k]) / of
    unit = trace.mass_unit if trace.mass_cells[k] else ""
    lines = [("value", f"{with_sd(value, sd)} {unit}".rstrip()), *_at_bounds(trace, k)]
    reports = [int(r) for r in _rows_with(trace, problem.observed.rows, cells)]
    rows = _rows_with(trace, problem.exact, cells)
    seen = [_report_line(trace, r) for r in reports if problem.observed.counted[r]]
    held = [problem.exact.name(int(r)) for r in rows]
    held += [problem.limits.name(int(r)) for r in _rows_with(trace, problem.limits, cells)]
    lines += [*_listed("reports", seen), *_listed("stands in", held)]
    factors = _factors(trace, k)
    term = (Term(float(problem.cells.coef[k]), found.name, value, sd, factors),) if factors else ()
    numbers = {"value": value, "sd": sd}
    return Explanation(found.name, "a quantity", term, "", 0.0, numbers, tuple(lines))


def _at_bounds(trace: Trace, cell: int) -> Iterator[tuple[str, str]]:
    """The bounds at which the unknowns of a cell end, and what they cost."""
    problem, solution = trace.problem, trace.solution
    for u in (int(problem.cells.i[cell]), int(problem.cells.j[cell])):
        if u >= 0 and solution.active[u] and problem.lower[u] < problem.upper[u]:
            at = problem.lower[u] if solution.active[u] < 0 else problem.upper[u]
            of = float(trace.units_x[u])
            multiplier, number = solution.bound_multipliers[u] * of, plain(float(at) / of)
            cost = f"half the chi-square changes by {multiplier:+.4g} as it rises by 1"
            yield "bound", f"{problem.name(u)} ends at its bound of {number}: {cost}"


def _listed(key: str, texts: Iterable[str]) -> list[tuple[str, str]]:
    """Lines under one key, each text once."""
    every = list(dict.fromkeys(texts))
    more = [f"and {len(every) - LISTED} more"] if len(every) > LISTED else []
    return [("" if k else key, text) for k, text in enumerate([*(every or ["none"])[:LISTED], *more])]


_KINDS: Mapping[str, Callable[[Trace, Found], Explanation]] = {
    EXACT: _row,
    LIMIT: _limit,
    OBSERVED: _report,
    CELL: _quantity,
}
