"""Mirror gaps: what the importer and the exporter of one trade report, side by side."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pandas as pd

from mfa.run.tables import FIRST, LAST
from mfa.units import COUNT, parse_unit

PAIR = ("exporter", "importer")
CONFLICT = 3.0
"""|z| from which two reports contradict each other: 0.3 % of honest pairs under normal errors."""
COUNTS = ("counted", "exact")
"""Rows that are evidence of their own: no superseded edition, nothing derived from another row."""
NOT_LABELS = frozenset((*FIRST, *LAST))
NUMBERS = ("exporter_value", "exporter_sigma", "importer_value", "importer_sigma", "ratio", "gap", "z")
Names = frozenset[str]


@dataclass(frozen=True)
class Side:
    """What one partner reports of the trades `names`: value and sigma in one unit, and who says so."""

    names: Names
    value: float
    sigma: float
    source: str


def label_columns(observations: pd.DataFrame) -> list[str]:
    """The columns of an observations table that hold labels."""
    return [c for c in observations.columns if c not in NOT_LABELS]


def mirror_gaps(observations: pd.DataFrame, mass: str = "t") -> pd.DataFrame:
    """The gap between the importer's and the exporter's report of each trade, worst first.

    One row for each set of labels (year, exporter, importer, ...) and each set of trades that both sides
    speak of; where one side books in several rows what the other reports in one, the sum is compared.
    Columns: labels, `of`, `unit` (of `mass`, or USD), value, sigma and source of both sides, `ratio` =
    importer / exporter, `gap` = importer - exporter, `z`, `verdict`.

    Equation: z = gap / sqrt(sum of sigma^2). The verdict is `conflict` for abs(z) >= 3, else `closes`;
    `incomplete` where one side is silent about a part and what it reports is no more than the whole.
    """
    labels = label_columns(observations)
    if not {*PAIR, "reported_by"} <= set(observations.columns):
        return _frame([], PAIR)
    rows = observations[
        observations["standing"].isin(COUNTS)
        & observations["reported_by"].isin(PAIR)
        & observations[list(PAIR)].notna().all(axis=1)
    ]
    used = [c for c in labels if rows[c].notna().any()]
    ordered = [c for c in ("year", *PAIR) if c in used] + [c for c in used if c not in ("year", *PAIR)]
    return _frame(list(chain.from_iterable(_groups(rows, ordered, mass))), ordered)


def _frame(rows: Sequence[Mapping[str, Any]], labels: Sequence[str]) -> pd.DataFrame:
    first = ["of", "unit", "exporter_value", "exporter_sigma", "exporter_source"]
    last = ["importer_value", "importer_sigma", "importer_source", "ratio", "gap", "z", "verdict"]
    table = pd.DataFrame(rows, columns=[*labels, *first, *last])
    table = table.astype(dict.fromkeys(NUMBERS, float))
    order = table["z"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _groups(rows: pd.DataFrame, labels: Sequence[str], mass: str) -> Iterable[Iterable[dict[str, Any]]]:
    """The comparisons within each set of labels and mass basis."""
    units = {u: parse_unit(u, u.split()) for u in rows["unit"].unique()}
    common = {"value": "USD", COUNT: "item"}
    groups: dict[tuple[Any, ...], dict[str, list[Side]]] = {}
    columns = ("unit", "reported_by", "of", "value", "sigma", "source")
    for *own, unit, by, of, value, sigma, source in zip(*(rows[c] for c in (*labels, *columns)), strict=True):
        u = units[unit]
        one = common.get(u.kind, mass)
        basis, factor = f"{one} {u.basis}".strip(), u.factor / parse_unit(one).factor
        sides = groups.setdefault((*map(_label, own), basis), {side: [] for side in PAIR})
        names = frozenset(str(of).split(" + "))
        sides[by].append(Side(names, float(value) * factor, float(sigma) * factor, str(source)))
    for key, sides in groups.items():
        head = dict(zip((*labels, "unit"), key, strict=True))
        yield ({**head, **found} for found in _compare(*(_merged(sides[side]) for side in PAIR)))


def _label(value: Any) -> Any:
    """A label as the dimension has it (a column with gaps is read as floats, gaps as NaN)."""
    if isinstance(value, float):
        return None if math.isnan(value) else int(value) if value.is_integer() else value
    return value


def _compare(exporter: Sequence[Side], importer: Sequence[Side]) -> Iterable[dict[str, Any]]:
    """A row wherever both sides cover the same trades; else one incomplete row for what overlaps."""
    for part in _connected([s.names for s in (*exporter, *importer)]):
        ours = [s for s in exporter if s.names <= part]
        theirs = [s for s in importer if s.names <= part]
        wanted = sorted({part, *(s.names for s in (*ours, *theirs))}, key=lambda n: (-len(n), sorted(n)))
        pairs = [(a, b) for n in wanted if (a := _cover(n, ours)) and (b := _cover(n, theirs))]
        yield from (_row(a, b) for a, b in pairs)
        if not pairs and ours and theirs:
            yield _row(_widest(ours), _widest(theirs))


def _merged(sides: Iterable[Side]) -> list[Side]:
    """One side's reports; several of the same trades become their precision-weighted mean."""
    found: dict[Names, list[Side]] = {}
    for side in sides:
        found.setdefault(side.names, []).append(side)
    return [_mean(same) for same in found.values()]


def _mean(sides: Sequence[Side]) -> Side:
    source = "; ".join(dict.fromkeys(s.source for s in sides))
    exact = [s for s in sides if not s.sigma > 0]
    if exact:
        return Side(sides[0].names, sum(s.value for s in exact) / len(exact), 0.0, source)
    precision = [s.sigma**-2 for s in sides]
    value = sum(p * s.value for p, s in zip(precision, sides, strict=True)) / sum(precision)
    return Side(sides[0].names, value, sum(precision) ** -0.5, source)


def _connected(sets: Iterable[Names]) -> list[Names]:
    """The unions of sets that overlap, directly or through others."""
    parts: list[Names] = []
    for names in sets:
        touching = [p for p in parts if p & names]
        parts = [p for p in parts if not p & names] + [names.union(*touching)]
    return parts


def _sum(sides: Sequence[Side]) -> Side:
    names: Names = frozenset().union(*(s.names for s in sides))
    source = "; ".join(dict.fromkeys(s.source for s in sides))
    return Side(names, sum(s.value for s in sides), math.hypot(*(s.sigma for s in sides)), source)


def _cover(wanted: Names, sides: Sequence[Side]) -> Side | None:
    """The sum of one side's reports that together speak of exactly `wanted`, if there is one."""
    within = sorted((s for s in sides if s.names <= wanted), key=lambda s: (-len(s.names), sorted(s.names)))
    chosen = _partition(wanted, within)
    return _sum(chosen) if chosen else None


def _partition(wanted: Names, sides: Sequence[Side]) -> list[Side] | None:
    if not wanted:
        return []
    for k, side in enumerate(sides):
        if side.names <= wanted:
            rest = _partition(wanted - side.names, sides[k + 1 :])
            if rest is not None:
                return [side, *rest]
    return None


def _widest(sides: Sequence[Side]) -> Side:
    """The sum of the widest reports of one side that do not overlap."""
    taken: list[Side] = []
    for side in sorted(sides, key=lambda s: (-len(s.names), sorted(s.names))):
        if not any(side.names & t.names for t in taken):
            taken.append(side)
    return _sum(taken)


def _row(exporter: Side, importer: Side) -> dict[str, Any]:
    gap, sigma = importer.value - exporter.value, math.hypot(importer.sigma, exporter.sigma)
    z = gap / sigma if sigma > 0 else math.copysign(math.inf, gap) if gap else 0.0
    ratio = importer.value / exporter.value if exporter.value else math.inf if importer.value else 1.0
    sides = {
        f"{name}_{what}": getattr(side, what)
        for name, side in zip(PAIR, (exporter, importer), strict=True)
        for what in ("value", "sigma", "source")
    }
    verdict = _verdict(exporter.names, importer.names, z)
    of = " + ".join(sorted(exporter.names | importer.names))
    return {"of": of, **sides, "ratio": ratio, "gap": gap, "z": z, "verdict": verdict}


def _verdict(exporter: Names, importer: Names, z: float) -> str:
    if exporter == importer:
        return "conflict" if abs(z) >= CONFLICT else "closes"
    too_much = (importer < exporter and z >= CONFLICT) or (exporter < importer and z <= -CONFLICT)
    return "conflict" if too_much else "incomplete"
