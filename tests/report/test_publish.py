"""Everything a run writes, whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
from pathlib import Path

import pytest

from mfa.errors import OutputError
from mfa.figures import save
from mfa.report.publish import draw_figures, publish
from tests.build.documents import solved

FIGURES = {"chain": {"kind": "sankey", "at": {"year": 2021, "region": "AAA"}, "unit": "t"}}


def test_the_manifest_has_the_hash_of_every_file(tmp_path: Path) -> None:
    folder, failed = publish(solved(outputs={"figures": FIGURES}), tmp_path / "out")
    assert failed == ()
    manifest = json.loads((folder / "manifest.json").read_text())
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    del files["manifest.json"]
    assert manifest["outputs"] == {n: hashlib.sha256(p.read_bytes()).hexdigest() for n, p in files.items()}
    assert manifest["scenario"] == "chain"
    assert "mfa" in manifest["versions"]


def test_a_figure_that_cannot_be_drawn_stops_nothing(tmp_path: Path) -> None:
    figures = FIGURES | {"none": {"kind": "area", "of": "slag"}}
    no_slag = {"plant": {"metal": 1.0, "slag": "rest"}}
    folder, failed = publish(solved(transfers=no_slag, outputs={"figures": figures}), tmp_path / "out")
    assert len(failed) == 1
    assert (folder / "figures/chain.svg").is_file()
    assert (folder / "report.html").is_file()


def test_a_full_disk_is_no_figure_that_cannot_be_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(save, "to_bytes", full)
    result = solved(outputs={"figures": FIGURES})
    with pytest.raises(OutputError, match="No space left"):
        draw_figures(result, tmp_path / "figures")
    with pytest.raises(OutputError, match="No space left"):
        publish(result, tmp_path / "out")
    assert not (tmp_path / "out").exists()
