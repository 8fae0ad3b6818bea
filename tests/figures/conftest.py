"""The small world for figures."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from mfa.run.result import Result


def _world() -> ModuleType:
    name = "figures_world"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("world.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def world() -> Result:
    """A balanced result of 3 regions, 4 years and 4 elements with a trade and a recycling loop."""
    made: Result = _world().world()
    return made
