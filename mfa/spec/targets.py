"""What the names in a document speak about: flows, trades, stocks, differences, and the axes of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from mfa.spec.balances import balanced_labels
from mfa.spec.dimensions import ELEMENT, EXPORTER, IMPORTER, REGION, TIME_NAMES
from mfa.spec.document import Document
from mfa.spec.stocks import Stock

Kind = Literal["flow", "trade", "stock", "difference"]
DIFFERENCE = ".statistical_difference"


def named(document: Document, section: str) -> tuple[str, ...]:
    """The names in a section as written, those refused by validation included."""
    entries = document.tree.get(section)
    return tuple(k for k in entries if isinstance(k, str)) if isinstance(entries, dict) else ()


def differences(document: Document) -> tuple[str, ...]:
    """The names of the statistical differences of processes."""
    processes = document.spec.processes
    return tuple(f"{n}{DIFFERENCE}" for n, p in processes.items() if p.statistical_difference is not None)


def target_names(document: Document) -> tuple[str, ...]:
    """Everything a number may speak about."""
    written = [name for section in ("flows", "trade", "stocks") for name in named(document, section)]
    return (*written, *differences(document))


def kind_of(document: Document, name: str) -> Kind | None:
    """Which kind of thing a name is; None for a name that nothing (or only a refused entry) has."""
    spec = document.spec
    if name in spec.flows:
        return "flow"
    if name in spec.trade:
        return "trade"
    if name in spec.stocks:
        return "stock"
    return "difference" if name in differences(document) else None


def commodity_of(document: Document, name: str) -> str | None:
    """What a flow or trade carries."""
    entry = document.spec.flows.get(name) or document.spec.trade.get(name)
    return entry.commodity if entry else None


def outflows(document: Document, process: str) -> tuple[str, ...]:
    """The flows that leave a process (without trade)."""
    return tuple(name for name, flow in document.spec.flows.items() if flow.from_ == process)


def inflows(document: Document, process: str) -> tuple[str, ...]:
    """The flows that enter a process (without trade)."""
    return tuple(name for name, flow in document.spec.flows.items() if flow.to == process)


def entering(document: Document, stock: Stock) -> tuple[str, ...]:
    """The flows into a stock: those it names, else all that enter its process."""
    return stock.inflow or inflows(document, stock.at)


def leaving(document: Document, stock: Stock) -> tuple[str, ...]:
    """The flows out of a stock: those it names, else all that leave its process."""
    return stock.outflow or outflows(document, stock.at)


def axes_of(document: Document, name: str) -> tuple[str, ...]:
    """The axes of a flow, trade, stock or difference: time, region(s), further ones, element.

    A reserve is kept in one basis and has no element axis; a stock with a lifetime has the further axes that
    all its inflows and outflows have and its process does not convert, a level and a statistical difference
    those over which their process balances. A name that is no dimension is no axis.
    """
    dimensions, spec = document.spec.dimensions, document.spec
    time = tuple(t for t in TIME_NAMES if t in dimensions)
    region = (REGION,) if REGION in dimensions else ()
    element = (ELEMENT,) if ELEMENT in dimensions else ()
    if name in spec.trade:
        return (*time, *((EXPORTER, IMPORTER) if region else ()), *element)
    if name in spec.flows:
        return (*time, *region, *_further(document, name), *element)
    stock = spec.stocks.get(name)
    if stock is None:
        market = name.removesuffix(DIFFERENCE)
        return (*time, *region, *balanced_labels(spec, market), *element)
    return (*time, *region, *_stock_by(document, stock), *(() if stock.kind == "reserve" else element))


def _further(document: Document, flow: str) -> tuple[str, ...]:
    return tuple(a for a in document.spec.flows[flow].by if a in document.spec.dimensions)


def _stock_by(document: Document, stock: Stock) -> tuple[str, ...]:
    if stock.kind != "cohort":
        return balanced_labels(document.spec, stock.at) if stock.kind == "level" else ()
    names, process = (
        [*entering(document, stock), *leaving(document, stock)],
        document.spec.processes.get(stock.at),
    )
    flows = [_further(document, name) for name in names if name in document.spec.flows]
    converted = process.converts if process else ()
    return tuple(a for a in (flows or [()])[0] if a not in converted and all(a in by for by in flows))


def common_axes(document: Document, names: Iterable[str]) -> tuple[str, ...] | None:
    """The axes that all of some targets have, which are those of their sum; None where a name is unknown."""
    found: tuple[str, ...] | None = None
    for name in names:
        if kind_of(document, name) is None:
            return None
        axes = axes_of(document, name)
        found = axes if found is None else tuple(a for a in found if a in axes)
    return found
