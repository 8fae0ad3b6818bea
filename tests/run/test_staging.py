"""Output folders that appear whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mfa.errors import OutputError
from mfa.run.staging import MANIFEST, check_target, held, refusals, staged


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


def test_a_users_own_files_in_a_results_folder_are_not_lost(tmp_path: Path) -> None:
    manifest = json.dumps({"outputs": {"flows.csv": "0"}, "scenario": "plant"})
    folder = filled(tmp_path / "out", manifest)
    for name in ("flows.csv", "report.html", "figures/again.svg", ".hidden"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
    check_target(folder)
    assert held(folder) == "plant"
    assert held(tmp_path) is None
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"no run wrote: notes\.txt; move them"):
        check_target(folder)
    assert (folder / "notes.txt").read_text() == "mine"


def test_what_hdf5_says_of_a_full_disk_is_an_error_of_the_output(tmp_path: Path) -> None:
    said = "flush failed (errno = 28, error message = 'No space left on device', buf = 0x1)"
    with pytest.raises(OutputError, match=r'results to ".*out": No space left on device$'):  # noqa: SIM117
        with staged(tmp_path / "out"), refusals():
            raise RuntimeError(said)
    assert not list(tmp_path.iterdir())
