"""The two functions a script needs: load a scenario, run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mfa.indicators import with_indicators
from mfa.run.bundled import find_scenario
from mfa.run.pipeline import run as run_document
from mfa.run.result import Result
from mfa.spec.resolve import Document, load_document

Source = str | Path | Mapping[str, Any]


def load(source: Source, *, variant: str | None = None, set: Mapping[str, Any] | None = None) -> Document:
    """The scenario in a file, under a bundled name, or in a mapping, resolved and checked.

    `variant` names one of its variants; `set` maps paths such as `solve.robust` to new values.
    Raises DocumentError with every problem, MissingFile with the nearest name.

    >>> load({"mfa": 1, "name": "small", "processes": {"mine": {"kind": "source"}}}).spec.name
    'small'
    """
    found = source if isinstance(source, Mapping) else find_scenario(source)
    return load_document(found, variant=variant, set=set)


def run(scenario: Document | Source, *, progress: Callable[[str], None] | None = None) -> Result:
    """The result of a scenario: every flow and stock with its standard deviation, mass-balanced.

    Raises InputError for tables that cannot be read, Infeasible with the rows in conflict, NotConverged,
    Undetermined and Imbalance.
    """
    document = scenario if isinstance(scenario, Document) else load(scenario)
    return with_indicators(run_document(document, progress=progress))
