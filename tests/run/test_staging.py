"""Output folders: whole or as they were, one writer at a time, a user's files kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mfa.errors import OutputError
from mfa.run.manifest import MANIFEST, write_manifest
from mfa.run.staging import added, check_target, held, reserved, said, staged, written

ROOT = str(Path(__file__).parents[2])


def filled(folder: Path, text: str, *names: str) -> list[str]:
    """What was kept when a folder was written with files that hold the text."""
    with staged(folder) as staging:
        for name in names or ("flows.csv",):
            (staging.folder / name).parent.mkdir(exist_ok=True)
            (staging.folder / name).write_text(text)
        write_manifest(staging.folder, inputs={}, facts={"scenario": text})
        assert held(folder) != text
    return staging.kept


def half_written(partial: Path) -> None:
    (partial / "half").write_text("half")
    raise ZeroDivisionError


def tree(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*") if p.is_file()}


def test_a_folder_appears_when_all_is_written_and_replaces_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "out"
    assert filled(folder, "first", "flows.csv", "figures/old.svg") == []
    assert filled(folder, "second") == []
    assert (folder / "flows.csv").read_text() == "second"
    assert not (folder / "figures").exists()
    assert [p.name for p in folder.parent.iterdir()] == ["out"]


def test_what_fails_leaves_the_old_results_and_nothing_else(tmp_path: Path) -> None:
    filled(tmp_path / "out", "first")
    before = tree(tmp_path)
    with pytest.raises(ZeroDivisionError), staged(tmp_path / "out") as staging:
        half_written(staging.folder)
    assert tree(tmp_path) == before
    with pytest.raises(ZeroDivisionError), staged(tmp_path / "new" / "deep" / "out") as staging:
        half_written(staging.folder)
    assert tree(tmp_path) == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_swap_that_fails_puts_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path / "out", "first")
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if "partial" in self.name:
            raise OSError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OutputError, match="Permission denied"), staged(tmp_path / "out"):
        pass
    assert held(tmp_path / "out") == "first"
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


@pytest.mark.parametrize("text", ["", "[]", '{"name": "an extension"}', '{"outputs": 1, "scenario": "x"}'])
def test_a_manifest_of_something_else_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    assert written(tmp_path) is None
    with pytest.raises(OutputError, match="no run wrote"):
        check_target(tmp_path)


def test_a_users_own_and_edited_files_are_moved_and_said(tmp_path: Path) -> None:
    folder, kept = tmp_path / "out", tmp_path / "out.kept"
    names = ("flows.csv", "stocks.csv", "figures/a.svg")
    filled(folder, "first", *names)
    own = {"notes.txt": "mine", "figures/mine.svg": "drawn", "stocks.csv": "edited", ".hidden/x": "x"}
    for name, text in own.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / "link").symlink_to(tmp_path)
    moved = filled(folder, "second", *names)
    assert sorted(moved) == sorted([*own, "link"])
    assert {n: (kept / n).read_text() for n in own} == own
    assert (kept / "link").is_symlink()
    assert tree(folder).keys() == {*names, MANIFEST}
    assert (folder / "stocks.csv").read_text() == "second"
    (problem,) = said(folder, moved)
    assert problem.severity == "warning"
    assert '"out.kept": .hidden/x, figures/mine.svg, link and 2 more' in problem.text
    assert said(folder, []) == ()
    # nothing that was kept once is overwritten
    (folder / "notes.txt").write_text("mine again")
    filled(folder, "third", *names)
    assert (kept / "notes.txt").read_text() == "mine"
    assert (kept / "notes-2.txt").read_text() == "mine again"


def test_what_is_added_joins_the_manifest_and_keeps_what_was_edited(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    filled(folder, "first", "flows.csv", "report.html", "figures/a.svg")
    (folder / "figures/a.svg").write_text("edited")
    with added(folder) as staging:
        (staging.folder / "figures").mkdir()
        for name in ("figures/a.svg", "figures/b.svg", "report.html"):
            (staging.folder / name).write_text("again")
    assert staging.kept == ["figures/a.svg"]
    assert (tmp_path / "out.kept/figures/a.svg").read_text() == "edited"
    assert (folder / "flows.csv").read_text() == "first"
    assert (folder / "figures/b.svg").read_text() == "again"
    assert filled(folder, "second") == []


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real" / "results")
    for text in ("first", "second"):
        filled(tmp_path / "out", text)
        assert (tmp_path / "out").is_symlink()
        assert held(tmp_path / "real" / "results") == text
    assert [p.name for p in (tmp_path / "real").iterdir()] == ["results"]


def test_two_writers_of_one_folder_end_with_one_refusal(tmp_path: Path) -> None:
    folder, refused = tmp_path / "out", list[OutputError]()

    def second() -> None:
        try:
            filled(folder, "second")
        except OutputError as error:
            refused.append(error)

    with reserved(folder):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
        filled(folder, "first")
    assert len(refused) == 1
    assert "another run is writing" in str(refused[0])
    assert held(folder) == "first"
    second()
    assert held(folder) == "second"


KILLED = """
import os, signal, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from tests.run.test_staging import filled
folder, moment = Path({folder!r}), {moment}
calls = iter(range(moment))
def step(event, arguments):
    touches = event in ("os.rename", "os.mkdir", "shutil.rmtree", "open", "os.remove")
    if touches and str(folder.parent) in str(arguments) and next(calls, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(step)
filled(folder, "second")
"""


@pytest.mark.parametrize("moment", range(0, 24, 2))
def test_a_killed_writer_leaves_old_or_new_results_and_the_users_files(tmp_path: Path, moment: int) -> None:
    folder = tmp_path / "out"
    filled(folder, "first")
    (folder / "notes.txt").write_text("mine")
    code = KILLED.format(root=ROOT, folder=str(folder), moment=moment)
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    if folder.exists():
        assert json.loads((folder / MANIFEST).read_text())["scenario"] in ("first", "second")
    filled(folder, "third")
    found = tree(tmp_path)
    assert found.pop("out.kept/notes.txt") == "mine"
    assert found.keys() == {"out/flows.csv", f"out/{MANIFEST}"}
    assert held(folder) == "third"
    assert sorted(os.listdir(tmp_path)) == ["out", "out.kept"]
