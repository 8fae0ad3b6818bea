"""The system in the DOT language."""

from __future__ import annotations

from pathlib import Path

import pytest

import mfa
from mfa.build import build
from mfa.errors import OutputError
from mfa.export.dot import dot, write_dot
from tests.build.documents import CHAIN, merged


def test_processes_by_kind_and_flows_by_name() -> None:
    changes = {
        "processes": {
            "plant": {"kind": "market", "label": 'The "plant"', "statistical_difference": {"cv": 0.1}}
        },
        "trade": {"moved": {"at": "plant", "pairs": "all"}},
        "transfers": None,
    }
    lines = dot(build(mfa.load(merged(CHAIN, changes))).system).splitlines()
    assert '  "plant" [label="The \\"plant\\"", shape=ellipse];' in lines
    assert '  "mine" [label="mine", shape=invhouse];' in lines
    assert '  "plant" -> "use" [label="metal"];' in lines
    assert '  "plant" -> "plant" [label="moved", style=dashed];' in lines
    assert not any("statistical" in line for line in lines)


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    system = build(mfa.load(CHAIN)).system
    with pytest.raises(OutputError, match="cannot write"):
        write_dot(system, tmp_path / "no" / "graph.dot")


@pytest.mark.parametrize("name", ["graph.png", "graph"])
def test_another_format_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="written in the DOT language"):
        write_dot(build(mfa.load(CHAIN)).system, tmp_path / name)
    assert not list(tmp_path.iterdir())
