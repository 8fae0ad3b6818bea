"""The manifest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from mfa.run.manifest import input_hashes, versions, write_manifest


def test_inputs_inside_the_root_by_path_others_by_name(tmp_path: Path) -> None:
    inside, outside = tmp_path / "a" / "data" / "t.csv", tmp_path / "elsewhere.csv"
    inside.parent.mkdir(parents=True)
    inside.write_bytes(b"1")
    outside.write_bytes(b"2")
    found = input_hashes([outside, inside], tmp_path / "a")
    assert found == {
        "data/t.csv": hashlib.sha256(b"1").hexdigest(),
        "elsewhere.csv": hashlib.sha256(b"2").hexdigest(),
    }


def test_the_manifest_lists_all_but_itself_and_is_the_same_again(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/x").write_bytes(b"x")
    first = write_manifest(tmp_path, inputs={}, facts={"solver": {"b": 1, "a": 2}}).read_bytes()
    assert write_manifest(tmp_path, inputs={}, facts={"solver": {"a": 2, "b": 1}}).read_bytes() == first
    content = json.loads(first)
    assert list(content["outputs"]) == ["sub/x"]
    assert versions()["numpy"] == content["versions"]["numpy"]
