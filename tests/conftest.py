"""What every test can use: the project's root, and the reference data where they are present."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("MFA_SHARED", ROOT.parent / "shared"))
# made once with a peer's package, which no test needs
collect_ignore = ["core/data/make_flodym_cases.py"]


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference answers and raw data; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("reference data not present (set MFA_SHARED)")
    return SHARED
