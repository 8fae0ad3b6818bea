"""The resolved file with origins."""

from __future__ import annotations

from pathlib import Path

from mfa.spec.describe import describe
from mfa.spec.resolve import load_document

MODEL = """mfa: 1
processes:
  mine: {kind: source}
  use: {kind: sink}
flows:
  mined: {from: mine, to: use, commodity: ore}
"""
MAIN = """mfa: 1
import: model.yaml
observations:
  a: {of: mined, value: 10 kt, sd: 1}
solve: {robust: l2}
"""


def test_every_line_says_where_it_comes_from(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(MODEL)
    (tmp_path / "main.yaml").write_text(MAIN)
    document = load_document(tmp_path / "main.yaml", set=["solve.robust=huber"])
    text = describe(document)
    origins = {}
    for line in text.splitlines():
        key, _, comment = line.partition("  # ")
        origins[key.strip()] = comment.strip()
    assert origins["from: mine"].endswith("model.yaml:6")
    assert origins["value: 10.0"].endswith("main.yaml:4")
    assert origins["unit: kt"].endswith("main.yaml:4")
    assert origins["sd: 1.0"].endswith("main.yaml:4")
    assert origins["robust: huber"] == "--set solve.robust=huber"
    assert origins["question: reconcile"] == "default"
    assert origins["mined:"] == ""


def test_the_comments_leave_the_document_the_same(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(MODEL)
    (tmp_path / "main.yaml").write_text(MAIN + f"description: '{'long # text ' * 12}'\n")
    document = load_document(tmp_path / "main.yaml")
    (tmp_path / "shown.yaml").write_text(describe(document))
    assert load_document(tmp_path / "shown.yaml").identity == document.identity
