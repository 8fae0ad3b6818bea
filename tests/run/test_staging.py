"""Output folders that appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from mfa.errors import OutputError
from mfa.run.staging import MANIFEST, check_target, staged


def filled(folder: Path, text: str) -> Path:
    with staged(folder) as partial:
        (partial / MANIFEST).write_text(text)
        assert not (folder / MANIFEST).exists() or (folder / MANIFEST).read_text() != text
    return folder


def half_written(partial: Path) -> None:
    (partial / "half").write_text("half")
    raise ZeroDivisionError


def test_a_folder_appears_when_all_is_written_and_replaces_the_old_one(tmp_path: Path) -> None:
    folder = filled(tmp_path / "deep" / "out", "first")
    assert (filled(folder, "second") / MANIFEST).read_text() == "second"
    assert [p.name for p in folder.parent.iterdir()] == ["out"]


def test_what_fails_leaves_the_old_results_and_nothing_else(tmp_path: Path) -> None:
    folder = filled(tmp_path / "out", "first")
    with pytest.raises(ZeroDivisionError), staged(folder) as partial:
        half_written(partial)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert [p.name for p in folder.iterdir()] == [MANIFEST]


def test_a_swap_that_fails_puts_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = filled(tmp_path / "out", "first")
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if "partial" in self.name:
            raise OSError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OutputError, match="Permission denied"), staged(folder):
        pass
    assert (folder / MANIFEST).read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_what_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="it is a file"):
        check_target(tmp_path / "file")
    with pytest.raises(OutputError, match="no run wrote"):
        check_target(tmp_path)
    check_target(tmp_path / "new")
    with pytest.raises(OutputError), staged(tmp_path / "file" / "below"):
        pass
