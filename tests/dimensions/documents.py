"""Small scenarios over every set of dimensions, with every form of what may vary over them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import combinations, cycle, product
from typing import Any

LABELS: dict[str, list[Any]] = {
    "year": [2000, 2001, 2002],
    "region": ["AAA", "BBB"],
    "element": ["Fe", "Cu"],
    "type": ["car", "van"],
}
COHORTS = [1998, 1999]
CHOICES: dict[str, tuple[Any, ...]] = {
    "dims": tuple(d for n in range(5) for d in combinations(LABELS, n)),
    "question": ("reconcile", "simulate"),
    "stock": ("none", "level", "cohort"),
    "initial": ("none", "total", "varied", "by cohort", "by age"),
    "driven": ("flow", "stock"),
    "reserve": (False, True),
    "content": ("none", "gross", "item", "varied"),
    "share": ("none", "number", "varied"),
    "composition": ("none", "given", "varied"),
    "trade": (False, True),
    "numbers": ("each", "varied", "sum"),
    "by": ("metal", "ore too"),
}
"""What a case chooses from."""


@dataclass(frozen=True)
class Case:
    """The choices of one scenario."""

    dims: tuple[str, ...]
    question: str
    stock: str
    initial: str
    driven: str
    reserve: bool
    content: str
    share: str
    composition: str
    trade: bool
    numbers: str
    by: str

    @property
    def lacking(self) -> tuple[str, ...]:
        """The dimensions that it needs and does not have, in the order of `_NEEDED`."""
        asked = (self.trade, self.composition != "none", self.stock == "cohort")
        return tuple(d for d, needs in zip(_NEEDED, asked, strict=True) if needs and d not in self.dims)

    @property
    def sensible(self) -> bool:
        """Whether its choices mean something together, and one that must be refused is plain else."""
        aged = self.initial in ("by cohort", "by age")
        plain = (self.content, self.share, self.numbers, self.reserve) == ("none", "none", "each", False)
        return (
            (self.stock != "none" or (self.initial == "none" and self.driven == "flow"))
            and (self.stock == "cohort" or not aged)
            and (self.by == "metal" or ("type" in self.dims and self.share != "number"))
            and (plain or not self.lacking)
        )


_NEEDED = ("region", "element", "year")
"""What trade, compositions and lifetimes need."""
AREA = {"kind": "area", "of": "metal"}
"""A figure over time."""


def cases() -> Iterator[Case]:
    """Every case, in the same order always."""
    for chosen in product(*(CHOICES[f.name] for f in fields(Case))):
        case = Case(*chosen)
        if case.sensible:
            yield case


def sample(n: int, seed: int = 1) -> list[Case]:
    """`n` different cases, as many over every set of dimensions, the same for the same seed."""
    draw, found = random.Random(seed), dict[Case, None]()
    names, turns = [f.name for f in fields(Case) if f.name != "dims"], cycle(CHOICES["dims"])
    while len(found) < n:
        dims = next(turns)
        case = Case(dims, *(draw.choice(CHOICES[name]) for name in names))
        while not case.sensible or case in found:
            case = Case(dims, *(draw.choice(CHOICES[name]) for name in names))
        found[case] = None
    return list(found)


def axes(case: Case, flow: str) -> tuple[str, ...]:
    """The axes of a flow or stock of a case: time, region, type, element."""
    first = tuple(a for a in ("year", "region") if a in case.dims)
    element = ("element",) if "element" in case.dims else ()
    if flow == "swap":
        return (*(a for a in first if a == "year"), "exporter", "importer", *element)
    if flow == "ground":
        return first
    typed = {"metal"} | ({"ore"} if case.by == "ore too" else set())
    typed |= {"gone", "held"} if case.stock == "cohort" else set()
    by = ("type",) if "type" in case.dims and flow in typed else ()
    return (*first, *by, *element)


def nested(names: Sequence[str], first: float, step: float = 0.0) -> Any:
    """Numbers over some axes as a document nests them, each a little larger than the one before."""
    number = iter(range(10**6))

    def level(left: Sequence[str]) -> Any:
        if not left:
            return first + step * next(number)
        return {label: level(left[1:]) for label in LABELS[left[0]]}

    return level(names)


def document(case: Case) -> dict[str, Any]:
    """The scenario of a case."""
    flows: dict[str, dict[str, Any]] = {
        "ore": {"from": "mine", "to": "plant", "commodity": "rock"},
        "metal": {"from": "plant", "to": "use", "commodity": "alloy"},
        "waste": {"from": "plant", "to": "tip"},
    }
    if case.stock != "none":
        flows["gone"] = {"from": "use", "to": "tip"}
    for name, flow in flows.items():
        if "type" in axes(case, name):
            flow["by"] = ["type"]
    found: dict[str, Any] = {
        "mfa": 1,
        "dimensions": {d: LABELS[d] for d in case.dims},
        "processes": {
            "mine": {"kind": "source"},
            "plant": {"kind": "market" if case.trade else "process"},
            "use": {"kind": "sink" if case.stock == "none" else "stock"},
            "tip": {"kind": "sink"},
        },
        "flows": flows,
        "stocks": _stocks(case),
        "solve": {"question": case.question},
        "outputs": {
            "indicators": {"yield": "sum(metal) / sum(ore)", "whole": "metal + waste"},
            "figures": {"all": {"kind": "sankey"}} | ({"metal": AREA} if "year" in case.dims else {}),
        },
    }
    if case.stock == "cohort" and case.initial == "by cohort":
        found["dimensions"]["cohort"] = COHORTS
    if case.trade:
        found["trade"] = {"swap": {"at": "plant", "pairs": "all"}}
    if case.share != "none":
        found["transfers"] = {"plant": {"metal": _share(case), "waste": "rest"}}
    if case.composition != "none":
        found["compositions"] = {"rock": _composition(case)}
    if case.content != "none":
        found["contents"] = {"alloy": _content(case)}
    found["drivers" if case.question == "simulate" else "observations"] = _numbers(case)
    return found


def _stocks(case: Case) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if case.stock != "none":
        found["held"] = {"at": "use"} | ({"lifetime": {"fixed": 1.5}} if case.stock == "cohort" else {})
        timeless = [a for a in axes(case, "held") if a != "year"]
        if case.initial == "by cohort":
            found["held"]["initial"] = {"dims": ["cohort"], "data": {1998: 90.0, 1999: 180.0}}
        elif case.initial == "varied" and timeless:
            found["held"]["initial"] = {"dims": timeless, "data": nested(timeless, 130.0, 5.0)}
        elif case.initial != "none":
            found["held"]["initial"] = 270.0
        if case.initial == "by age":
            found["held"]["age_structure"] = [0.75, 0.25]
    if case.reserve:
        found["ground"] = {
            "at": "mine",
            "kind": "reserve",
            "initial": 9000.0,
            "recovery": 0.5,
            "additions": 7.0,
        }
    return found


def _share(case: Case) -> Any:
    own = [a for a in axes(case, "metal") if a != "element" or case.composition == "none"]
    # of one inflow, the types share it; of an inflow by type, each takes its own
    most = 0.25 if "type" in case.dims and case.by == "metal" else 0.5
    if case.share == "number" or not own:
        return most
    return {"dims": own, "data": nested(own, most, 0.005)}


def _composition(case: Case) -> Any:
    own = [a for a in case.dims if a in ("region", "type") and case.composition == "varied"]
    own = [a for a in own if a in axes(case, "ore")]

    def level(left: Sequence[str], shift: float) -> Any:
        if not left:
            return {"Fe": 0.6 + shift, "Cu": 0.4 - shift}
        return {label: level(left[1:], shift + 0.05 * k) for k, label in enumerate(LABELS[left[0]])}

    return {"dims": [*own, "element"], "data": level(own, 0.0)}


def _content(case: Case) -> Any:
    unit = "t / t gross" if case.content == "gross" else "t / item"
    own = [a for a in axes(case, "metal") if a != "element"] if case.content == "varied" else []
    return (
        {"dims": own, "data": nested(own, 0.5, 0.01), "unit": unit} if own else {"value": 0.5, "unit": unit}
    )


SIZES = {"ore": 400.0, "metal": 200.0, "waste": 190.0, "gone": 195.0, "held": 290.0, "swap": 20.0}
"""What is at a time, in a region, of an element, all types together: no balance asks for less than 0."""


def _numbers(case: Case) -> dict[str, Any]:
    """What is driven, or observed with standard deviations that differ."""
    stated = ["ore"]
    if case.share == "none" or case.question == "reconcile":
        stated.append("waste")
    if case.question == "reconcile":
        stated.append("metal")
    if case.stock == "level" or (case.stock != "none" and case.question == "reconcile"):
        stated.append("gone")
    if case.driven == "stock":
        stated.append("held")
        stated.remove("gone" if case.stock == "level" else "ore")
    if case.trade:
        stated.append("swap")
    found = {f"of_{name}": _number(case, name) for name in stated}
    if case.question == "reconcile":
        for k, number in enumerate(found.values()):
            number["sd"] = 3.0 + k
    return found


def _number(case: Case, name: str) -> dict[str, Any]:
    own, stated = axes(case, name), {"of": name}
    size = SIZES[name] / (len(LABELS["type"]) if "type" in own else 1)
    if name == "swap":
        return stated | {"value": size}
    if name == "metal" and case.content != "none":
        stated["unit"], size = "t gross" if case.content == "gross" else "item", size / 0.5
        size *= len(LABELS["element"]) if "element" in own else 0.5 if case.content == "gross" else 1.0
        own = tuple(a for a in own if a != "element")
    if case.numbers == "sum" and own:
        stated["sum"] = [own[-1]]
        own, size = own[:-1], size * len(LABELS[own[-1]])
    if case.numbers == "each" or not own:
        return stated | {"value": size}
    return stated | {"dims": list(own), "data": nested(own, size, 1.0)}
