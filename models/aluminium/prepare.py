"""`reports.yaml`, made again from the text files of `data`: what they state, with the study's uncertainties.

    python prepare.py

Flows, ratios, changes of stock and priors of the global aluminium cycle of 2009 become observations and
shares of `model.yaml`. README.md says how each kind of row was read.
"""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

HERE = Path(__file__).parent
Pair = tuple[int, int]
Row = dict[str, str]
NAMES = {
    **dict(enumerate(["reserves", "mining", "refining", "smelting", "casting"])),
    **dict(enumerate(["internal_remelting", "internal_refining", "remelting", "scrap_refining"], 5)),
    **dict(enumerate(["sheet", "foil", "can_sheet", "extrusion", "wire", "shape_casting"], 9)),
    **dict(enumerate(["deoxidant", "powder", "other_semis", "unknown"], 15)),
    31: "waste",
    **dict(enumerate(["buildings", "cars", "aircraft", "other_vehicles", "cans", "other_packaging"], 32)),
    **dict(enumerate(["machinery", "cables", "other_electrical", "durables"], 38)),
    **dict(enumerate(["other_products", "destructive", "other_repositories", "landfill"], 42)),
}
"""The files' process numbers, without those of the uses (19 to 30)."""
RECYCLERS, SEMIS, USES, UNKNOWN = range(5, 9), range(9, 18), range(19, 31), 18
METAL = 100
"""A pool that is not in the files: they tell apart neither where a semi-product's metal comes from nor
where a caster's goes."""


def rows(name: str) -> list[Row]:
    """The rows of a text file without comments and empty lines."""
    text = (HERE / f"data/aluminium{name}.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return list(csv.DictReader(lines))


def numbers(cell: str) -> tuple[int, ...]:
    """Process numbers such as `9-10-11`."""
    return () if cell == "nan" else tuple(int(n) for n in cell.split("-"))


def ends(row: Row, side: str) -> tuple[int, ...]:
    """The processes of one side of a flow row: those of a parent, or the one itself."""
    return numbers(row.get(f"Subprocessnumbers{side}") or "nan") or (int(row[f"Flownumber{side}"]),)


def pairs(sources: Iterable[int], targets: Iterable[int]) -> list[Pair]:
    """The flows between two sets of processes, casters' by way of the pool."""
    found = itertools.product(sources, targets)
    return list(dict.fromkeys((a, METAL) if a < 9 and b in SEMIS else (a, b) for a, b in found))


def name(pair: Pair) -> str:
    """The model's name of a flow."""
    return f"{_place(pair[0], True)}_to_{_place(pair[1], False)}"


def _place(number: int, leaves: bool) -> str:
    if number == METAL:
        return "metal"
    if number in USES:
        return f"used_{NAMES[number + 13]}" if leaves else "use"
    return NAMES[number]


def existing() -> list[Pair]:
    """The flows that some row speaks of and none states to be zero; the pool's own come last."""
    stated = [*rows("flow"), *rows("flowsprior")]
    zero = {p for r in stated if float(r["quantity"]) == 0 for p in pairs(ends(r, "from"), ends(r, "to"))}
    every = [p for r in stated for p in pairs(ends(r, "from"), ends(r, "to"))]
    return [p for p in dict.fromkeys([*every, *((METAL, s) for s in SEMIS)]) if p not in zero]


def sd(value: float, least: float = 0.1) -> float:
    """The study's standard deviation of a figure: a tenth of it, 0.1 Mt (0.01 of a ratio) or more."""
    return max(abs(value) / 10, least)


def prior(value: float) -> tuple[float, float]:
    """The study's prior around a figure: its power of ten (from 5.5 on the next), and sd.

    The variance is 40 times its square, at least 0.01.
    """
    power = math.copysign(10 ** round(math.log10(abs(value) / 5.5) + 0.5), value)
    return power, max(math.sqrt(40) * abs(power), 0.1)


def flow_reports(flows: list[Pair]) -> Iterator[tuple[str, str]]:
    """Every flow or sum of flows with a figure."""
    for row in rows("flow"):
        value = float(row["quantity"])
        names = [name(p) for p in pairs(ends(row, "from"), ends(row, "to")) if p in flows]
        if value > 0 and len(names) == 1:
            yield names[0], _report(names[0], value, sd(value))
        elif value > 0:
            yield f"{row['From']}_to_{row['to']}".lower(), _report(_sum(names), value, sd(value))


def stock_reports(flows: list[Pair]) -> Iterator[tuple[str, str]]:
    """Changes of stock: of reserves and of the unknown (sums of the flows above), and of all uses."""
    change = {row["Process"]: float(row["quantity"]) for row in rows("stock")}
    mined = name((0, 1))
    yield "reserves_change", _report(mined, -change["Reserves"], sd(change["Reserves"]), derived=mined)
    lost = [name(p) for p in flows if p[1] == UNKNOWN]
    origin = ", ".join([*lost[:3], "recycling_to_unknown", name((31, UNKNOWN))])
    yield "unknown_change", _report(_sum(lost), change["Unknown"], sd(change["Unknown"]), derived=origin)
    weights = {
        **{name(p): 1.0 for p in flows if p[1] in USES},
        **{name(p): -1.0 for p in flows if p[0] in USES},
    }
    yield "use_change", _report(_weighted(weights), change["Use"], sd(change["Use"]))


def flow_priors(flows: list[Pair]) -> Iterator[tuple[str, str]]:
    """What the study expects of single flows that have no figure; of each recycler's loss a quarter."""
    for row in rows("flowsprior"):
        pair = int(row["Flownumberfrom"]), int(row["Flownumberto"])
        if pair in flows:
            yield f"prior_{name(pair)}", _report(name(pair), *prior(float(row["quantity"])), source="prior")
    lost = [p for p in flows if p[0] in RECYCLERS and p[1] == UNKNOWN]
    total = next(
        float(r["quantity"]) for r in rows("flow") if (r["From"], r["to"]) == ("Recycling", "Unknown")
    )
    for pair in lost:
        yield f"prior_{name(pair)}", _report(name(pair), *prior(total / len(lost)), source="prior")


def stock_priors(flows: list[Pair]) -> Iterator[tuple[str, str]]:
    """What the study expects the uses and the two final repositories to gain."""
    for row in rows("stocksprior"):
        number, value = int(row["Processnumber"]), float(row["quantity"])
        gain = {name(p): 1.0 if p[1] == number else -1.0 for p in flows if number in p}
        label = f"prior_gain_{NAMES[number + 13] if number in USES else NAMES[number]}"
        yield label, _report(_weighted(gain), *prior(value), source="prior")


def origin_reports(flows: list[Pair]) -> Iterator[tuple[str, str]]:
    """Table S8, the semi-product a maker's metal comes from: a - r b = 0, b the sum of what it gets.

    The error of the ratio counts times what the maker is reported to make.
    """
    made = {
        int(r["Flownumberfrom"]): float(r["quantity"]) for r in rows("flow") if r["to"].endswith("Recycling")
    }
    for row in rows("ratio"):
        if row["From_bottom"].startswith("Semisto_"):
            ratio, maker = float(row["ratio"]), int(row["Processnumberstotop"])
            top = int(row["Processnumbersfromtop"]), maker
            weights = {name(p): (p == top) - ratio for p in flows if p[1] == maker}
            of = _weighted(weights)
            yield f"origin_{name(top)}", _report(of, 0.0, sd(ratio, 0.01) * made[maker])


def shares() -> dict[str, dict[str, str]]:
    """Tables S5 and S6, where what leaves a process goes; what is not recycled follows from the others."""
    found: dict[str, dict[str, str]] = {}
    for row in (r for r in rows("ratio") if not r["From_bottom"].startswith("Semisto_")):
        source, targets = int(row["Processnumbersfrombottom"]), numbers(row["Processnumberstotop"])
        if len(targets) > 1:
            continue
        text = f"{{value: {row['ratio'].strip()}, sd: {sd(float(row['ratio']), 0.01):.4g}, source: cullen}}"
        rest = row["To_top"].endswith("_notrecycled")
        found.setdefault(NAMES[source], {})[name((source, targets[0]))] = "rest" if rest else text
    return found


def _sum(names: list[str]) -> str:
    return f"[{', '.join(names)}]"


def _weighted(weights: Mapping[str, float]) -> str:
    return "{" + ", ".join(f"{n}: {w:g}" for n, w in weights.items()) + "}"


def _report(of: str, value: float, error: float, *, source: str = "cullen", derived: str = "") -> str:
    more = f", derived_from: [{derived}]" if derived else ""
    return f"{{of: {of}, value: {value:g}, sd: {error:.4g}, unit: Mt, source: {source}{more}}}"


def document() -> str:
    """The text of `reports.yaml`."""
    flows = existing()
    lines = ["# made by prepare.py from data/*.txt", "mfa: 1", "name: aluminium-reports", "", "transfers:"]
    for process, share in shares().items():
        lines += [f"  {process}:", *(f"    {n}: {text}" for n, text in share.items())]
    lines += ["", "observations:"]
    for part in (flow_reports, stock_reports, origin_reports, flow_priors, stock_priors):
        lines += [f"  # {part.__doc__.splitlines()[0]}" if part.__doc__ else ""]
        lines += [f"  {label}: {text}" for label, text in part(flows)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (HERE / "reports.yaml").write_text(document(), encoding="utf-8")
