"""What a document implies without writing it: the level stock of a process of kind stock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mfa.spec.draft import Draft
from mfa.spec.tree import Tree

_NAMED = ("flows", "trade", "stocks")
"""The sections whose names share one space with those of stocks."""


def with_implied_stocks(tree: Tree) -> Tree:
    """The tree in which every process of kind stock holds a stock: a level, where `stocks` has none there.

    It has the name of its process, or where that is taken the name with `_stock`, and its place. Nothing says
    what a process keeps whose balance is left open.
    """
    processes, stocks = _mapping(tree.data, "processes"), _mapping(tree.data, "stocks")
    held = [stock.get("at") for stock in stocks.values() if isinstance(stock, Mapping)]
    bare = [
        name
        for name, process in processes.items()
        if isinstance(name, str)
        and isinstance(process, Mapping)
        and process.get("kind") == "stock"
        and process.get("balance") != "open"
        and name not in held
    ]
    if not bare or not isinstance(tree.data.get("stocks", {}), Mapping | None):
        return tree
    draft = Draft(tree)
    for name in bare:
        written = {key for section in _NAMED for key in _mapping(draft.data, section)}
        steps, at = ("stocks", f"{name}_stock" if name in written else name), ("processes", name)
        draft.put(steps, {"at": name}, Tree({}), steps)
        if place := tree.key_places.get(at):
            draft.put_key(steps, place)
    return draft.tree()


def _mapping(data: Mapping[Any, Any], section: str) -> Mapping[Any, Any]:
    """A section of the document, empty where it is none."""
    found = data.get(section)
    return found if isinstance(found, Mapping) else {}
