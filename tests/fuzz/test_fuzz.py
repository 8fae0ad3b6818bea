"""A minute of the fuzzer, and the fuzzer itself: what fails is found, kept and made smaller."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz import child, kinds
from tests.fuzz.child import Child
from tests.fuzz.kinds import KINDS, Case
from tests.fuzz.smaller import smaller


@pytest.mark.slow
def test_a_minute_finds_nothing(root: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--seconds", "60", "--seed", "1", "--keep", str(tmp_path)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    for kind in KINDS:
        assert f" {kind} " in done.stdout


def test_cases_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    for name, kind in KINDS.items():
        first, second = (kind.make(random.Random(f"1-{name}"), tmp_path) for _ in range(2))
        assert repr(first.data) == repr(second.data)
        assert first.files == second.files or name == "results"  # HDF5 files hold the time of a change


def test_what_fails_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def attempt(case: Case, folder: Path) -> str:
        if case.data == "hang":
            while True:
                pass
        if case.data == "memory":
            return str(len(bytearray(2**40)))
        if case.data == "died":
            raise SystemExit(3)
        raise ZeroDivisionError

    monkeypatch.setattr(child, "attempt", attempt)
    monkeypatch.setattr(child, "SECONDS", 0.2)
    own = Child(tmp_path)
    try:
        found = [
            own.attempt(Case("formulas", {}, text)).failure.split()[0]
            for text in ("hang", "memory", "died", "x")
        ]
    finally:
        own.close()
    assert found == ["hang", "memory", "the", "ZeroDivisionError"]


def test_a_failing_case_is_made_smaller() -> None:
    data = {"a": {"b": [1, 2, {"bad": 1}]}, "c": {"d": 1}, "bad": {"x": "y"}}
    small = smaller(Case("documents", {}, data), lambda c: "bad" in repr(c.data))
    assert small.data in ({"bad": {}}, {"a": {"b": [{"bad": 1}]}})
    text = smaller(Case("formulas", {}, "a + bad + c"), lambda c: "bad" in c.data)
    assert text.data == "bad"


def test_a_number_that_is_not_finite_is_a_failure() -> None:
    result = kinds.solved()
    kinds.judged(result)
    result.quantities["feed"].value[0, 0] = float("nan")
    with pytest.raises(kinds.NotFinite):
        kinds.judged(result)
    kinds.solved.cache_clear()
