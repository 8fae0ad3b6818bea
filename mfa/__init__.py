"""Material flow analysis: from raw statistics to mass-balanced flows, figures and a report.

>>> import mfa
>>> scenario = mfa.load({"mfa": 1, "processes": {"in": {"kind": "source"}, "p": {}, "out": {"kind": "sink"}},
...     "flows": {"x": {"from": "in", "to": "p"}, "a": {"from": "p", "to": "out"}},
...     "observations": {"r1": {"of": "x", "value": 10, "sd": 1}, "r2": {"of": "a", "value": 12, "sd": 1}}})
>>> round(float(mfa.run(scenario).flow("x")), 6)
11.0
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mfa.api import load, run
    from mfa.core import stock
    from mfa.core.lifetime import Lifetime
    from mfa.core.system import System
    from mfa.errors import MfaError
    from mfa.run.result import Result
    from mfa.run.store import open_result
    from mfa.spec.resolve import Document

__version__ = "0.4.0.dev0"

_WHERE = {
    "Document": "mfa.spec.resolve",
    "Lifetime": "mfa.core.lifetime",
    "MfaError": "mfa.errors",
    "Result": "mfa.run.result",
    "System": "mfa.core.system",
    "load": "mfa.api",
    "open_result": "mfa.run.store",
    "run": "mfa.api",
    "stock": "mfa.core",
}

__all__ = [
    "Document",
    "Lifetime",
    "MfaError",
    "Result",
    "System",
    "__version__",
    "load",
    "open_result",
    "run",
    "stock",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'mfa' has no attribute {name!r}")
    if name == "stock":
        found = importlib.import_module("mfa.core.stock")
    else:
        found = getattr(importlib.import_module(_WHERE[name]), name)
    if name != "run":
        globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__


class _Package(ModuleType):
    """The package, in which `run` is the function: importing the folder of that name would hide it."""

    @property
    def run(self) -> Any:
        return importlib.import_module(_WHERE["run"]).run

    @run.setter
    def run(self, folder: ModuleType) -> None:
        """Python binds a subpackage under its name in the parent; that name is taken."""


sys.modules[__name__].__class__ = _Package
