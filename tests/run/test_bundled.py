"""Scenarios that travel with the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from mfa.errors import MissingFile
from mfa.run.bundled import bundled_root, bundled_scenarios, find_scenario


def test_scenarios_are_found_by_name_and_bring_their_models() -> None:
    path = find_scenario("rare_earths")
    assert path == bundled_scenarios()["rare_earths"]
    assert path.is_file()
    assert (bundled_root() / "models" / "rare_earths" / "model.yaml").is_file()


def test_a_file_goes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rare_earths").write_text("mfa: 1")
    assert find_scenario("rare_earths") == Path("rare_earths")


def test_neither_a_file_nor_a_name(tmp_path: Path) -> None:
    (tmp_path / "steel.yaml").write_text("mfa: 1")
    with pytest.raises(MissingFile, match="did you mean"):
        find_scenario(tmp_path / "steal.yaml")
    with pytest.raises(MissingFile, match="is a folder"):
        find_scenario(tmp_path)
